"""The Python API behind `import probeline`, and what the commands do: each function once."""
