"""From a YAML file to an experiment, its cells and its trials. Pure: no heavy library."""
