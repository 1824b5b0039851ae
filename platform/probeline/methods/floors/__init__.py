"""References: no training, and training with labels."""
