"""Sentences generated from statistics."""
