"""Losses over the frames of sequences: of steps to come, and of masked steps."""
