"""What all tests may ask for."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["helpers.browser", "helpers.mlflow_databases", "helpers.ray_cluster"]

# A slow machine is no fault of a test: neither an example's time nor that of drawing one is an assertion.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
