"""Results against stored expectations and against other results."""
