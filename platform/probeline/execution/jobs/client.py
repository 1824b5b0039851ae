"""Experiments as jobs of a Ray cluster: submitted, followed, listed and stopped through its job server."""

import asyncio
import contextlib
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from probeline.errors import UserError, parsing
from probeline.execution.jobs.package import Package
from probeline.storage.redaction import redacted

if TYPE_CHECKING:
    from ray.job_submission import JobDetails, JobSubmissionClient

PATIENCE = 5.0  # seconds to wait for a server that does not answer
AGAIN = 2.0  # seconds before a log whose connection broke is asked for again
LOST = 60.0  # seconds without an answer after which following gives up; the job does not
STOP = 120  # seconds that a stopped job has to put its state away; Ray's own 3 are too few for a checkpoint
ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
EXPERIMENT = "probeline.experiment"


@dataclass(frozen=True)
class Job:
    """A job as a person sees it."""

    id: str
    experiment: str
    state: str
    started: datetime | None
    ended: datetime | None
    message: str
    exit_code: int | None = None

    @property
    def over(self) -> bool:
        return self.state in ENDED

    def __str__(self) -> str:
        begun = self.started.astimezone().strftime("%Y-%m-%d %H:%M") if self.started else "not started"
        took = f", {(self.ended - self.started).total_seconds() / 60:.0f} min" if self.started and self.ended else ""
        reason = self.message.strip().splitlines()[0] if self.message and self.state == "FAILED" else ""
        reason = reason.partition(", last available logs")[0]  # the log is shown by itself
        return f"{self.id}  {self.state.lower():9}  {begun}{took}  {reason}".rstrip()


class Jobs:
    """The jobs of one cluster. Made by `connect`."""

    def __init__(self, client: "JobSubmissionClient") -> None:
        self._client = client

    def submit(self, package: Package, experiment: str) -> str:
        """Starts a job and returns its id.

        Raises:
            UserError: the cluster runs this experiment already, or does not take the job.
        """
        at_work = [job for job in self.of(experiment) if not job.over]
        if at_work:
            raise UserError(
                f"{experiment} is at work on this cluster as {at_work[0].id}; see `probeline logs {at_work[0].id}`, "
                f"or end it first with `probeline stop {at_work[0].id}`"
            )
        name = f"{experiment}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        with _client_errors("the cluster does not take the job"):
            return self._client.submit_job(
                entrypoint="python -m probeline.execution.jobs.job_entrypoint",
                submission_id=name,
                runtime_env={
                    "working_dir": str(package.path),
                    "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(STOP)},
                },
                metadata={EXPERIMENT: experiment},
            )

    def of(self, experiment: str) -> list[Job]:
        """An experiment's jobs, the latest first."""
        return [job for job in self.all() if job.experiment == experiment]

    def all(self) -> list[Job]:
        """Every job that was submitted by Probeline, the latest first."""
        with _client_errors("the cluster does not list its jobs"):
            jobs = [_job(each) for each in self._client.list_jobs() if EXPERIMENT in (each.metadata or {})]
        return sorted(jobs, key=lambda job: (job.started is None, job.started, job.id), reverse=True)

    def find(self, name: str) -> Job:
        """The job with this id, or the latest of the experiment with this name.

        Raises UserError where there is none, with those there are.
        """
        jobs = self.all()
        for job in jobs:
            if name in (job.id, job.experiment):
                return job
        names = ", ".join(job.id for job in jobs[:5]) or "none"
        raise UserError(f"job {name!r}: not on this cluster; it knows {names}")

    def follow(self, job_id: str, show: Callable[[str], None]) -> Job:
        """Shows a job's log as it grows, from its beginning, until the job ends; a broken connection is made anew.

        Raises UserError where the server does not answer for a minute.
        """
        shown, heard = 0, time.monotonic()
        while True:
            seen = 0

            async def tail() -> None:
                nonlocal seen, shown, heard
                async for text in self._client.tail_job_logs(job_id):
                    seen, heard = seen + len(text), time.monotonic()
                    if seen > shown:  # what came before the connection broke comes again
                        show(text[-(seen - shown) :])
                        shown = seen

            with contextlib.suppress(*_broken()):
                asyncio.run(tail())
            with contextlib.suppress(*_broken()):
                job = self.find(job_id)
                heard = time.monotonic()
                if job.over:
                    self._rest(job_id, shown, show)
                    return job
            if time.monotonic() - heard > LOST:
                raise UserError(f"the job server does not answer; {job_id} goes on: `probeline logs {job_id}` later")
            time.sleep(AGAIN)

    def log(self, job_id: str) -> str:
        """A job's log so far."""
        with _client_errors("the cluster does not give the log"):
            return self._client.get_job_logs(job_id)

    def stop(self, job_id: str, seconds: float = STOP + 30) -> Job:
        """Ends a job: its trials keep their state. Returns once it has ended, or after `seconds`."""
        with _client_errors("the cluster does not stop the job"):
            self._client.stop_job(job_id)
        until = time.monotonic() + seconds
        while not (job := self.find(job_id)).over and time.monotonic() < until:
            time.sleep(0.5)
        return job

    def _rest(self, job_id: str, shown: int, show: Callable[[str], None]) -> None:
        rest = self.log(job_id)[shown:]
        if rest:
            show(rest)


def connect(address: str) -> Jobs:
    """The jobs of the cluster whose job server is at `address`, such as http://HEAD:8265.

    With RAY_AUTH_MODE=token it is sent the token of RAY_AUTH_TOKEN, of the file RAY_AUTH_TOKEN_PATH or of
    ~/.ray/auth_token.

    Raises:
        UserError: within seconds, where the address cannot be meant, no job server answers, or it wants a token.
    """
    what = f"--address {redacted(address)}"
    with parsing(what, "http://HOST:8265, the address of the head's job server, without a login"):
        parts = urlsplit(address)
        port = parts.port
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise UserError(f"{what}: allowed: http://HOST:8265, the address of the head's job server, without a login")
    try:
        host_and_port = parts.hostname, port or {"http": 80, "https": 443}[parts.scheme]
        socket.create_connection(host_and_port, timeout=PATIENCE).close()
    except (OSError, ValueError) as error:
        raise UserError(
            f"{what}: nothing listens there ({error}); start a head (ray start --head, which needs "
            "`pip install 'probeline[cluster]'`), and from elsewhere forward its port (ssh -L 8265:localhost:8265 HEAD)"
        ) from None
    logging.getLogger("ray").setLevel(logging.ERROR)
    with _client_errors(f"{what}: it does not answer as a job server"):
        from ray.job_submission import JobSubmissionClient

        for name in ("dashboard_sdk", "job.sdk"):  # they have set levels of their own
            logging.getLogger(f"ray.dashboard.modules.{name}").setLevel(logging.ERROR)
        return Jobs(JobSubmissionClient(address))


def _job(details: "JobDetails") -> Job:
    started, ended = (
        datetime.fromtimestamp(at / 1000, UTC) if at else None for at in (details.start_time, details.end_time)
    )
    name = details.submission_id or details.job_id or ""
    return Job(
        name,
        (details.metadata or {})[EXPERIMENT],
        str(details.status.value),
        started,
        ended,
        details.message or "",
        details.driver_exit_code,
    )


def _broken() -> tuple[type[Exception], ...]:
    """What a client raises when the server is away."""
    import aiohttp
    import requests
    from ray.exceptions import RayError  # a token is missing or wrong

    return RayError, RuntimeError, ConnectionError, aiohttp.ClientError, requests.RequestException, UserError, OSError


@contextmanager
def _client_errors(what: str) -> Iterator[None]:
    """Whatever a client raises, as a message; with a remedy where the cause is known."""
    try:
        yield
    except ImportError as error:
        raise UserError(f"{what}: {error}; pip install 'probeline[cluster]'") from None
    except UserError:
        raise
    except _broken() as error:
        said = next(iter(str(error).strip().splitlines()), "") or repr(error)
        raise UserError(f"{what}: {said}{_remedy(error)}") from None


def _remedy(error: Exception) -> str:
    from ray.exceptions import AuthenticationError

    if isinstance(error, AuthenticationError):  # a head has a token as soon as any Ray has run on its machine
        return "; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to what the head's machine has in ~/.ray/auth_token"
    if "No available agent" in str(error):
        return (
            "; the head's agent is not up (yet): of several heads on one machine each needs its own "
            "--dashboard-agent-listen-port"
        )
    return ""
