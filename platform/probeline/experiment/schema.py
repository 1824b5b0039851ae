"""The experiment language: what a YAML file may say, section by section."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, field_validator

from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import NotHashed, Settings
from probeline.experiment.failures import FailurePattern
from probeline.experiment.notify import Notify
from probeline.experiment.override import Override
from probeline.experiment.problems import shown
from probeline.experiment.references import References
from probeline.experiment.resources import Resources
from probeline.experiment.tuning import Tune, TuneSize
from probeline.experiment.until_decided import UntilDecided
from probeline.experiment.yaml_source import SpecSource
from probeline.plugins.locations import current

SECTIONS = ("data", "encoder", "method", "training", "evaluation")
KINDS_OF_SECTIONS = {"data": "datasets", "encoder": "encoders", "method": "methods", "evaluation": "protocols"}
TableName = Literal["results", "differences", "cost", "failures", "provenance"]
MAX_SEEDS = 10_000
T = TypeVar("T")

Value = Any  # a scalar, a list, or a component; checked where it lands
Values = list[Value] | dict[str, Value]
"""An axis: its values, or a mapping label -> value; labels are for people."""

Axes = Annotated[dict[str, Values], Field(min_length=1)]
Condition = Annotated[dict[str, Value], Field(min_length=1)]
BaseFile = Annotated[str, Field(min_length=1)]


class Training(Settings):
    """How an encoder is trained, whatever the method."""

    epochs: int = Field(100, ge=0)
    batch_size: int = Field(256, ge=2)
    micro_batch: int | None = Field(
        None, ge=1, description="Samples in memory at a time, by gradient caching; null: the whole batch at once."
    )
    optimizer: Literal["sgd", "lars", "adamw"] = "sgd"
    lr: float = Field(0.05, ge=0, description="The learning rate at `lr_batch_size`; `scaling` carries it to others.")
    lr_batch_size: int = Field(256, ge=1, description="The batch size at which `lr` holds, where there is a `scaling`.")
    scaling: Literal["none", "linear", "sqrt"] = "none"
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(1e-4, ge=0)
    warmup_epochs: int | float = Field(0, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    length_buckets: bool = Field(
        False, description="Batches of samples of about one length, where lengths differ: less padding, other batches."
    )
    online_probe: Annotated[bool, NotHashed] = True

    def without_effect(self, sample: SampleSpec) -> dict[str, str]:
        """A warm-up past the end, the momentum of AdamW, the batch size of a rate that is not scaled."""
        idle = {}
        if 0 < self.epochs < self.warmup_epochs:
            idle["warmup_epochs"] = (
                f"is longer than the training of {self.epochs} epochs: the learning rate ends at "
                f"{self.epochs / self.warmup_epochs:.0%} of its peak and never decays"
            )
        if self.optimizer == "adamw":
            idle["momentum"] = "has no effect: AdamW has betas of its own, 0.9 and 0.999"
        if self.length_buckets and sample.longest is None:
            idle["length_buckets"] = "has no effect: the samples are all of one length"
        if self.scaling == "none":
            idle["lr_batch_size"] = "has no effect: training.scaling is none"
        return idle

    @field_validator("micro_batch")
    @classmethod
    def _within_the_batch(cls, micro_batch: int | None, info: ValidationInfo) -> int | None:
        batch_size = info.data.get("batch_size")
        if micro_batch is not None and batch_size is not None and micro_batch > batch_size:
            raise ValueError(
                f"got {micro_batch}, more than training.batch_size, {batch_size}; allowed: at most that, or null"
            )
        return micro_batch


class Recipe(Settings):
    """What decides a trial's numbers. Components are checked against their plug-ins, cell by cell."""

    data: str | dict[str, Any] | None = None
    encoder: str | dict[str, Any] | None = None
    method: str | dict[str, Any] | None = None
    training: dict[str, Any] = Field(default_factory=dict)
    evaluation: str | list[str | dict[str, Any]] | dict[str, Any] = "linear_probe"


def seed_list(seeds: Any) -> Any:
    """A count n -> (0, ..., n - 1); a list or a mapping as it is. Raises ValueError for anything else."""
    if isinstance(seeds, dict | UntilDecided):
        return seeds
    whole = [s for s in seeds if type(s) is int and 0 <= s < 2**32] if isinstance(seeds, list | tuple) else []
    if type(seeds) is int and 1 <= seeds <= MAX_SEEDS:
        return tuple(range(seeds))
    if whole and len(whole) == len(seeds) == len(set(whole)) <= MAX_SEEDS:
        return tuple(seeds)
    allowed = f"a count from 1 to {MAX_SEEDS}, or a list of distinct whole numbers from 0 to 2**32 - 1"
    raise ValueError(f"got {shown(seeds)}; allowed: {allowed}, or {{until: decided, compare: [[a, b]]}}")


Seeds = Annotated[
    tuple[int, ...] | UntilDecided,
    BeforeValidator(seed_list, json_schema_input_type=Annotated[int, Field(ge=1)] | list[int] | UntilDecided),
]


class When(Settings):
    """For cells that match `if`: overrides (`set`) and axes of their own (`grid`)."""

    if_: Condition = Field(alias="if")
    set: dict[str, Value] = Field(default_factory=dict)
    grid: dict[str, Values] = Field(default_factory=dict)


class Scale(Settings):
    """One size of the experiment: overrides of the base, other values for its axes, other seeds."""

    set: dict[str, Value] = Field(default_factory=dict)
    grid: dict[str, Values] = Field(default_factory=dict)
    seeds: Seeds | None = None
    resources: Resources | None = None
    tune: TuneSize | None = None


class Panels(Settings):
    """Whose pictures the page shows: those that the protocols `views`, `neighbours`, `map_2d` and `pictures` draw."""

    cells: list[str] | None = Field(
        None, min_length=1, description="Cells by label; else twelve at most, one of each line first."
    )
    seed: int | None = Field(None, description="One of the seeds; else each cell's first that has finished.")


class Report(Settings):
    """What the page shows. `figures` are resolved components, in order."""

    metric: str | None = Field(None, description="protocol/name; default: the primary metric of the first protocol.")
    baseline: str | dict[str, Value] | None = Field(None, description="An arm or a cell by label, or what it matches.")
    references: str | References | None = Field(None, description="Published values: the beginning of their ids.")
    figures: list[str | dict[str, Any]] | None = None
    tables: list[TableName] = Field(default_factory=lambda: list(get_args(TableName)))
    panels: Panels = Panels()
    notes: str = Field("", description="What the writer makes of the result: why it came out as it did.")

    @field_validator("metric")
    @classmethod
    def _protocol_and_name(cls, metric: str | None) -> str | None:
        if metric is not None and not re.fullmatch(r"[^/\s]+/\S+", metric):
            raise ValueError(f"got {shown(metric)}; allowed: protocol/name, such as linear_probe/top1")
        return metric and current("protocols", metric)


class Experiment(Settings):
    """One YAML file: a question, a base recipe, axes, seeds, figures."""

    name: str
    question: str = ""
    expected: str = ""
    base: Recipe = Recipe()
    grid: Axes = Field(default_factory=dict)
    zip: list[Axes] = Field(default_factory=list)
    when: list[When] = Field(default_factory=list)
    exclude: list[Condition] = Field(default_factory=list)
    arms: dict[str, dict[str, Value]] = Field(default_factory=dict)
    seeds: Seeds = (0,)
    scales: dict[str, Scale] = Field(default_factory=dict)
    resources: Resources = Resources()
    tune: Tune | None = None
    failures: list[FailurePattern] = Field(
        default_factory=list, max_length=100, description="Classes of failures by their text; the first match decides."
    )
    report: Report = Report()
    extends: BaseFile | list[BaseFile] = Field(
        default_factory=list,
        description="Files that this one starts from, relative to it or PACKAGE:NAME; later ones win, it wins.",
    )
    notify: Notify | None = Field(None, description="Messages about its runs to a web address.")

    _source: SpecSource = PrivateAttr(default_factory=lambda: SpecSource("experiment"))
    _scale: str | None = PrivateAttr(None)
    _sets: tuple[Override, ...] = PrivateAttr(())
    _expanded: tuple[tuple, Any] | None = PrivateAttr(None)

    @field_validator("name")
    @classmethod
    def _fit_for_a_file(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            better = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-_.")[:100] or "my-experiment"
            raise ValueError(
                f"got {shown(name)}; allowed: up to 100 letters, digits, '-', '_' and '.', as it names files; "
                f"try {better!r}"
            )
        return name

    @property
    def scale(self) -> str | None:
        """The scale that it was loaded with, or None for the file as it is."""
        return self._scale

    @property
    def sets(self) -> tuple[Override, ...]:
        """The `--set` overrides of the recipe that it was loaded with."""
        return self._sets

    @property
    def source(self) -> SpecSource:
        """Where each part stands in its file."""
        return self._source

    @property
    def until_decided(self) -> UntilDecided | None:
        """How seeds are added until comparisons are decided; None where their number is fixed."""
        return self.seeds if isinstance(self.seeds, UntilDecided) else None

    @property
    def seed_values(self) -> tuple[int, ...]:
        """The seeds; of comparisons that are run until they are decided, all that may be run."""
        return tuple(range(self.seeds.most)) if isinstance(self.seeds, UntilDecided) else self.seeds

    @property
    def axes(self) -> list[str]:
        """The dotted keys of all axes: the grid's, then those of zip, then those of when."""
        groups = [self.grid, *self.zip, *(rule.grid for rule in self.when)]
        return list(dict.fromkeys(key for group in groups for key in group))

    @property
    def values_by_axis(self) -> dict[str, list[Value] | dict[str, Value]]:
        """The values that the file gives each axis."""
        groups = [self.grid, *self.zip, *(rule.grid for rule in self.when)]
        return {axis: values for group in reversed(groups) for axis, values in group.items()}

    def where(self, path: str) -> str:
        """`file:line` of a dotted path of the file, such as `grid.training.batch_size[2]`."""
        return self._source.where(path)

    def expanded(self, expand: Callable[[], T]) -> T:
        """What `expand` makes of this experiment's cells, evaluated once; a copy with other cells evaluates it anew."""
        decisive = self._decisive
        if self._expanded is None or any(a is not b for a, b in zip(self._expanded[0], decisive, strict=True)):
            self._expanded = (decisive, expand())
        return self._expanded[1]

    def expanded_as(self, expansion: Any) -> "Experiment":
        """This experiment with another expansion, such as a part of its own."""
        other = self.model_copy()
        other._expanded = (self._decisive, expansion)
        return other

    @property
    def _decisive(self) -> tuple[Any, ...]:
        """What the cells depend on."""
        grid = (self.base, self.grid, self.zip, self.when, self.exclude, self.arms, self.seeds)
        return (*grid, self.scales, self._source, self._scale, self._sets)

    def loaded_as(self, source: SpecSource, scale: str | None, sets: tuple[Override, ...]) -> "Experiment":
        """This experiment at a scale, with recipe overrides that win over the file's; `grid.cells` applies them."""
        loaded = self.model_copy()
        loaded._source, loaded._scale, loaded._sets = source, scale, sets
        return loaded
