"""One line of the benchmark table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, in `unit`; `peer` is what a user would take instead, measured in the same run.

    `met`: whether the target in words, `target`, is reached; None where there is none.
    """

    name: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        words = [f"{self.name}: {self.ours:,.3g} {self.unit}"]
        if self.peer is not None:
            words.append(f"{self.peer_name} {self.peer:,.3g} {self.unit}, ratio {self.ratio:.1f}")
        if self.target:
            words.append(f"target {self.target}: {'met' if self.met else 'MISSED'}")
        return "; ".join(words)
