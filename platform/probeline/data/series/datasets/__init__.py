"""Data sets of series."""
