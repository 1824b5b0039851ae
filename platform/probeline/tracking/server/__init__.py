"""Which MLflow, whether it answers, and who may write."""
