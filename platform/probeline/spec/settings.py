"""The base of every settings class: frozen, no unknown keys, and a mark for what identity leaves out."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of recipe sections and plug-in `Config`s.

    Frozen; an unknown key is an error; NaN and infinity are refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")


class OutsideIdentity:
    """Marks a field that never decides a trial's numbers, such as a path.

    Written `path: Annotated[str, OutsideIdentity]`. What the path holds enters the id by its content digest.
    """
