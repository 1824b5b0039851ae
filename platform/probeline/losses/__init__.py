"""Losses of the papers: pure functions, tensors in, scalar out; one idea a file."""

from probeline.losses.nt_xent import nt_xent

__all__ = ["nt_xent"]
