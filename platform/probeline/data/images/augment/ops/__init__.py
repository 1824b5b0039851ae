"""Augmentation operations, one a file."""
