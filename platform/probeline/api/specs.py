"""Experiments from files, from packages of specs, and by their name in MLflow."""

import json
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from probeline.experiment import load as loading
from probeline.experiment.packages import spec_file
from probeline.experiment.rendering import whole_text
from probeline.experiment.schema import Experiment

Spec = str | PathLike[str] | Experiment
"""An experiment's YAML file, `PACKAGE:NAME` for one of an installed package, or an experiment that is loaded."""

Overrides = Mapping[str, Any] | Sequence[str]
SUFFIXES = (".yaml", ".yml")


def load(spec: str | PathLike[str], scale: str | None = None, set: Overrides = ()) -> Experiment:
    """The experiment in a file, at one of its scales, with overrides.

    Args:
        spec: a YAML file, or `PACKAGE:NAME`. scale: such as "smoke". set: `{"training.epochs": 3}`, or
            `["training.epochs=3"]` as on the command line.

    Raises:
        UserError: all mistakes of the file and the overrides, each with its line and what is allowed.
    """
    return loading.load(spec_file(spec), scale, _as_options(set))


def experiment_of(spec: Spec) -> Experiment:
    """A loaded experiment as it is, else what `load` makes of the file. Raises UserError."""
    return spec if isinstance(spec, Experiment) else load(spec)


def is_file(spec: str | PathLike[str]) -> bool:
    """Whether a file or a spec of a package is meant, and not the name of an experiment in MLflow."""
    text = fspath(spec)
    return ":" in text or Path(text).suffix in SUFFIXES or Path(text).exists()


def text_of(experiment: Experiment) -> str:
    """The spec as it was written, with all that it extends; "" where its file is not there any more."""
    path = Path(experiment.source.name)
    return whole_text(path) if path.is_file() else ""


def folder_of(experiment: Experiment) -> Path:
    """The folder of an experiment's file, whose repository has the code that runs."""
    return Path(experiment.source.name).resolve().parent


def _as_options(overrides: Overrides) -> Sequence[str]:
    if isinstance(overrides, Mapping):
        return [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    return [overrides] if isinstance(overrides, str) else overrides
