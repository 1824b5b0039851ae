"""Probeline: declare an ablation in YAML, train and evaluate every cell, publish what can be believed.

The Python API, which the command line uses too; what is heavy is imported when a function needs it:

    import probeline

    experiment = probeline.load("experiments/quickstart.yaml", scale="smoke", set={"seeds": 2})
    probeline.run(experiment)
    frame = probeline.results(experiment)
    figure = probeline.figure(experiment, "metric_against_axis")
    h = probeline.embed(frame["trial_id"][0], images)
"""

from importlib import import_module
from typing import Any

_MODULES = {
    "Budget": "running",
    "Workspace": "workspace",
    "embed": "encoders",
    "encoder": "encoders",
    "figure": "reading",
    "load": "specs",
    "plan": "planning",
    "report": "reporting",
    "results": "reading",
    "run": "running",
}
"""Each public name and the module of `probeline.api` that has it; `__init__.pyi` gives type checkers the same."""

__all__ = [*sorted(_MODULES), "UserError", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name == "UserError":
        return import_module("probeline.errors").UserError
    if name not in _MODULES:
        raise AttributeError(f"module 'probeline' has no attribute {name!r}")
    return getattr(import_module(f"probeline.api.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("probeline")
    except PackageNotFoundError:  # a source tree that is not installed
        return "0+unknown"
