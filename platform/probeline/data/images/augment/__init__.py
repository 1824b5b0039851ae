"""Batched augmentations of images."""
