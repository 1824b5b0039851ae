"""Settings of methods that learn from must-link and cannot-link pairs."""

from pydantic import Field

from probeline.core.settings import Settings


class ConstraintSettings(Settings):
    """Must-link and cannot-link pairs of training samples, drawn anew for every seed."""

    constraints: float = Field(
        0.05, gt=0, description="How many random pairs; below 1 the share of all pairs of labelled training samples."
    )
    pairs: str | None = Field(
        None, description="Name of a list of pairs of the data that they are drawn from; absent: the main label says."
    )
