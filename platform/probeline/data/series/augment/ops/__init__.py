"""Augmentations of series, each a file that is its name."""
