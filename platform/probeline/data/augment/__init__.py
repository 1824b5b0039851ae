"""Random views of samples of any kind; the operations and their defaults are in the rooms of the kinds."""
