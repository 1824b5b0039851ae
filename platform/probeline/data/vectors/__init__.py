"""Vectors: tables of numbers, a row a sample."""
