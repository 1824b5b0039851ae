"""What every data set's settings share: the validation split and the limits on sizes."""

from typing import Literal

from pydantic import Field

from probeline.core.settings import Settings


class DatasetSettings(Settings):
    """Base of every data set's `Config`. Subsets keep the class shares and are the same for every seed."""

    validation: float = Field(
        0.1,
        gt=0,
        le=0.5,
        description="Share of the training split held out; unused where there is a validation split.",
    )
    train_size: int | None = Field(None, ge=1, description="Training samples kept, after the split; all if absent.")
    test_size: int | None = Field(None, ge=1, description="Test samples kept; all if absent.")

    def while_reading(self) -> frozenset[str]:
        """Which of the fields of this class decide what is read; the others choose among what was read."""
        return frozenset()


class GroupSplitSettings(DatasetSettings):
    """Base of the `Config` of data sets whose samples belong to people or groups: a group is never in two splits."""

    split_by: Literal["class", "writer", "speaker", "alphabet", "none"] = Field(
        "none", description="Whole groups are held out for validation and test, the same for every seed."
    )
    test: float = Field(0.2, gt=0, lt=1, description="Share of the groups for testing, where `split_by` holds out any.")

    def while_reading(self) -> frozenset[str]:
        return frozenset(["validation"]) if self.split_by != "none" else frozenset()
