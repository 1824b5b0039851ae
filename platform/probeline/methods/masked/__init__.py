"""Masked prediction: parts of a sample are hidden and predicted from the rest."""
