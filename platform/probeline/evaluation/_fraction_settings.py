"""Parameters of protocols that fine-tune with parts of the labels. Torch-free, for planning."""

from typing import Self

from pydantic import Field, model_validator

from probeline.core.settings import Settings


class FractionSettings(Settings):
    """`epochs`: one number for each fraction; `least_steps`: where they are fewer, epochs are added."""

    fractions: tuple[float, ...] = Field((0.01, 0.1, 1.0), min_length=1)
    epochs: tuple[int, ...] = (60, 30, 3)
    lr: tuple[float, ...] = Field((0.05, 0.2), min_length=1)
    batch_size: int = Field(64, ge=2)
    least_steps: int = Field(100, ge=0)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if len(self.fractions) != len(self.epochs):
            raise ValueError(
                f"epochs has {len(self.epochs)} numbers for {len(self.fractions)} fractions; give one each"
            )
        for name in ("fractions", "epochs", "lr"):
            if min(getattr(self, name)) <= 0:
                raise ValueError(f"{name} is {list(getattr(self, name))}: each lies above 0")
        if max(self.fractions) > 1:
            raise ValueError(f"fractions is {list(self.fractions)}: each is at most 1")
        if len({percent(fraction) for fraction in self.fractions}) < len(self.fractions):
            raise ValueError(f"fractions is {list(self.fractions)}: one stands there twice")
        return self


def percent(fraction: float) -> str:
    """0.01 -> `1pct`."""
    return f"{100 * fraction:g}pct"
