"""Which columns of a series an operation works on. Torch-free, for planning."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from probeline.errors import UserError

Column = Annotated[int, Field(ge=0)]


def check_columns(name: str, columns: Sequence[int], width: int) -> None:
    """Raises UserError where a series of `width` columns lacks one; `name`: of the operation and its parameter."""
    absent = [column for column in columns if column >= width]
    if absent:
        raise UserError(
            f"augmentation {name}: there is no column {absent[0]}; the series have {width}, counted from 0. Name "
            "columns that they have, or leave the operation out: augment: [...]"
        )
