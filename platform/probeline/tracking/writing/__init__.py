"""Trial events written to MLflow through a write-ahead log."""
