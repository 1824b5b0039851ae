"""Text: readers, tokenisers and data sets."""
