"""How long the finished trials of an experiment took."""

import pandas as pd

TRAIN, EVAL = "cost/train_seconds", "cost/eval_seconds"


def time_spent(trials: pd.DataFrame) -> dict[str, float]:
    """Seconds of `training` and of `evaluation`, as far as any were recorded; an encoder of several trials once."""
    spent = {}
    if TRAIN in trials:
        spent["training"] = float(trials.groupby("encoder_id")[TRAIN].max().sum())
    if EVAL in trials:
        spent["evaluation"] = float(trials[EVAL].sum())
    return spent
