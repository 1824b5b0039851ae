"""Image data sets, one a file."""
