"""The command line: one short function a command. Nothing heavy is imported before a command needs it."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from probeline import __version__
from probeline.cli import board, catalog, cluster, collection, dashboard, data, report, spec_files, storage, verification
from probeline.cli.messages import accept_any_locale, echo, log_safely, message_of, say
from probeline.cli.options import (
    AsJson,
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
    planned,
    storage_of,
    working_folder,
    writable_folder,
)
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
    as_json: AsJson = False,
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
) -> None:
    """Show what a run would do: cells, what is new, finished or failed, what it costs, what fits a budget."""
    from probeline.execution.planning import forecast, prospects
    from probeline.execution.planning.gpu_use import unused_gpus
    from probeline.execution.planning.plan_text import as_dict, text
    from probeline.execution.ray.scheduler import Budget
    from probeline.tracking.writing.gpus import gpus

    if is_collection(spec):
        collection.plan(spec, scale, sets, tracking_uri)
        return
    gpus_elsewhere = forecast.Cluster.parse(cluster).gpus if cluster else None
    trial_plan, uri = planned(spec, scale, sets, tracking_uri, gpus_elsewhere)
    budget = Budget(max_hours, max_gpu_hours, max_trials)
    estimate, measurements = forecast.make(trial_plan, uri, storage_of(storage, folder), cluster, budget, measure)
    chances = prospects.of_plan(trial_plan, uri, spread)
    if as_json:
        whole = as_dict(trial_plan) | {"forecast": forecast.as_dict(estimate)} | prospects.as_dict(chances)
        print(json.dumps(whole, indent=1))
    else:
        unused = None if cluster else unused_gpus(trial_plan.experiment.resources, gpus())
        notes = [f"note: {unused}"] if unused else []
        prices = ["", *measurements, forecast.text(estimate, trial_plan), ""]
        echo("\n".join([text(trial_plan), *notes, *prices, *prospects.text(chances, suggest)]).rstrip())


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
) -> None:
    """Train and evaluate what has not finished yet; Ctrl-C stops, the same command resumes."""
    from rich.console import Console

    from probeline.execution.jobs.job_entrypoint import submitted_provenance
    from probeline.execution.notifications import silence
    from probeline.execution.planning import forecast, planned_tuning_trials
    from probeline.execution.planning.gpu_use import unused_gpus
    from probeline.execution.planning.plan_text import headline
    from probeline.execution.progress import watch
    from probeline.execution.ray.address import target
    from probeline.execution.ray.scheduler import Budget
    from probeline.execution.run import RunEnvironment
    from probeline.execution.run import run as run_plan
    from probeline.experiment.rendering import whole_text
    from probeline.tracking.server.location import check_writable
    from probeline.tracking.writing.experiments import describe
    from probeline.tracking.writing.gpus import gpus
    from probeline.tracking.writing.provenance import collect

    if is_collection(spec):
        collection.run(spec, scale, sets, tracking_uri, address, folder, storage)
    storage_path = storage_of(storage, folder)
    joined = bool(target(address).address)
    trial_plan, uri = planned(spec, scale, sets, tracking_uri, 0 if joined else None)
    writable_folder("--folder", folder)
    check_writable(uri)
    silent = silence(trial_plan.experiment.notify)
    unused = None if joined else unused_gpus(trial_plan.experiment.resources, gpus())
    echo("\n".join([*(f"note: {note}" for note in (*trial_plan.notes, unused, silent) if note), headline(trial_plan)]))
    budget = Budget(max_hours, max_gpu_hours, max_trials)
    todo, fits = trial_plan.todo, planned_tuning_trials.trials(trial_plan)
    if budget:
        estimate, _ = forecast.make(trial_plan, uri, storage_path, cluster, budget)
        todo, budget, fits = estimate.planned(trial_plan), estimate.held(budget), estimate.fits
        echo("\n".join(forecast.left_text(estimate) or ["the budget holds all of it, as far as is known"]))
    chosen_ids = {trial.id for trial in todo}
    display = watch(
        todo, trial_plan.counts().get("finished", 0), Console(), [trial for trial in fits if trial.id not in chosen_ids]
    )
    info = describe(trial_plan.experiment, whole_text(spec), collect(spec.resolve().parent) | submitted_provenance())
    outcome = run_plan(trial_plan, info, RunEnvironment(folder, uri, address, storage_path), display, budget, todo)
    echo(outcome.summary(str(spec)))
    if outcome.stranded:
        os._exit(outcome.exit_code)
    raise typer.Exit(outcome.exit_code)


app.add_typer(report.app)  # report, compare
app.add_typer(board.app)  # board
app.add_typer(dashboard.app)  # dash
app.add_typer(data.app)  # data
app.add_typer(cluster.app)  # submit, logs, stop
app.add_typer(storage.app)  # gc
app.add_typer(catalog.app)  # list, schema
app.add_typer(spec_files.app)  # show-spec, lint, init
app.add_typer(verification.app)  # verify, replay


@app.command()
def status(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    as_json: AsJson = False,
    address: Annotated[str | None, typer.Option(help="Show its jobs on this cluster, http://HEAD:8265.")] = None,
) -> None:
    """Show every trial's state, failures with their reason; with --address its jobs on a Ray cluster."""
    if address:
        return cluster.show_jobs(str(spec), address)
    if is_collection(spec):
        return collection.status(spec, scale, sets, tracking_uri)
    from probeline.execution.planning.plan_text import rows, status_text

    trial_plan = planned(spec, scale, sets, tracking_uri)[0]
    print(json.dumps(rows(trial_plan), indent=1)) if as_json else echo(status_text(trial_plan))


@app.command()
def ui(
    tracking_uri: Tracking = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")] = 5000,
    host: Annotated[str, typer.Option(help="Who may connect; the default is this machine only.")] = "127.0.0.1",
) -> None:
    """Open MLflow's user interface on the results."""
    from probeline.tracking.server.artifact_folders import follow_moved_database
    from probeline.tracking.server.location import ARTIFACTS, TRAINING, resolve, sqlite_file

    uri = resolve(tracking_uri)
    follow_moved_database(uri)
    echo(f"MLflow on {uri}: http://{host}:{port}/#/experiments{TRAINING}  (Ctrl-C stops it)")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", host, "--port", str(port)]
    sqlite = sqlite_file(uri)
    if sqlite is not None:
        command += ["--default-artifact-root", (sqlite.parent / ARTIFACTS).as_uri()]
    os.execv(sys.executable, command)


@app.command()
def show(
    trial: Annotated[str, typer.Argument(help="A trial's id, or its first digits.")],
    tracking_uri: Tracking = None,
) -> None:
    """Show one trial: recipe, results, provenance, and where its run is."""
    from probeline.tracking.reading.results import find
    from probeline.tracking.server.location import resolve

    print(json.dumps(find(resolve(tracking_uri), trial), indent=1, default=str))


@app.command()
def views(
    spec: Spec,
    scale: ScaleOption = None,
    sets: Sets = None,
    cell: Annotated[str | None, typer.Option(help="A cell's label; else the first that makes views.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; else .probeline/views/<name>.png.")] = None,
    samples: Annotated[int, typer.Option(help="How many samples.")] = 8,
    epoch: Annotated[int, typer.Option(help="Which epoch's views, from 0.")] = 0,
    folder: Folder = Path(".probeline"),
) -> None:
    """Draw what the encoder will see: a few training samples and the views that the method makes of them."""
    from probeline.execution.planning.preview import write
    from probeline.experiment.load import load

    experiment = load(spec, scale, sets or ())
    path = out or folder / "views" / f"{experiment.name}.png"
    echo(write(experiment, cell, samples, epoch, path).resolve())


@app.command()
def doctor(
    spec: Annotated[Path | None, typer.Argument(help="Check that this experiment fits the machine, too.")] = None,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    folder: Folder = Path(".probeline"),
) -> None:
    """Check this machine: what is wrong and what to do."""
    from probeline.cli.doctor import examine
    from probeline.experiment.load import load

    resources = load(spec, scale, sets or ()).resources if spec else None
    findings = list(examine(tracking_uri, folder, resources))
    for finding in findings:
        echo(finding)
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


@app.callback(invoke_without_command=True)
def version(show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show_version:
        echo(__version__)
        raise typer.Exit


def main() -> None:
    """Runs the command; a failure that the user can do something about is its message and exit code 2."""
    ensure_utf8()
    accept_any_locale()
    log_safely()
    try:
        sys.path.append(str(working_folder()))  # plug-ins of the project one stands in, by dotted name
        app()
    except Exception as error:
        message = message_of(error)
        if message is None:
            raise
        say(message)
        sys.exit(2)


if __name__ == "__main__":
    main()
