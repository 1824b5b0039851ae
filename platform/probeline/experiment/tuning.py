"""The `tune` section: a search space over recipe keys, and how it is searched."""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from probeline.core.settings import Settings
from probeline.experiment.problems import nearest, shown
from probeline.plugins.locations import current
from probeline.plugins.metrics import metric

SECTIONS = ("encoder", "method", "training")
FIRST_SEED = 1_000_000
"""Tuning's own seeds begin here, so that no reported seed has helped to choose."""

FORMS = "{log_uniform: [a, b]}, {uniform: [a, b]}, {int: [a, b]} or {choice: [...]}"


def tuning_seeds(seeds: Any) -> Any:
    """A count n -> n seeds of tuning's own; a list as it is. Raises ValueError for anything else."""
    if type(seeds) is int and 1 <= seeds <= 100:
        return tuple(range(FIRST_SEED, FIRST_SEED + seeds))
    whole = [s for s in seeds if type(s) is int and 0 <= s < 2**32] if isinstance(seeds, list | tuple) else []
    if whole and len(whole) == len(seeds) == len(set(whole)) <= 100:
        return tuple(seeds)
    raise ValueError(f"got {shown(seeds)}; allowed: a count from 1 to 100, or a list of distinct whole numbers")


TuningSeeds = Annotated[
    tuple[int, ...], BeforeValidator(tuning_seeds, json_schema_input_type=Annotated[int, Field(ge=1)] | list[int])
]


class Range(Settings):
    """What a key may be: one of the four forms."""

    log_uniform: tuple[float, float] | None = None
    uniform: tuple[float, float] | None = None
    int_: tuple[int, int] | None = Field(None, alias="int")
    choice: list[Any] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_form(self) -> "Range":
        given = [name for name, value in self if value is not None]
        if len(given) != 1:
            raise ValueError(f"got {len(given)} forms; allowed: one of {FORMS}")
        if self.choice is None:
            low, high = self.ends
            if low >= high:
                raise ValueError(f"got [{low:g}, {high:g}]; allowed: the lower end first, and a higher one")
            if self.log_uniform and low <= 0:
                raise ValueError(f"got [{low:g}, {high:g}]; allowed: ends above 0, as it is searched in the logarithm")
        return self

    @property
    def values(self) -> int:
        """How many values a grid has along this range."""
        return len(self.choice) if self.choice else self.ends[1] - self.ends[0] + 1

    @property
    def ends(self) -> list[Any]:
        """The values between which, or from which, is chosen."""
        return list(next(value for value in (self.log_uniform, self.uniform, self.int_, self.choice) if value))


def objective_direction(direction: str | None, info: ValidationInfo) -> str | None:
    """The direction of an objective as written, else that of its metric; None where neither is known."""
    if direction is not None or "metric" not in info.data:
        return direction
    return {"higher": "maximize", "lower": "minimize"}.get(metric(info.data["metric"]).direction)


class Asha(Settings):
    """Ends a tuning trial early when a running metric of its first seed falls behind (Li et al. 2020, 1810.05934)."""

    metric: str = "online_probe/top1"
    direction: Literal["maximize", "minimize"] | None = Field(
        None, validate_default=True, description="Default: that of the metric."
    )
    min_epochs: int = Field(1, ge=1)
    reduction: int = Field(3, ge=2)

    _direction = field_validator("direction")(objective_direction)


class Tune(Settings):
    """One study for each cell (that matches `if`): recipe keys to choose on the validation part, never on test.

    The winner runs over the experiment's seeds as ordinary trials.
    """

    space: dict[str, Range] = Field(min_length=1)
    if_: dict[str, Any] | None = Field(None, alias="if")
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    trials: int = Field(20, ge=1, le=10_000)
    seeds: TuningSeeds = (FIRST_SEED,)
    metric: str = "linear_probe/validation_top1"
    direction: Literal["maximize", "minimize"] | None = Field(
        None, validate_default=True, description="Default: that of the metric."
    )
    asha: Asha | None = None

    @field_validator("metric")
    @classmethod
    def _of_the_validation_part(cls, metric: str) -> str:
        protocol, slash, name = metric.partition("/")
        if not slash or not protocol or not name.startswith("validation"):
            raise ValueError(f"got {shown(metric)}; allowed: protocol/validation..., as test data choose nothing")
        return current("protocols", metric)

    _direction = field_validator("direction")(objective_direction)

    @model_validator(mode="after")
    def _grid_of_choices(self) -> "Tune":
        open_ended = [key for key, given in self.space.items() if given.uniform or given.log_uniform]
        if self.sampler == "grid" and open_ended:
            raise ValueError(f"sampler grid: {open_ended[0]} has no list of values; give it {{choice: [...]}} or int")
        return self

    @property
    def points(self) -> int:
        """How many tuning trials a finished study has with each seed: fewer than `trials` where a grid has no more."""
        if self.sampler != "grid":
            return self.trials
        return min(self.trials, math.prod(given.values for given in self.space.values()))

    @property
    def protocol(self) -> str:
        """The protocol whose verdict on the validation part is the objective."""
        return self.metric.partition("/")[0]


class TuneSize(Settings):
    """How large the studies are at one scale."""

    trials: int | None = Field(None, ge=1, le=10_000)
    seeds: TuningSeeds | None = None

    def of(self, tune: Tune) -> Tune:
        """The same search at this size."""
        given = {key: getattr(self, key) for key in ("trials", "seeds") if getattr(self, key) is not None}
        return tune.model_copy(update=given)


def unknown_section(key: str) -> str | None:
    """What is wrong with a key that no study may choose, or None."""
    section = key.partition(".")[0]
    if (section in SECTIONS and section != key) or key in ("encoder", "method"):
        return None
    near = nearest(key, SECTIONS)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"cannot be tuned; allowed: encoder, method, training, and keys in them{hint}"
