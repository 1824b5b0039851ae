"""Commands that speak to a Ray cluster's job server: submit, logs, stop; they are part of `cli.app`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from probeline.cli.messages import echo
from probeline.cli.options import MaxGpuHours, MaxHours, MaxTrials, NoPlugins, ScaleOption, Sets, Spec
from probeline.cli.output import CommandOutput

if TYPE_CHECKING:
    from probeline.execution.jobs.client import Job

app = typer.Typer()

INCLUDE = "Pack these though git does not track them; repeatable."
ALLOW = "Pack these though they look as if they held a secret; repeatable."

JobServer = Annotated[
    str, typer.Option(help="The head's job server, http://HEAD:8265.", envvar="RAY_API_SERVER_ADDRESS")
]
JobName = Annotated[str, typer.Argument(metavar="JOB|SPEC", help="A job's id, or an experiment's file or name.")]


@app.command()
def submit(
    spec: Spec,
    address: JobServer,
    scale: ScaleOption = None,
    sets: Sets = None,
    tracking_uri: Annotated[str | None, typer.Option(help="MLflow's address; else the cluster's environment.")] = None,
    folder: Annotated[str | None, typer.Option(help="On the cluster; else PROBELINE_FOLDER there.")] = None,
    storage: Annotated[str | None, typer.Option(help="As of `run`, seen from the cluster.")] = None,
    include: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help=INCLUDE)] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="Leave these here; repeatable.")] = None,
    allow: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help=ALLOW)] = None,
    max_hours: MaxHours = None,
    max_gpu_hours: MaxGpuHours = None,
    max_trials: MaxTrials = None,
    no_plugins: NoPlugins = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not show the log.")] = False,
) -> CommandOutput:
    """Run it as a job of a Ray cluster: packs this folder, shows the log; Ctrl-C only stops showing it."""
    from probeline.execution.jobs.client import connect
    from probeline.execution.jobs.files import Selection
    from probeline.execution.jobs.job_spec import job_spec, needed_files
    from probeline.execution.jobs.package import package

    budget = (max_hours, max_gpu_hours, max_trials)
    order = job_spec(spec, Path.cwd(), scale, sets or (), budget, tracking_uri, folder, storage)
    order = replace(order, arguments=(*order.arguments, "--no-plugins")) if no_plugins else order
    jobs = connect(address)
    selection = Selection(include or (), exclude or (), allow or ())
    with package(Path.cwd(), order, selection, needed_files(spec, scale, sets or ())) as packed:
        echo(packed.summary())
        job = jobs.submit(packed, order.experiment)
    echo(f"submitted as {job}; it goes on without this machine\n")
    submitted = {"job": job, "experiment": order.experiment, "packed": packed.files}
    submitted["omitted"] = {str(path): why for path, why in packed.omitted.items()}
    if detach:
        return CommandOutput(submitted | {"state": "SUBMITTED", "exit_code": None})
    ended = _follow(address, job)
    return CommandOutput(submitted | {"state": ended.state, "exit_code": ended.exit_code}, f"\n{ended}", _code(ended))


@app.command()
def logs(
    job: JobName, address: JobServer, follow: Annotated[bool, typer.Option(help="Until it ends.")] = True
) -> CommandOutput:
    """Show the log of a job on a Ray cluster, as it grows."""
    from probeline.execution.jobs.client import connect

    jobs = connect(address)
    selected = jobs.find(experiment_or_job(job))
    if not follow:
        log = jobs.log(selected.id)
        return CommandOutput({"job": selected.id, "state": selected.state, "log": log}, log, end="")
    ended = _follow(address, selected.id)
    result = {"job": ended.id, "state": ended.state, "log": jobs.log(ended.id)}
    return CommandOutput(result, f"\n{ended}", _code(ended))


@app.command()
def stop(job: JobName, address: JobServer) -> CommandOutput:
    """End a job on a Ray cluster; its trials keep their state, and `submit` resumes them."""
    from probeline.execution.jobs.client import connect

    jobs = connect(address)
    selected = jobs.find(experiment_or_job(job))
    ended = selected if selected.over else jobs.stop(selected.id)
    return CommandOutput(ended, str(ended))


def experiment_or_job(name: str) -> str:
    """The name in an experiment's file, or what was said."""
    from probeline.experiment.load import load

    return load(name).name if name.endswith((".yaml", ".yml")) else name


def _follow(address: str, job: str) -> "Job":
    """Shows a job's log to its end."""
    from probeline.execution.jobs.client import connect

    try:
        return connect(address).follow(job, lambda text: echo(text, end=""))
    except KeyboardInterrupt:
        echo(f"\n{job} goes on.  Its log: probeline logs {job}   Its end: probeline stop {job}")
        raise typer.Exit(130) from None


def _code(ended: "Job") -> int:
    """A job's exit code, which becomes the command's."""
    return 0 if ended.state == "SUCCEEDED" else ended.exit_code or 1


def jobs_of(name: str, address: str) -> CommandOutput:
    """An experiment's jobs on a cluster, the latest first."""
    from probeline.execution.jobs.client import connect

    jobs = connect(address).of(experiment_or_job(name))
    return CommandOutput({"jobs": jobs}, "\n".join(map(str, jobs)) or "no jobs on this cluster")
