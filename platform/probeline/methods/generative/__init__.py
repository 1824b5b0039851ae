"""Generative methods."""
