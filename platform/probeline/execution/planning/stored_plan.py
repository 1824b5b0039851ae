"""The plan of an experiment that is known by its name alone, from the spec that MLflow keeps."""

from collections.abc import Sequence

from probeline.errors import TrialError, UserError
from probeline.execution.planning.plan import Plan, make
from probeline.experiment.load import load_text
from probeline.experiment.problems import nearest
from probeline.storage.redaction import redacted
from probeline.tracking.reading import stored


def experiment_names(uri: str, name: str | None = None) -> list[str]:
    """`name` alone if MLflow has an experiment of that name; without it, the names of all. Raises UserError."""
    names = stored.experiments(uri)
    if not names:
        raise UserError(f"{redacted(uri)}: holds no experiment yet; `probeline run SPEC`, or give a SPEC to wait for")
    if name is not None and name not in names:
        near = nearest(name, names)
        remedy = f"; did you mean {near!r}?" if near else f"; there are {', '.join(sorted(names)[:10])}"
        raise UserError(f"{name}: neither a file nor an experiment in {redacted(uri)}{remedy}")
    return [name] if name else names


def stored_plan(uri: str, name: str, scale: str | None, sets: Sequence[str]) -> Plan:
    """The plan of an experiment from its spec in MLflow.

    MLflow does not record the scale of a run: the plan is that of the first scale with a recorded trial, else of the
    first scale that can be planned on this machine. Raises UserError where there is neither.
    """
    text = stored.spec(uri, name)
    if text is None:
        raise UserError(f"{name}: MLflow does not keep its spec; give its file")
    where, first, error = f"{name} (spec.yaml in MLflow)", None, None
    for each in [scale] if scale else [None, *load_text(text, where).scales]:
        try:
            plan = make(load_text(text, where, each, sets), uri)
        except (UserError, TrialError) as reason:  # data of one scale may not be on this machine
            error = error or reason
            continue
        if any(status.run_id for status in plan.statuses.values()):
            return plan
        first = first or plan
    if first is None:
        raise UserError(str(error)) from error
    return first
