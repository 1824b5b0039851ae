"""Methods that predict one part of a sample from its context."""
