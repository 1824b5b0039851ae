"""Augmentations of waveforms; `DEFAULT` is what a method without an `augment` of its own uses on them."""

TAKES = ("waveform",)
DEFAULT = [{"name": "time_crop"}, {"name": "gain"}, {"name": "add_noise", "p": 0.5}, {"name": "band_mask", "p": 0.5}]
