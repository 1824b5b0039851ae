"""The live dashboard: a Dash page over MLflow, for `probeline dash`. Above `report` and `execution`, below the cli."""
