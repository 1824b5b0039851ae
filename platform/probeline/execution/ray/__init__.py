"""Ray: address, engine, workers, failures."""
