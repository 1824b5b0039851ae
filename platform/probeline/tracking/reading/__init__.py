"""Runs read from MLflow."""
