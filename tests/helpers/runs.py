"""A run of a spec in this process."""

import io

from probeline.execution.planning.plan import make
from probeline.execution.progress import ProgressDisplay
from probeline.execution.run import RunEnvironment, run
from probeline.experiment.load import load
from probeline.tracking.writing.experiments import describe
from rich.console import Console


def go(spec, uri, **options):
    plan = make(load(spec, **options), uri)
    info = describe(plan.experiment, spec.read_text(), {"git_commit": "abc"})
    watch = ProgressDisplay(plan.todo, 0, Console(file=io.StringIO()))
    return plan, run(plan, info, RunEnvironment(spec.parent / ".probeline", uri), watch)
