"""What methods on pairs and on classes have in common. Torch-free, for planning."""

from typing import Annotated, Any

from pydantic import Field

from probeline.core.settings import Component, NameOf, Settings


class MetricSettings(Settings):
    """Samples are not augmented unless `augment` says so; each sample of a batch has its own draws."""

    label: Annotated[str | None, NameOf("labels")] = Field(
        None, description="What makes two samples the same; the data's main label where it is left out."
    )
    embedding_dim: int | None = Field(
        None, ge=1, description="Of a linear layer from h to z, which the loss reads; without it, z is h."
    )
    augment: Annotated[list[dict[str, Any]], Component("augmentations")] = Field([])


class PerClassSettings(MetricSettings):
    """Batches are of training.batch_size / `per_class` classes; a class with fewer samples repeats some of them."""

    per_class: int = Field(4, ge=2, description="K, samples of each class in a batch.")
