"""What all tests may ask for."""

pytest_plugins = ["browser", "execution.ray_cluster"]
