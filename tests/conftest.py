"""What all tests may ask for."""

pytest_plugins = ["helpers.browser", "helpers.mlflow_databases", "helpers.ray_cluster"]
