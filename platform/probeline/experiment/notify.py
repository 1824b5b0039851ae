"""The section `notify` of an experiment: where messages about its runs go."""

from typing import Literal

from pydantic import Field

from probeline.core.settings import Settings

Occasion = Literal["end", "failure", "budget", "regression"]


class Notify(Settings):
    """Outside identity. The address comes from the environment alone, as it is a secret."""

    url_from: str = Field(
        "PROBELINE_NOTIFY_URL",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable that holds the web address.",
    )
    format: Literal["json", "ntfy", "slack", "teams"] = Field("json", description="What the receiver understands.")
    on: tuple[Occasion, ...] = Field(
        ("end", "failure", "budget", "regression"),
        min_length=1,
        description="The end of a run, the first failure of each kind, a budget used up, a result that "
        "`report --check` says is worse.",
    )
