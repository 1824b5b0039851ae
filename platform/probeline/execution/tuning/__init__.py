"""Optuna studies of tuned cells."""
