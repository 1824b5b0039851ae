"""Augmentations of series; `DEFAULT` is what a method without an `augment` of its own uses on them."""

TAKES = ("series",)
DEFAULT = [{"name": "time_warp"}, {"name": "rescale"}, {"name": "rotate_trajectory"}, {"name": "jitter_points"}]
