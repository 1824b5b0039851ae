"""Rescale: a series grows or shrinks, all its columns alike or each on its own.

T. T. Um et al., ICMI 2017, arXiv:1706.00527, section 3 (scaling); theirs is a factor of N(1, 0.1).
"""

import math
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.settings import Op, ascending
from probeline.data.series.augment.positions import states
from probeline.data.series.augment.settings import Column, check_columns

TAKES = ("series",)


class Config(Op):
    """The factor's logarithm is uniform, so that a half is as likely as a double."""

    scale: tuple[float, float] = Field((0.8, 1.25), description="Range of the factor.")
    factors: Literal["one", "by_column"] = Field("one", description="One factor for a sample, or one a column.")
    columns: tuple[Column, ...] | None = Field(None, description="Only these columns; null: all.")

    @model_validator(mode="after")
    def _range_ascends_from_above_zero(self) -> Self:
        ascending("scale", self.scale)
        if self.scale[0] <= 0:
            raise ValueError(f"scale starts at {self.scale[0]}: a factor is above 0")
        return self


def rescale(inputs: Tensor, config: Config, rng: SampleRNG) -> Tensor:
    """inputs: [B, T, F] -> the same shape. Raises UserError for a column that is not there."""
    width = inputs.shape[2]
    columns = list(range(width)) if config.columns is None else list(config.columns)
    check_columns("rescale: columns", columns, width)
    low, high = map(math.log, config.scale)
    factors = (rng.uniform(1 if config.factors == "one" else len(columns)) * (high - low) + low).exp()
    rescaled = inputs.clone()
    rescaled[:, :, columns] *= factors[:, None]
    return torch.where(states(inputs), inputs, rescaled)
