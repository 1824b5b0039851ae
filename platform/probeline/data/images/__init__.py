"""Images: readers, data sets and augmentations."""
