"""Whether a cluster can ever hold one trial."""

from collections.abc import Mapping, Sequence

from probeline.errors import UserError
from probeline.experiment.resources import Resources


def refuse_what_is_too_large(resources: Resources, nodes: Sequence[Mapping[str, float]]) -> None:
    """Raises UserError where these nodes, with the resources of each, can never hold one trial's workers."""
    for name, need in resources.all.items():
        have = sum(node.get(name, 0) for node in nodes)
        if need > have:
            lower = f"resources.{name.lower()}s" if resources.workers == 1 else "resources.workers"
            raise UserError(
                f"resources: a trial asks for {need:g} {name}, the cluster has {have:g}; "
                f"lower {lower} (also: --set {lower}=...) or join a larger one"
            )
    each = {name: need for name, need in resources.each.items() if need}
    slots = sum(min(int(node.get(name, 0) / need + 1e-9) for name, need in each.items()) for node in nodes)
    if slots < resources.workers:
        asked = " and ".join(f"{need:g} {name}" for name, need in each.items())
        raise UserError(
            f"resources: a trial asks for {resources.workers} x {asked}, each on one machine; the cluster's "
            f"{len(nodes)} machines have room for {slots}; ask for less of each, or join larger ones"
        )
