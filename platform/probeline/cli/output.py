"""What a command answers: a text, or with --json one JSON value, and then nothing else on standard output."""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand

from probeline.cli.messages import echo, say

FLAG = "--json"
_standard_output: list[TextIO] = []
"""Where the answer goes while everything else that is printed goes to standard error; empty without --json."""


@dataclass(frozen=True)
class CommandOutput:
    """`data`: JSON-able, of the shape that `shapes.SHAPES` has for the command; `text`: for a person, "" for none."""

    data: Any
    text: str = ""
    exit_code: int = 0
    end: str = "\n"


@cache
def _flag() -> Any:
    """The option --json, made by typer of a command that has no other."""
    alone = typer.Typer(add_completion=False)

    @alone.command()
    def command(
        as_json: Annotated[bool, typer.Option(FLAG, expose_value=False, help="Print JSON instead of text.")] = False,
    ) -> None:
        """Never run."""

    return typer.main.get_command(alone).params[0]


class JsonCommand(TyperCommand):
    """A command that returns a CommandOutput, and takes --json."""

    def get_params(self, ctx: Any) -> list[Any]:
        own = super().get_params(ctx)
        return [*own[:-1], _flag(), *own[-1:]]  # --help stays the last

    def invoke(self, ctx: Any) -> None:
        output = super().invoke(ctx)
        if isinstance(output, CommandOutput):
            emit(output)
            raise typer.Exit(output.exit_code)


def with_json(app: typer.Typer, shapes: Mapping[str, str]) -> None:
    """Makes every command of an app, and of the apps in it, one with --json; `shapes`: of their JSON, for --help."""
    for info in app.registered_commands:
        name = info.name or (info.callback.__name__ if info.callback else "")
        info.cls, info.epilog = JsonCommand, shapes[name.rstrip("_").replace("_", "-")]
    for group in app.registered_groups:
        if group.typer_instance is not None:
            with_json(group.typer_instance, shapes)


def emit(output: CommandOutput) -> None:
    """Prints the answer, as JSON where that was asked for."""
    if _standard_output:
        print(json.dumps(plain(output.data), indent=1, allow_nan=False), file=_standard_output[0], flush=True)
    elif output.text:
        echo(output.text, end=output.end)


def emit_error(message: str, exit_code: int) -> None:
    """Prints why a command failed: on standard error, and as JSON where that was asked for."""
    say(message)
    if _standard_output:
        emit(CommandOutput({"error": {"message": message, "exit_code": exit_code}}))


@contextmanager
def json_if(asked: bool) -> Iterator[None]:
    """With `asked` only answers, as JSON, reach standard output; whatever else is printed goes to standard error."""
    if not asked:
        yield
        return
    _standard_output.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _standard_output.clear()


def print_to_standard_error() -> None:
    """With --json lets what a program prints that this process becomes, or starts, go to standard error."""
    if _standard_output:
        os.dup2(2, 1)


def plain(value: Any) -> Any:
    """A value as JSON has it: null where it is not finite or missing, ISO 8601 for times, text for all else."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else str(value)
