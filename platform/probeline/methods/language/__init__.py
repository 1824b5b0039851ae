"""Methods that learn from text: predict tokens, detect replaced ones, contrast sentences."""
