"""Experiments as jobs of a Ray cluster."""
