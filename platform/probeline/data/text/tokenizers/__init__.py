"""Tokenisers, each learned from the training split."""
