"""Probeline: declare an ablation in YAML, train and evaluate every cell, publish what can be believed."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("probeline")
except PackageNotFoundError:  # a source tree that is not installed
    __version__ = "0+unknown"
