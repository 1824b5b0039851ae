"""The augmentations of waveforms, one a file."""
