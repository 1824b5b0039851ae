"""Methods that tell each sample from others."""
