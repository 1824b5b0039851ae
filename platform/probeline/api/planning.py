"""What a run would do and what it costs."""

from dataclasses import dataclass
from os import fspath

from probeline.api.specs import Spec, experiment_of, is_file
from probeline.api.workspace import Workspace
from probeline.execution.planning import forecast
from probeline.execution.planning.absent_teachers import require_teachers
from probeline.execution.planning.auto_gpus import cards_elsewhere
from probeline.execution.planning.forecast import Cluster, Forecast
from probeline.execution.planning.plan import Plan, make
from probeline.execution.planning.stored_plan import experiment_names, stored_plan
from probeline.execution.ray.scheduler import NO_LIMIT, Budget
from probeline.experiment.schema import Experiment
from probeline.tracking.reading.results import store_errors
from probeline.tracking.server.acceptance import check


@dataclass(frozen=True)
class Priced:
    """A plan with its forecast; `measurements`: what was tried for it, in words."""

    plan: Plan
    forecast: Forecast
    measurements: list[str]


def plan(spec: Spec, workspace: Workspace | None = None, gpus: float | None = None) -> Plan:
    """The trials of an experiment and which of them have finished; starts nothing.

    Args:
        spec: a file, a loaded experiment, or the name of one that MLflow holds. gpus: those of a cluster, in place of
            this machine's.

    Raises:
        UserError: a mistake in the spec, data that cannot be read, or MLflow does not answer.
    """
    workspace = workspace or Workspace()
    if not isinstance(spec, Experiment) and not is_file(spec):
        name = fspath(spec)
        experiment_names(workspace.uri, name)
        return stored_plan(workspace.uri, name, None, ())
    experiment = experiment_of(spec)
    with store_errors(workspace.uri):
        check(workspace.uri, experiment.name)
    return make(experiment, workspace.uri, None if gpus is None else cards_elsewhere(gpus))


def priced(
    spec: Spec,
    workspace: Workspace,
    budget: Budget = NO_LIMIT,
    cluster: str | None = None,
    measure: bool = False,
) -> Priced:
    """The plan with its price on this machine, or on a `cluster` of CPUS[,GPUS], and what fits the budget.

    `measure`: try one batch of what has no price. Raises UserError as `plan` does, and for a teacher whose encoder is
    lost.
    """
    planned = plan(spec, workspace, Cluster.parse(cluster).gpus if cluster else None)
    require_teachers(planned, planned.todo, workspace.encoders_at)
    return Priced(
        planned, *forecast.make(planned, workspace.uri, workspace.encoders_at, cluster, budget, measured=measure)
    )
