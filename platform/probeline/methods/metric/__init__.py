"""Metric learning: from pairs, triplets or constraints."""
