"""From a trial's records to MLflow and back: one writer (`writer`), one reader (`results`)."""
