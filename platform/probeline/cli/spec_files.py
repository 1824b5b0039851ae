"""The commands on spec files alone: show-spec, lint, init; they are part of `cli.app`."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from probeline.cli import completers
from probeline.cli.options import NoPlugins, Spec
from probeline.cli.output import CommandOutput
from probeline.errors import UserError, writing

app = typer.Typer()


@app.command()
def show_spec(spec: Spec) -> CommandOutput:
    """Show a spec with all that it extends as one file, and behind each value the file and line that wrote it."""
    from probeline.experiment.extends import read
    from probeline.experiment.problems import SpecError
    from probeline.experiment.rendering import origins, rendered

    tree = read(spec)
    if tree.problems:
        raise SpecError(tree.problems)
    return CommandOutput(origins(tree), rendered(tree), end="")


@app.command()
def lint(
    specs: Annotated[list[Path], typer.Argument(help="Experiments and collections.", autocompletion=completers.specs)],
    no_plugins: NoPlugins = False,
) -> CommandOutput:
    """Check spec files and run nothing: path:line:column of each mistake, and exit code 2 where there is one."""
    from probeline.experiment import lint as linting

    mistakes = list(linting.lint(specs))
    return CommandOutput(mistakes, "\n".join(map(str, mistakes)), exit_code=2 if mistakes else 0)


@app.command()
def init(
    spec: Annotated[Path, typer.Argument(help="The file to write.")] = Path("experiment.yaml"),
    data: Annotated[str | None, typer.Option(help="A data set's name, or a folder of images.")] = None,
    methods: Annotated[str | None, typer.Option(help="Methods to compare, with commas between.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds of every cell.")] = None,
) -> CommandOutput:
    """Write a first spec that runs, from three questions or from the options of the same names."""
    from probeline.experiment.starter import starter_text

    if spec.exists():
        raise UserError(f"{spec}: exists already; name another file, `probeline init FILE`")
    data = data or _answer("Data set, or a folder of images (probeline list datasets)", "digits", "--data")
    methods = methods or _answer("Methods to compare (probeline list methods)", "simclr,random_init", "--methods")
    seeds = seeds or int(_answer("Seeds, at least 2 for an interval", "3", "--seeds", "[1-9][0-9]{0,3}"))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", spec.stem).strip("-_.") or "experiment"
    text = starter_text(name, data, [each.strip() for each in methods.split(",") if each.strip()], seeds)
    with writing("spec", spec):
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(text)
    following = f"probeline plan {spec} --scale smoke, then probeline run {spec} --scale smoke"
    return CommandOutput({"file": spec}, f"{spec} is written; next: {following}")


def _answer(question: str, default: str, option: str, pattern: str = ".+") -> str:
    """What a person answers, asked again until it is of this form. Raises UserError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise UserError(f"{option}: missing, and there is no terminal to ask at; such as {option} {default}")
    answer = ""
    while not re.fullmatch(pattern, answer):
        answer = str(typer.prompt(question, default=default)).strip()
    return answer
