"""Which files of a project go to a cluster: all but what is ignored, made anew, or holds a secret."""

import fnmatch
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from probeline.errors import UserError

MADE_ANEW = (
    *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", "*.py[co]", "*.egg-info"),
    *(".probeline", "mlruns", "mlartifacts", "mlflow.db*", ".*_cache", ".hypothesis", ".ipynb_checkpoints"),
)
"""Names of what a cluster has no use for."""

SECRET = (
    *(".env", ".env.*", "*.env", ".envrc", ".netrc", "_netrc", ".pypirc", ".npmrc", ".git-credentials", ".htpasswd"),
    *(".aws", ".azure", ".docker", ".gnupg", ".kube", ".ssh", "kubeconfig", "credentials", "credentials.*"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.kdbx", "*.tfstate", "id_rsa*", "id_ecdsa*", "id_ed25519*"),
    *("secret", "secrets", "secret.*", "secrets.*", "*service[-_]account*.json"),
)
"""Names of what holds secrets by custom; never packed, whoever tracks them."""

SECRET_VARIABLE = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE)
SHORTEST = 8
"""Letters of the shortest value that is looked for: shorter ones are found everywhere."""

SHAPES = {
    "a private key": re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})"),
    "a Hugging Face token": re.compile(rb"\bhf_[A-Za-z0-9]{34}\b"),
    "a Slack token": re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{20}"),
}


def chosen(root: Path, exclude: Sequence[str] = ()) -> tuple[list[Path], dict[Path, str]]:
    """The files below `root` to pack, sorted, and those left out that a person may wonder about, with the reason.

    In a git repository what git ignores is left out, too. `exclude`: patterns such as `data` or `notes/*.pdf`.
    """
    packed, left = [], {}
    for path in sorted(_listed(root)):
        why = _reason(root, path, exclude)
        if why is None:
            packed.append(path)
        elif why:
            left[path.relative_to(root)] = why
    return packed, left


def refuse_secrets(root: Path, paths: Iterable[Path], environment: Mapping[str, str]) -> None:
    """Reads the files for values of secret environment variables, and for what looks like a key or token.

    Raises:
        UserError: names the files and what was found, never the secret.
    """
    secrets = secret_values(environment)
    found = [
        f"{path.relative_to(root)}: holds {what}" for path in paths for what in _secrets_in(path.read_bytes(), secrets)
    ]
    if found:
        raise UserError(
            "\n".join(found) + "\nnothing was sent; take the secret out (set it where the cluster starts, in its "
            "environment) or leave the file here with --exclude"
        )


def secret_values(environment: Mapping[str, str]) -> dict[str, str]:
    """Name -> value of the environment variables that hold secrets, and of passwords within addresses."""
    found = {}
    for name, value in environment.items():
        if SECRET_VARIABLE.search(name) and len(value) >= SHORTEST and not value.startswith("/"):
            found[name] = value
        password = re.search(r"://[^/@:\s]*:([^/@\s]+)@", value)
        if password and len(password[1]) >= SHORTEST:
            found[f"{name}'s password"] = password[1]
    return found


def _secrets_in(content: bytes, secrets: Mapping[str, str]) -> Iterator[str]:
    yield from (f"the value of ${name}" for name, value in secrets.items() if value.encode() in content)
    yield from (what for what, shape in SHAPES.items() if shape.search(content))


def _listed(root: Path) -> Iterator[Path]:
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        yield from _walked(root)
        return
    for name in filter(None, done.stdout.decode("utf-8", "surrogateescape").split("\0")):
        if (root / name).is_file():  # not deleted since, and no submodule
            yield root / name


def _walked(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not _matches(name, MADE_ANEW)]
        yield from (Path(folder) / name for name in files if (Path(folder) / name).is_file())


def _reason(root: Path, path: Path, exclude: Sequence[str]) -> str | None:
    """Why a file stays here: "" for what nobody misses, None if it goes."""
    inside = PurePosixPath(path.relative_to(root).as_posix())
    if any(_matches(part, MADE_ANEW) for part in inside.parts):
        return ""
    if any(_matches(part.lower(), SECRET) for part in inside.parts):
        return "its name says that it holds a secret"
    places = [str(inside), *map(str, inside.parents), *inside.parts]
    if any(fnmatch.fnmatch(place, pattern.rstrip("/")) for place in places for pattern in exclude):
        return "--exclude"
    if not path.resolve().is_relative_to(root.resolve()):
        return "a link that leads out of the folder"
    return None


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
