"""Augmentation of waveforms, batched on their device."""
