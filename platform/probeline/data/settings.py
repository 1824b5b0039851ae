"""What every data set's settings share: the validation split and the limits on sizes."""

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
