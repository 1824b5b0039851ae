"""The contracts that every part of Probeline keeps."""
