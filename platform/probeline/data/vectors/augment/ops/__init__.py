"""Augmentations of vectors, each a file that is its name."""
