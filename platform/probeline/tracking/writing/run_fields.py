"""The fields of a trial's MLflow run: name, params, tags."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from probeline.core.events import ProtocolError
from probeline.experiment.trial import Trial
from probeline.storage.redaction import redacted


def run_name(trial: Trial) -> str:
    """A name for readers; `probeline.trial_id` is what finds a run."""
    return f"{trial.cell.label} seed={trial.seed}"


def params(trial: Trial, extra: Mapping[str, Any]) -> dict[str, str]:
    """Every scalar of the recipe under its dotted key, the cell's axes under `axis.`, then `extra`."""
    axes = {f"axis.{axis}": value for axis, value in trial.cell.coordinates.items()}
    return flatten(trial.cell.recipe.as_dict()) | flatten({**axes, "seed": trial.seed}) | flatten(extra)


def tags(trial: Trial, extra: Mapping[str, Any]) -> dict[str, str]:
    """What runs are found and grouped by, then `extra`; a key with no prefix of its own gets `probeline.`."""
    own = {
        "kind": "trial",
        "trial_id": trial.id,
        "encoder_id": trial.encoder_id,
        "cell": trial.cell.label,
        "seed": trial.seed,
        **({"arm": trial.cell.arm} if trial.cell.arm is not None else {}),
        **{f"axis.{axis}": value for axis, value in trial.cell.coordinates.items()},
        **extra,
    }
    return {key if key.startswith(("probeline.", "mlflow.")) else f"probeline.{key}": _plain(own[key]) for key in own}


def protocol_errors(errors: Sequence[ProtocolError]) -> dict[str, Any]:
    """The entry of a finished trial for protocols that crashed: kind, message, traceback, names; no logins and keys."""
    return {
        "kind": "protocol_error",
        "message": redacted("; ".join(f"{error.name}: {error.message}" for error in errors)),
        "traceback": redacted("\n".join(f"{error.name}\n{error.traceback}" for error in errors)),
        "protocols": [error.name for error in errors],
    }


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{"a": {"b": 1}} -> {"a.b": "1"}; a list stays whole, as JSON."""
    flat: dict[str, str] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            flat |= flatten(item, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = _plain(item)
    return flat


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
