"""A metric as its protocol declares it: title, unit, direction, bounds, scale; names with variable parts by pattern.

METRICS = {
    "top1": percentage("kNN top-1 accuracy"),
    "top1/<class>": percentage("kNN top-1 accuracy, class <class>"),
    "k": Metric("neighbours of kNN", digits=0),
}
PRIMARY = "top1"
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

Direction = Literal["higher", "lower", "none"]
"""Which values are better; `none`: the metric is shown and never ranked."""

PERCENT, POINTS, MILLIONS = "%", "points", "M"
DIRECTIONS = ("higher", "lower", "none")


@dataclass(frozen=True)
class Metric:
    """One metric: what it is called, which values are better, and how they are shown.

    Args:
        title: in words, as inside a sentence; `<tail>` stands for the variable part of the same name.
        unit: of the shown value; `%` and `M` also choose the number's format.
        direction: which values are better.
        bounds: the least and the largest possible value, in stored units.
        scale: turns a stored value into the shown unit.
        digits: after the decimal point.
        share_of_test: a share of the samples of the test split, so that its noise is binomial.
        standard_error: the protocol's metric that says how far another test set of that size would move this one, where
            its noise is not binomial; empty: none does.
        name: the stored name, `protocol/name`; absent in a declaration.
    """

    title: str
    unit: str = ""
    direction: Direction = "none"
    bounds: tuple[float, float] = (-math.inf, math.inf)
    scale: float = 1.0
    digits: int = 3
    share_of_test: bool = False
    standard_error: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if not self.title or self.direction not in DIRECTIONS:
            raise ValueError(f"title {self.title!r}, direction {self.direction!r}; directions: {', '.join(DIRECTIONS)}")

    @property
    def ranked(self) -> bool:
        """Whether one value can be better than another."""
        return self.direction != "none"

    @property
    def higher_is_better(self) -> bool:
        """Whether higher values are better; False where lower ones are, or where none is."""
        return self.direction == "higher"

    @property
    def heading(self) -> str:
        """The title as a sentence begins; kNN keeps its small k."""
        return self.title if self.title[1:2].isupper() else self.title[:1].upper() + self.title[1:]

    def text(self, value: float | None) -> str:
        """A stored value with its unit: `70.1%`, `12.4 s`, `11.2 M`; an em dash for a missing one."""
        if value is None or math.isnan(value):
            return "—"
        shown = self.number(value)
        return f"{shown}{self.unit}" if self.unit in ("", PERCENT) else f"{shown} {self.unit}"

    def number(self, value: float) -> str:
        """A stored value in the shown unit, without its name."""
        shown = value * self.scale
        if self.unit == MILLIONS:
            return f"{shown:.3g}"
        digits = self.digits if abs(shown) < 100 or self.unit == PERCENT else 0
        return f"{shown:,.{digits}f}"

    def difference(self, value: float) -> str:
        """A signed difference; percentages differ by points."""
        unit = POINTS if self.unit == PERCENT else self.unit
        shown = f"{value * self.scale:+.{self.digits}f}"
        shown = shown if any(digit in shown for digit in "123456789") else shown[1:]  # zero has no sign
        return shown.replace("-", "−") + (f" {unit}" if unit else "")

    def clip(self, value: float) -> float:
        """A bound of an interval, cut at the metric's own: an accuracy's interval ends at 100%."""
        return min(max(value, self.bounds[0]), self.bounds[1])

    def clip_difference(self, value: float) -> float:
        """A bound of a difference's interval, cut where none can lie: two accuracies differ by 100 points at most."""
        width = self.bounds[1] - self.bounds[0]
        return min(max(value, -width), width)


def percentage(title: str, direction: Direction = "higher", standard_error: str = "") -> Metric:
    """A share from 0 to 1, shown in percent; higher is better unless `direction` says otherwise."""
    return Metric(title, PERCENT, direction, (0.0, 1.0), 100.0, 1, standard_error=standard_error)


def accuracy_on_test(title: str) -> Metric:
    """The share of the test split's samples that is right."""
    return replace(percentage(title), share_of_test=True)


def loss_term(title: str, unit: str = "", digits: int = 3) -> Metric:
    """A loss or a distance: lower is better, without a bound."""
    return Metric(title, unit, "lower", digits=digits)


def count(title: str) -> Metric:
    """A whole number that describes a run, such as the samples looked at; never ranked."""
    return Metric(title, direction="none", bounds=(0.0, math.inf), digits=0)


def classifier_metrics(title: str, prefix: str = "") -> dict[str, Metric]:
    """The metrics of a classifier on the test split: accuracy, accuracy of each class, calibration error.

    `prefix`: of names, where the classifier is tested on other data than the trial's.
    """
    accuracy = percentage if prefix else accuracy_on_test
    return {
        f"{prefix}top1": accuracy(f"{title} top-1 accuracy"),
        f"{prefix}top1/<class>": percentage(f"{title} top-1 accuracy, class <class>"),
        f"{prefix}ece": percentage(f"{title} calibration error", "lower"),
    }


def probe_metrics(title: str, prefix: str = "") -> dict[str, Metric]:
    """The metrics of a linear probe: those of a classifier, the chosen penalty and its accuracy on validation."""
    return {
        **classifier_metrics(title, prefix),
        f"{prefix}validation_top1": percentage(f"{title} validation accuracy"),
        f"{prefix}l2": Metric(f"{title} L2 penalty", digits=5),
    }


def unknown(name: str) -> Metric:
    """A metric that no installed plug-in declares: shown by its name, never ranked."""
    return Metric(name.replace("_", " ") or "metric", name=name)


def described(declared: Mapping[str, Metric], tail: str, name: str) -> Metric | None:
    """The declaration of a stored name, its title filled in; None where nothing matches.

    Args:
        declared: by name or pattern. A pattern's last variable part takes the rest of the name, any other one part.
        tail: the name without its protocol.
        name: the whole stored name.
    """
    if tail in declared:
        return replace(declared[tail], name=name)
    for pattern in sorted(declared, key=_literal_length, reverse=True):
        match = _expression(pattern).fullmatch(tail) if "<" in pattern else None
        if match:
            return replace(declared[pattern], title=_filled(declared[pattern].title, match.groupdict()), name=name)
    return None


def _literal_length(pattern: str) -> int:
    """The characters outside the variable parts: of two patterns that match, the longer one says more."""
    return len(re.sub(r"<\w+>", "", pattern))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"<(\w+)>", pattern)
    last = len(parts) - 2 if not parts[-1] else None  # a variable part that ends the name
    regular = "".join(
        f"(?P<{part}>{'.*' if index == last else '[^/]+'})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )
    return re.compile(regular, re.DOTALL)


def _filled(title: str, variables: Mapping[str, str]) -> str:
    """The title with its variable parts; `10pct` reads 10%."""

    def shown(match: re.Match[str]) -> str:
        return re.sub(r"^([\d.e+-]+)pct$", r"\1%", variables[match[1]]) if match[1] in variables else match[0]

    return re.sub(r"<(\w+)>", shown, title)
