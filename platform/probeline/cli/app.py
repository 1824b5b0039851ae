"""The command line: one short function a command. Nothing heavy is imported before a command needs it."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import (
    board,
    catalog,
    cluster,
    collection,
    completion,
    dashboard,
    data,
    inspection,
    report,
    spec_files,
    storage,
    verification,
)
from probeline.cli.messages import accept_any_locale, echo, log_safely, message_of
from probeline.cli.options import (
    ClusterSize,
    Folder,
    MaxGpuHours,
    MaxHours,
    MaxTrials,
    NoPlugins,
    ScaleOption,
    Sets,
    Spec,
    Spread,
    StorageUri,
    Suggest,
    Tracking,
    same_trials,
    working_folder,
)
from probeline.cli.output import FLAG, CommandOutput, emit, emit_error, json_if, with_json
from probeline.cli.shapes import SHAPES
from probeline.cli.utf8 import ensure_utf8
from probeline.experiment.collection_file import is_collection

app = typer.Typer(
    help="Declare an ablation in YAML, train and evaluate every cell, publish what can be believed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def plan(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    folder: Folder = Path(".probeline"),
    storage: StorageUri = None,
    max_hours: MaxHours = None,
    max_gpu_hours: MaxGpuHours = None,
    max_trials: MaxTrials = None,
    cluster: ClusterSize = None,
    measure: Annotated[bool, typer.Option("--measure", help="Try one batch of what has no price yet.")] = False,
    suggest: Suggest = False,
    spread: Spread = None,
    no_plugins: NoPlugins = False,
) -> CommandOutput:
    """Show what a run would do: cells, what is new, finished or failed, what it costs, what fits a budget."""
    from probeline.api.planning import priced
    from probeline.api.running import Budget
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace
    from probeline.execution.planning import forecast, prospects
    from probeline.execution.planning.gpu_use import unused_gpus
    from probeline.execution.planning.plan_text import as_dict, text
    from probeline.tracking.writing.gpus import gpus

    budget, workspace = Budget(max_hours, max_gpu_hours, max_trials), Workspace(folder, tracking_uri, storage)
    if is_collection(spec):
        return collection.plan(spec, scale, sets, workspace, (max_hours, max_gpu_hours, max_trials, cluster))
    estimate = priced(load(spec, scale, sets or ()), workspace, budget, cluster, measure)
    chances = prospects.of_plan(estimate.plan, workspace.uri, spread)
    unused = None if cluster else unused_gpus(estimate.plan.experiment.resources, gpus())
    notes = [f"note: {unused}"] if unused else []
    prices = ["", *estimate.measurements, forecast.text(estimate.forecast, estimate.plan), ""]
    lines = [text(estimate.plan), *notes, *prices, *prospects.text(chances, suggest)]
    answer = as_dict(estimate.plan) | {"forecast": forecast.as_dict(estimate.forecast)} | prospects.as_dict(chances)
    return CommandOutput(answer, "\n".join(lines).rstrip())


@app.command()
def run(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    address: Annotated[
        str | None, typer.Option(help="Join this Ray cluster (or `auto`) instead of a local one.")
    ] = None,
    folder: Folder = Path(".probeline"),
    storage: StorageUri = None,
    max_hours: MaxHours = None,
    max_gpu_hours: MaxGpuHours = None,
    max_trials: MaxTrials = None,
    cluster: ClusterSize = None,
    no_plugins: NoPlugins = False,
) -> CommandOutput:
    """Train and evaluate what has not finished yet; Ctrl-C stops, the same command resumes."""
    from probeline.api import running
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace

    budget, workspace = running.Budget(max_hours, max_gpu_hours, max_trials), Workspace(folder, tracking_uri, storage)
    if is_collection(spec):
        return collection.run(spec, scale, sets, address, workspace, budget)
    experiment = load(spec, scale, sets or ())
    outcome = running.run(experiment, workspace, budget, address, cluster, echo)
    result = {"experiment": experiment.name} | outcome.as_dict()
    output = CommandOutput(result, outcome.summary(same_trials(spec, scale, sets, tracking_uri)), outcome.exit_code)
    if outcome.stranded:
        emit(output)
        os._exit(outcome.exit_code)
    return output


app.add_typer(report.app)  # report, compare
app.add_typer(inspection.app)  # ui, show, views, doctor
app.add_typer(dashboard.app)  # dash
app.add_typer(data.app)  # data
app.add_typer(cluster.app)  # submit, logs, stop
app.add_typer(storage.app)  # gc
app.add_typer(catalog.app)  # list, schema
app.add_typer(spec_files.app)  # show-spec, lint, init
app.add_typer(completion.app)  # completion
app.add_typer(verification.app)  # verify, replay
app.add_typer(board.app)  # board


@app.command()
def status(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    address: Annotated[str | None, typer.Option(help="Show its jobs on this cluster, http://HEAD:8265.")] = None,
) -> CommandOutput:
    """Show every trial's state, failures with their reason; with --address its jobs on a Ray cluster."""
    if address:
        return cluster.jobs_of(str(spec), address)
    from probeline.api.planning import plan
    from probeline.api.specs import load
    from probeline.api.workspace import Workspace
    from probeline.execution.planning.plan_text import rows, status_text

    if is_collection(spec):
        return collection.status(spec, scale, sets, Workspace(tracking_uri=tracking_uri))
    trial_plan = plan(load(spec, scale, sets or ()), Workspace(tracking_uri=tracking_uri))
    return CommandOutput(rows(trial_plan), status_text(trial_plan))


@app.callback(invoke_without_command=True)
def version(show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show_version:
        from probeline import __version__

        echo(__version__)
        raise typer.Exit


with_json(app, SHAPES)


def main() -> None:
    """Runs the command; a failure that the user can do something about is its message and exit code 2."""
    if completion.answer_shell(app):
        return
    ensure_utf8()
    accept_any_locale()
    log_safely()
    as_json = FLAG in sys.argv[1:]
    with json_if(as_json):
        try:
            sys.path.append(str(working_folder()))  # plug-ins of the project one stands in, by dotted name
            sys.exit(app(standalone_mode=not as_json, prog_name=completion.PROGRAM))
        except Exception as error:
            message = message_of(error)
            if message is None:
                raise
            emit_error(message, 2)
            sys.exit(2)


if __name__ == "__main__":
    main()
