"""Shell completion: the words that may stand next on a command line, and the script that asks for them.

A shell asks at every TAB. Typer's own completion converts the words before it with pydantic, which takes longer than
all the rest; here the commands' signatures are read instead.
"""

import inspect
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import OptionInfo

from probeline.cli.completers import SHELLS, CommandLine, shells
from probeline.cli.output import FLAG, CommandOutput
from probeline.errors import UserError, writing

app = typer.Typer()

PROGRAM, VARIABLE = "probeline", "_PROBELINE_COMPLETE"
"""The command, and the environment variable by which a shell, whose name is its value, asks it."""

OF_EVERY_COMMAND = (FLAG, "--help")
SCRIPTS = {
    "bash": f"""_probeline() {{
    local IFS=$'\\n'
    COMPREPLY=($({VARIABLE}=bash {PROGRAM} "${{COMP_LINE:0:COMP_POINT}}"))
    [[ $COMPREPLY == *[=/] ]] && compopt -o nospace
}}
complete -F _probeline {PROGRAM}
""",
    "zsh": f"""#compdef {PROGRAM}
_probeline() {{
    local -a offered
    offered=(${{(f)"$({VARIABLE}=zsh {PROGRAM} "${{(@)words[1,CURRENT]}}")"}})
    compadd -S '' -- ${{(M)offered:#*[=/]}}
    compadd -- ${{offered:#*[=/]}}
}}
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -u; }}
compdef _probeline {PROGRAM}
""",
    "fish": f"""function _probeline
    {VARIABLE}=fish {PROGRAM} (commandline -opc) (commandline -ct)
end
complete -c {PROGRAM} -f -a '(_probeline)'
""",
}
START_UP = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/completions/probeline.fish"}
"""The file that a shell reads when it starts."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a command: its option words, () for an argument; `complete` offers its values."""

    name: str
    words: tuple[str, ...]
    flag: bool
    several: bool
    complete: Callable[[CommandLine, str], Iterator[str]] | None


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.", autocompletion=shells)],
    install: Annotated[bool, typer.Option("--install", help="Add it to the file that the shell starts with.")] = False,
) -> CommandOutput:
    """Print what makes a shell complete commands, specs, scales, keys and trial ids, or install it."""
    if shell not in SCRIPTS:
        raise UserError(f"completion {shell}: unknown; there are {', '.join(SHELLS)}")
    if not install:
        return CommandOutput({"shell": shell, "script": SCRIPTS[shell]}, SCRIPTS[shell], end="")
    file = Path(START_UP[shell]).expanduser()
    with writing("--install", file):
        file.parent.mkdir(parents=True, exist_ok=True)
        existing = file.read_text(encoding="utf-8") if file.exists() else ""
        if SCRIPTS[shell] not in existing:
            file.write_text(f"{existing}\n{SCRIPTS[shell]}", encoding="utf-8")
    return CommandOutput({"shell": shell, "file": file}, f"{file} has it; a new {shell} completes {PROGRAM}")


def answer_shell(commands: typer.Typer) -> bool:
    """Whether a shell asked; then the words that may stand next are printed, a line each."""
    shell = os.environ.get(VARIABLE)
    if shell not in SCRIPTS:
        return False
    words = split_line(sys.argv[1]) if shell == "bash" else sys.argv[2:]
    *_, incomplete = words or [""]
    # Bash takes a word apart at these signs, and puts only the last part in place of what it completes.
    start = max(incomplete.rfind(":"), incomplete.rfind("=")) + 1 if shell == "bash" else 0
    print("\n".join(each[start:] for each in candidates(words, callbacks(commands))))
    return True


def split_line(line: str) -> list[str]:
    """The words behind the program's name in a line up to the cursor; the last one is incomplete, or ""."""
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)[1:]
        except ValueError:  # a quotation that is still open
            continue
        return [*words, ""] if line[-1:].isspace() and not closing else words
    return [""]


def callbacks(commands: typer.Typer) -> dict[str, Callable[..., Any]]:
    """The function of every command of an app and of the apps in it, by the command's name."""
    by_name = {}
    for info in commands.registered_commands:
        if info.callback is not None:
            by_name[info.name or info.callback.__name__.replace("_", "-")] = info.callback
    for group in commands.registered_groups:
        by_name |= callbacks(group.typer_instance) if group.typer_instance else {}
    return by_name


def candidates(words: Sequence[str], functions: Mapping[str, Callable[..., Any]]) -> list[str]:
    """What the last, incomplete one of the words may be."""
    *before, incomplete = words or [""]
    at = next((number for number, word in enumerate(before) if not word.startswith("-")), None)
    if at is None:
        return [name for name in (*functions, "--version", "--help") if name.startswith(incomplete)]
    if before[at] not in functions:
        return []
    return _of_command(parameters(functions[before[at]]), before[at + 1 :], incomplete)


def _of_command(declared: Sequence[Parameter], before: Sequence[str], incomplete: str) -> list[str]:
    options = {word: one for one in declared for word in one.words}
    arguments = [one for one in declared if not one.words]
    given: dict[str, str] = {}
    waiting: Parameter | None = None
    for word in before:
        option, equals, value = word.partition("=")
        if waiting is not None:
            given[waiting.name], waiting = word, None
        elif option in options:
            if equals:
                given[options[option].name] = value
            waiting = None if equals or options[option].flag else options[option]
        elif arguments and not word.startswith("-"):
            given.setdefault(arguments[0].name, word)
            arguments = arguments if arguments[0].several else arguments[1:]
    option, equals, value = incomplete.partition("=")
    if waiting is None and equals and option in options:
        return [f"{option}={each}" for each in _values(options[option], given, value)]
    if waiting is None and incomplete.startswith("-"):
        return [word for word in (*options, *OF_EVERY_COMMAND) if word.startswith(incomplete)]
    wanted = waiting or next(iter(arguments), None)
    return _values(wanted, given, incomplete) if wanted is not None else []


def _values(wanted: Parameter, given: Mapping[str, str], incomplete: str) -> list[str]:
    return list(wanted.complete(CommandLine(given), incomplete)) if wanted.complete else []


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """The options and arguments of a command's function, in order."""
    return [_parameter(one.name, one.annotation) for one in inspect.signature(function).parameters.values()]


def _parameter(name: str, annotation: Any) -> Parameter:
    kind, (info, *_) = annotation.__origin__, annotation.__metadata__
    written = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
    words = tuple(each for each in written if each.startswith("--"))
    if isinstance(info, OptionInfo):
        words = words or ((f"--{name}", f"--no-{name}") if kind is bool else (f"--{name.replace('_', '-')}",))
    return Parameter(name, words, kind is bool, "list[" in str(kind), info.autocompletion)
