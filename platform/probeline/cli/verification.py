"""Commands that run trials again: verify, replay; they are part of `cli.app`."""

from typing import Annotated

import typer

from probeline.cli.messages import echo
from probeline.cli.options import NoPlugins, ScaleOption, Sets, Spec, Tracking
from probeline.cli.output import CommandOutput

app = typer.Typer()


@app.command()
def verify(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    share: Annotated[float, typer.Option(help="Of the finished trials, those that run again; at least one.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Another one chooses other trials.")] = 0,
    no_plugins: NoPlugins = False,
) -> CommandOutput:
    """Run a random share of the finished trials again from their stored recipes, and compare every number."""
    from probeline.api.planning import plan
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace
    from probeline.execution import verification
    from probeline.tracking.reading.verification import stored
    from probeline.tracking.server.location import check_writable
    from probeline.tracking.writing.verification import record

    workspace = Workspace(tracking_uri=tracking_uri)
    trial_plan, uri = plan(load(spec, scale, sets or ()), workspace), workspace.uri
    check_writable(uri)
    trials = verification.chosen(trial_plan, share, seed)
    cells = {trial.cell.label for trial in trials}
    seeds = [trial.id for trial in trial_plan.trials if trial.cell.label in cells]
    outcomes = []
    for outcome in verification.replays(trial_plan, trials, stored(uri, seeds, [trial.id for trial in trials])):
        record(uri, outcome.run_id, verification.as_tag(outcome))
        outcomes.append(outcome)
        echo(str(outcome))
    good = sum(outcome.good for outcome in outcomes)
    return CommandOutput(
        [verification.as_dict(outcome) for outcome in outcomes],
        f"{good} of {len(outcomes)} trials stand; {trial_plan.counts().get('finished', 0)} have finished",
        0 if good == len(outcomes) else 1,
    )


@app.command()
def replay(
    trial: Annotated[str, typer.Argument(help="A trial's id, or its first digits.")],
    tracking_uri: Tracking = None,
    step: Annotated[
        bool, typer.Option("--step", help="The step at which it diverged: what such a trial keeps.")
    ] = True,
) -> CommandOutput:
    """Run the step again at which a trial diverged: its loss, its gradients, the first tensor that is not finite."""
    from probeline.errors import UserError
    from probeline.tracking.reading.results import find
    from probeline.tracking.reading.verification import diverged_step
    from probeline.tracking.server.location import resolve

    uri = resolve(tracking_uri)
    run = find(uri, trial)
    step_state = diverged_step(uri, run["run_id"])
    if step_state is None:
        raise UserError(
            f"trial {run['trial_id']} ({run['status']}) has kept no step; one that diverges keeps one, unless it has "
            "several workers, or weights and momentum of more than 512 MiB"
        )
    from probeline.training import step_replay

    outcome = step_replay.replay(*step_state)
    return CommandOutput(step_replay.as_dict(outcome), step_replay.text(outcome))
