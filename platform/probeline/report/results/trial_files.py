"""Files that trials left for the page, such as pictures and confusion matrices."""

from dataclasses import dataclass, field

import pandas as pd

COLUMNS = ("trial_id", "name", "content")


@dataclass(frozen=True, eq=False)
class TrialFiles:
    """The files of some trials.

    Args:
        table: A row a file: trial_id, name, content (bytes).
        trouble: Why there are none where there should be some; "" where nothing is wrong.
    """

    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))
    trouble: str = ""
