"""What a metric's name means to a reader: its title, unit, bounds and which way is better."""

import math
from dataclasses import dataclass

PERCENT, POINTS, MILLIONS = "%", "points", "M"
_PROTOCOLS = {"knn": "kNN", "projection_probe": "linear probe on z", "contrastive": "contrastive task"}


@dataclass(frozen=True)
class Metric:
    """How values of one metric are shown; `scale` turns a stored value into the shown unit."""

    name: str
    title: str
    unit: str = ""
    scale: float = 1.0
    digits: int = 3
    higher_is_better: bool = True
    bounds: tuple[float, float] = (-math.inf, math.inf)  # in stored units

    @property
    def heading(self) -> str:
        """The title as a sentence begins; kNN keeps its small k."""
        return self.title if self.title[1:2].isupper() else self.title[:1].upper() + self.title[1:]

    def text(self, value: float) -> str:
        """A stored value as text with its unit: `70.1%`, `12.4 s`, `11.2 M`; an em dash for what is not there."""
        if value is None or math.isnan(value):
            return "—"
        shown = self.number(value)
        return f"{shown}{self.unit}" if self.unit in ("", PERCENT) else f"{shown} {self.unit}"

    def number(self, value: float) -> str:
        """As `text`, without the unit."""
        shown = value * self.scale
        if self.unit == MILLIONS:
            return f"{shown:.3g}"
        digits = self.digits if abs(shown) < 100 or self.unit == PERCENT else 0
        return f"{shown:,.{digits}f}"

    def difference(self, value: float) -> str:
        """A signed difference: percentages differ by points."""
        unit = POINTS if self.unit == PERCENT else self.unit
        shown = f"{value * self.scale:+.{self.digits}f}"
        shown = shown if any(digit in shown for digit in "123456789") else shown[1:]  # nothing is neither + nor -
        return shown.replace("-", "−") + (f" {unit}" if unit else "")

    def clip(self, value: float) -> float:
        """A bound of an interval, cut at what the metric can reach: an accuracy's interval ends at 100%."""
        return min(max(value, self.bounds[0]), self.bounds[1])


_ENDINGS = {
    "top1": ("top-1 accuracy", True),
    "top5": ("top-5 accuracy", True),
    "ece": ("calibration error", False),
    "accuracy": ("accuracy", True),
    "validation_top1": ("validation accuracy", True),
}
_SPACES = {"h": "from h", "z": "from z", "chance": "by chance"}
_COSTS = {
    "train_seconds": ("Training time", "s", 1.0, 1, False),
    "eval_seconds": ("Evaluation time", "s", 1.0, 1, False),
    "images_per_second": ("Images per second", "", 1.0, 0, True),
    "parameters": ("Parameters", MILLIONS, 1e-6, 2, False),
    "peak_memory_bytes": ("Peak memory", "MiB", 2.0**-20, 0, False),
}
_LOSS_COSTS = {"seconds": ("time of the loss", "s", 1.0, 3), "bytes": ("memory of the loss", "MiB", 2.0**-20, 1)}


def metric(name: str) -> Metric:
    """The description of a metric by its stored name; an unknown one is shown as it is."""
    group, _, rest = name.partition("/")
    if group == "cost" and rest in _COSTS:
        title, unit, scale, digits, higher = _COSTS[rest]
        return Metric(name, title, unit, scale, digits, higher, (0.0, math.inf))
    if group == "loss_cost" and rest.partition("/")[2] in _LOSS_COSTS:
        size, _, what = rest.partition("/")
        title, unit, scale, digits = _LOSS_COSTS[what]
        return Metric(name, f"{title}, batch of {size}", unit, scale, digits, False, (0.0, math.inf))
    if group == "fine_tune" and rest.partition("/")[2] in _ENDINGS:
        share, _, inner = rest.partition("/")
        words, higher = _ENDINGS[inner]
        share = share.replace("pct", "%")
        return Metric(name, f"fine-tuned {words}, {share} of labels", PERCENT, 100.0, 1, higher, (0.0, 1.0))
    if group == "kept_information" and rest.rpartition("/")[2] in _SPACES:
        task, _, space = rest.rpartition("/")
        return Metric(name, f"{task} told {_SPACES[space]}", PERCENT, 100.0, 1, True, (0.0, 1.0))
    if rest.rpartition("/")[2] == "entropy":
        title = f"{_PROTOCOLS.get(group, group.replace('_', ' '))} entropy"
        return Metric(name, title, "nats", 1.0, 2, False, (0.0, math.inf))
    ending, _, label = rest.partition("/")
    if ending in _ENDINGS:
        words, higher = _ENDINGS[ending]
        title = f"{_PROTOCOLS.get(group, group.replace('_', ' '))} {words}" + (f", class {label}" if label else "")
        return Metric(name, title, PERCENT, 100.0, 1, higher, (0.0, 1.0))
    lower = rest.endswith(("loss", "error", "collapsed"))
    return Metric(name, name.replace("_", " "), higher_is_better=not lower)
