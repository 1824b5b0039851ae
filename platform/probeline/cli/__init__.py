"""The command line: one short function a command."""

from probeline.cli.app import main

__all__ = ["main"]
