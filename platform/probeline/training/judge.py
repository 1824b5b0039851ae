"""One protocol's evaluation of a trained encoder; what it raises ends the protocol, never the trial."""

import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from probeline.core.events import Artifact, Note, ProtocolError, Record, TrialEvent
from probeline.core.protocol import Protocol
from probeline.core.settings import Settings, components, listed
from probeline.errors import NotApplicable, TrialError, UserError
from probeline.evaluation.base import TestHidden
from probeline.experiment.resolved import ResolvedComponent
from probeline.plugins import catalog
from probeline.training import heartbeat
from probeline.training.device import has_failed
from probeline.training.embeddings import Representations


def judge(protocol: ResolvedComponent, trained: Representations, folder: Path) -> list[TrialEvent]:
    """One protocol's records and artifacts, named `<protocol>/...`; the test labels are read once.

    A protocol that cannot judge this method or these data leaves a note in place of what is missing. One that crashes
    leaves its error and nothing else, so that a later run of it alone gives all its results.

    Raises:
        Stopped: the worker must go.
        Exception: the device no longer works, so that nothing else could be judged on it either.
    """
    name, events = protocol.name, list[TrialEvent]()
    try:
        for event in _named(name, _evaluated(protocol, trained, folder)):
            events.append(event)  # one by one: what came before a NotApplicable stays
    except TestHidden:
        return events
    except NotApplicable as reason:
        return [*events, Note(name, str(reason))]
    except heartbeat.Stopped:
        raise
    except Exception as error:
        if has_failed(trained.device, error):
            raise
        return [ProtocolError(name, _message(error), "".join(traceback.format_exception(error)))]
    return events


def data_components(config: Settings) -> list[dict[str, Any]]:
    """The data sets that a protocol's settings name, as resolved components."""
    return [
        component
        for field, kind in components(type(config))
        if kind == "datasets"
        for component in listed(getattr(config, field))
        if isinstance(component, dict)
    ]


def _evaluated(
    protocol: ResolvedComponent, trained: Representations, folder: Path
) -> Iterator[Record | Artifact | Note]:
    config = catalog.settings("protocols", protocol.as_dict())
    judging = catalog.plugin_class("protocols", protocol.name, Protocol)(config)
    yield from judging.evaluate(trained.evaluation_data(data_components(config)), folder / protocol.name)


def _named(name: str, events: Iterator[Record | Artifact | Note]) -> Iterator[Record | Artifact | Note]:
    for each in events:
        if not isinstance(each, Record | Artifact | Note):
            raise TypeError(f"a protocol yields records, artifacts and notes; this is a {type(each).__name__}")
        if isinstance(each, Artifact) and not each.path.is_file():
            raise FileNotFoundError(f"{each.path}: the protocol names this file as an artifact, and it is not there")
        yield replace(each, name=f"{name}/{each.name}")


def _message(error: Exception) -> str:
    return str(error) if isinstance(error, TrialError | UserError) else f"{type(error).__name__}: {error}"
