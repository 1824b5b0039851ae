"""A first spec for the data and the methods that somebody names: short, and sure to load."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from probeline.errors import UserError
from probeline.experiment.components import resolve
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError, shown, unknown
from probeline.experiment.rendering import in_one_line
from probeline.plugins import catalog, declarations

ENCODERS: dict[str, dict[str, Any]] = {"image": {"name": "resnet", "width": 8}}
"""A small encoder by modality; of another one the first that needs no parameter."""
PROTOCOLS = ("linear_probe", "knn", "collapse", "bits_per_byte", "bits_per_dim")
"""A first spec evaluates by the first two of these that fit."""
FLOOR = "random_init"
MAX_BATCH, MAX_COUNTED = 64, 1_000
"""Samples of a batch; images of a folder that are counted, as a batch needs no more."""
EPOCHS = 20
SMOKE: dict[str, Any] = {"training.epochs": 2}
SMOKE_SAMPLES = 1_000


@dataclass(frozen=True)
class Starter:
    """What a first spec is written from; `data` is a component."""

    name: str
    data: dict[str, Any]
    encoder: dict[str, Any]
    methods: Sequence[str]
    seeds: int
    batch_size: int = MAX_BATCH

    def text(self, protocols: Sequence[str]) -> str:
        """The spec with these protocols."""
        what = self.data.get("path", self.data["name"])
        question = f"How good are representations of {what} by {_listed(self.methods)}?"
        smoke = SMOKE | ({"data.train_size": SMOKE_SAMPLES} if _has_train_size(self.data["name"]) else {})
        training = {"epochs": EPOCHS, "batch_size": self.batch_size}
        baseline = FLOOR if FLOOR in self.methods and len(self.methods) > 1 else None
        lines = [
            f"name: {self.name}",
            f"question: {in_one_line(question)}",
            "base:",
            f"  data: {in_one_line(self.data if len(self.data) > 1 else self.data['name'])}",
            f"  encoder: {in_one_line(self.encoder if len(self.encoder) > 1 else self.encoder['name'])}",
            f"  method: {in_one_line(self.methods[0])}",
            f"  training: {in_one_line(training)}",
            f"  evaluation: {in_one_line(list(protocols))}",
            "grid:",
            f"  method: {in_one_line(list(self.methods))}",
            f"seeds: {self.seeds}",
            f"scales:\n  smoke: {in_one_line({'set': smoke, 'seeds': min(2, self.seeds)})}",
            *([f"report: {in_one_line({'baseline': baseline})}"] if baseline else []),
        ]
        return "".join(f"{line}\n" for line in lines)


def starter_text(name: str, data: str, methods: Sequence[str], seeds: int) -> str:
    """The text of a spec that compares methods on a data set, or on a folder of images; it loads.

    Raises UserError where nothing of that name is there, SpecError where the parts do not fit together.
    """
    if not methods:
        raise UserError("methods: none is named; such as simclr,random_init; see `probeline list methods`")
    component = _data(data)
    modality = declarations.possible("datasets", component["name"], "GIVES")[0]
    batch_size = _batch_size(Path(data)) if "path" in component else MAX_BATCH
    starter = Starter(name, component, _encoder(modality), methods, seeds, batch_size)
    installed = [protocol for protocol in PROTOCOLS if protocol in catalog.names("protocols")]
    mistakes = {protocol: _mistake(starter.text([protocol])) for protocol in installed}
    fitting = [protocol for protocol, mistake in mistakes.items() if mistake is None][:2]
    if not fitting:
        raise next(mistake for mistake in mistakes.values() if mistake is not None)
    return starter.text(fitting)


def _mistake(text: str) -> SpecError | None:
    try:
        load_text(text, "spec")
    except SpecError as error:
        return error
    return None


def _data(written: str) -> dict[str, Any]:
    """A data set's name, or a path, as a component."""
    if Path(written).exists():
        return {"name": "image_folder", "path": written}
    try:
        catalog.config("datasets", written)
    except UserError:
        message = unknown(written, catalog.readable_names("datasets"))
        raise UserError(f"data {shown(written)}: neither a file or folder nor a data set; {message}") from None
    return {"name": written}


def _encoder(modality: str) -> dict[str, Any]:
    if modality in ENCODERS:
        return ENCODERS[modality]
    for name in declarations.fitting("encoders", modality):
        if not resolve("encoders", {"name": name}).complaints:
            return {"name": name}
    raise UserError(f"no encoder here takes {modality} without parameters; see `probeline list encoders`")


def _batch_size(folder: Path) -> int:
    """A power of two that is a quarter of the files at most: a smaller part trains."""
    files = sum(1 for _ in islice((path for path in folder.rglob("*") if path.is_file()), MAX_COUNTED))
    limit = files // 4 if folder.is_dir() else MAX_BATCH
    return min(MAX_BATCH, 1 << max(1, limit.bit_length() - 1))


def _has_train_size(data: str) -> bool:
    return "train_size" in catalog.config("datasets", data).model_fields


def _listed(methods: Sequence[str]) -> str:
    return " and ".join([", ".join(methods[:-1]), methods[-1]] if len(methods) > 1 else methods)
