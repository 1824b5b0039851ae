"""The folder of pets for every test of images."""

from helpers.pets import pets

__all__ = ["pets"]
