"""Commands that look at one thing: MLflow, a trial, views, this machine; they are part of `cli.app`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import completers, listening
from probeline.cli.messages import echo
from probeline.cli.options import Folder, ScaleOption, Sets, Spec, Tracking, resolved_spec
from probeline.cli.output import CommandOutput, emit, print_to_standard_error
from probeline.storage.redaction import redacted

app = typer.Typer()


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
    with listening.listen(host, port) as bound:  # MLflow binds the port itself, a moment later
        url, port = f"{listening.url(bound, host)}/#/experiments{TRAINING}", bound.getsockname()[1]
    emit(CommandOutput({"url": url, "tracking_uri": redacted(uri)}, f"MLflow on {uri}: {url}  (Ctrl-C stops it)"))
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", host, "--port", str(port)]
    sqlite = sqlite_file(uri)
    if sqlite is not None:
        command += ["--default-artifact-root", (sqlite.parent / ARTIFACTS).as_uri()]
    print_to_standard_error()
    os.execv(sys.executable, command)


@app.command()
def show(
    trial: Annotated[
        str, typer.Argument(help="A trial's id, or its first digits.", autocompletion=completers.trial_ids)
    ],
    tracking_uri: Tracking = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show the uncommitted changes of the code that ran instead.")
    ] = False,
) -> CommandOutput:
    """Show one trial: recipe, results, provenance, and where its run is."""
    from probeline.api.trials import trial_diff, trial_record

    if diff:
        changes = trial_diff(trial, tracking_uri)
        return CommandOutput(changes.as_dict(), str(changes))
    record = trial_record(trial, tracking_uri)
    return CommandOutput(record, json.dumps(record, indent=1, default=str))


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
) -> CommandOutput:
    """Draw what the encoder will see: a few training samples and the views that the method makes of them."""
    from probeline.api.specs import load
    from probeline.execution.planning.preview import write

    experiment = load(spec, scale, sets or ())
    path = write(experiment, cell, samples, epoch, out or folder / "views" / f"{experiment.name}.png").resolve()
    return CommandOutput({"file": path}, str(path))


@app.command()
def doctor(
    spec: Annotated[
        Path | None,
        typer.Argument(
            help="Check that this experiment fits the machine, too.",
            callback=resolved_spec,
            autocompletion=completers.specs,
        ),
    ] = None,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Tracking = None,
    folder: Folder = Path(".probeline"),
) -> CommandOutput:
    """Check this machine: what is wrong and what to do."""
    from probeline.api.specs import load
    from probeline.cli.doctor import examine

    resources = load(spec, scale, sets or ()).resources if spec else None
    findings = []
    for finding in examine(tracking_uri, folder, resources):
        echo(finding)
        findings.append(finding)
    good = all(finding.good for finding in findings)
    return CommandOutput({"good": good, "findings": findings}, exit_code=0 if good else 1)
