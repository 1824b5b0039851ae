"""Reports and encoders put into MLflow."""
