"""Which losses a method's field may name. Torch-free, for planning."""

from typing import Any

from probeline.plugins import catalog


def require_loss(component: Any, *takes: str) -> Any:
    """The component of a loss. Raises ValueError where the loss takes none of these: `views`, `pairs`, `classes`."""
    name = component.get("name") if isinstance(component, dict) else None
    if not isinstance(name, str):
        return component
    own = _takes(name)
    if set(own) & set(takes):
        return component
    fitting = [each for each in catalog.names("losses") if set(_takes(each)) & set(takes)]
    raise ValueError(f"{name} takes {' or '.join(own)}; losses on {' or '.join(takes)}: {', '.join(fitting)}")


def _takes(loss: str) -> tuple[str, ...]:
    """`TAKES` of a loss's file. An unknown loss is reported by whoever resolves it."""
    try:
        return tuple(catalog.constant("losses", loss, "TAKES", ("views",)))
    except catalog.UnknownPlugin:
        return ("views", "pairs", "classes")
