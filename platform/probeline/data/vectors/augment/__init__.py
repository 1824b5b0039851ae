"""Augmentations of vectors; `DEFAULT` is what a method without an `augment` of its own uses on them."""

TAKES = ("vector",)
DEFAULT = [{"name": "scale_values"}, {"name": "drop_values"}]
