"""Commands that speak to a Ray cluster's job server: submit, logs, stop; they are part of `cli.app`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli.messages import echo
from probeline.cli.options import MaxGpuHours, MaxHours, MaxTrials, NoPlugins, ScaleOption, Sets, Spec

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
) -> None:
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
    if not detach:
        _follow(address, job)


@app.command()
def logs(job: JobName, address: JobServer, follow: Annotated[bool, typer.Option(help="Until it ends.")] = True) -> None:
    """Show the log of a job on a Ray cluster, as it grows."""
    from probeline.execution.jobs.client import connect

    jobs = connect(address)
    selected = jobs.find(experiment_or_job(job))
    if follow:
        _follow(address, selected.id)
    else:
        echo(jobs.log(selected.id), end="")


@app.command()
def stop(job: JobName, address: JobServer) -> None:
    """End a job on a Ray cluster; its trials keep their state, and `submit` resumes them."""
    from probeline.execution.jobs.client import connect

    jobs = connect(address)
    selected = jobs.find(experiment_or_job(job))
    echo(selected if selected.over else jobs.stop(selected.id))


def experiment_or_job(name: str) -> str:
    """The name in an experiment's file, or what was said."""
    from probeline.experiment.load import load

    return load(name).name if name.endswith((".yaml", ".yml")) else name


def _follow(address: str, job: str) -> None:
    """Shows a job's log to its end; its exit code is ours."""
    from probeline.execution.jobs.client import connect

    try:
        ended = connect(address).follow(job, lambda text: echo(text, end=""))
    except KeyboardInterrupt:
        echo(f"\n{job} goes on.  Its log: probeline logs {job}   Its end: probeline stop {job}")
        raise typer.Exit(130) from None
    echo(f"\n{ended}")
    raise typer.Exit(0 if ended.state == "SUCCEEDED" else ended.exit_code or 1)


def show_jobs(name: str, address: str) -> None:
    """Prints an experiment's jobs on a cluster, the latest first."""
    from probeline.execution.jobs.client import connect

    echo("\n".join(map(str, connect(address).of(experiment_or_job(name)))) or "no jobs on this cluster")
