"""Results by cell, and published values beside them."""
