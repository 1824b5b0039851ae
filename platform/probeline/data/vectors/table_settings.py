"""Settings of tables that scikit-learn ships."""

from typing import Literal

from pydantic import Field

from probeline.data.settings import DatasetSettings


class TableSettings(DatasetSettings):
    """The tables have no test split of their own: a stratified share, the same for every seed, is one."""

    test: float = Field(0.5, gt=0, lt=1, description="Share of the samples that is the test split.")
    scale: Literal["standard", "none"] = Field(
        "standard", description="`standard`: each column at mean 0 and deviation 1 over all but the test split."
    )
