"""The `resources` section: what one trial gets of a machine, which never decides its numbers."""

import math
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from probeline.core.settings import Settings
from probeline.experiment.problems import shown

SMALLEST_SHARE, MAX_COUNT = 0.0001, 1_000_000
"""Of a CPU or GPU: Ray counts in ten thousandths; no cluster has more."""
AUTO: Literal["auto"] = "auto"


class Resources(Settings):
    """What one trial gets: `workers` that share every batch, each with `cpus` and at most one of `gpus`.

    `gpus: auto` uses a GPU where there is one, for as many trials as its memory holds; with 0 a trial trains on the
    CPU, whatever the machine has. Trials with a fraction of a GPU share one.
    """

    workers: int = Field(1, ge=1, description="Processes that train one trial together, with the numbers of one.")
    cpus: float = Field(1, gt=0)
    gpus: Annotated[float, Field(ge=0)] | Literal["auto"] = AUTO
    cpus_per_worker: float | None = Field(None, gt=0, description="Another name for cpus; it goes before it.")
    gpus_per_worker: float | None = Field(None, ge=0, description="Another name for gpus; it goes before it.")
    patience_minutes: float | None = Field(
        60, gt=0, description="A trial without a step or a record for so long is killed and started again; null: never."
    )
    recycle_gib: float | None = Field(
        1,
        gt=0,
        description="A worker that keeps so many GiB more than after its first trial is replaced; null: never.",
    )

    @field_validator("cpus", "gpus", "cpus_per_worker", "gpus_per_worker")
    @classmethod
    def _counted_by_ray(cls, count: float | str | None) -> float | str | None:
        if isinstance(count, float | int) and count and not SMALLEST_SHARE <= count <= MAX_COUNT:
            raise ValueError(f"got {shown(count)}; allowed: {SMALLEST_SHARE:.4f} to {MAX_COUNT:,}")
        return count

    @field_validator("gpus", "gpus_per_worker")
    @classmethod
    def _one_gpu_a_worker(cls, gpus: float | str | None, info: ValidationInfo) -> float | str | None:
        if gpus is None or isinstance(gpus, str) or gpus in (0, 1):
            return gpus
        if gpus > 1:
            workers = max(math.ceil(gpus), info.data.get("workers", 1))
            remedy = f"several GPUs are several workers, such as workers: {workers}, gpus_per_worker: 1"
            raise ValueError(f"got {shown(gpus)}; allowed: at most 1, as a worker computes on one; {remedy}")
        if info.data.get("workers", 1) > 1:  # NCCL joins no two workers on one GPU
            raise ValueError(f"got {shown(gpus)}; allowed with several workers: 0 or 1, as they cannot share a GPU")
        return gpus

    @property
    def each(self) -> dict[str, float]:
        """`CPU` and `GPU` of one worker; `auto` counts as none until it is a number."""
        cpus = self.cpus if self.cpus_per_worker is None else self.cpus_per_worker
        gpus = self.gpus if self.gpus_per_worker is None else self.gpus_per_worker
        return {"CPU": cpus, "GPU": 0.0 if isinstance(gpus, str) else gpus}

    @property
    def is_auto(self) -> bool:
        """Whether a worker's GPUs are still to be chosen."""
        return self.gpus_per_worker is None and self.gpus == AUTO

    def with_gpus(self, gpus: float) -> "Resources":
        """The same with so many GPUs for one worker."""
        return self.model_copy(update={"gpus": float(gpus), "gpus_per_worker": None})

    @property
    def all(self) -> dict[str, float]:
        """`CPU` and `GPU` of a trial, all its workers together."""
        return {name: self.workers * count for name, count in self.each.items()}
