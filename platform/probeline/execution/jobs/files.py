"""Which files of a project go to a cluster: what git tracks and what the spec needs, without secrets."""

import fnmatch
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from probeline.errors import UserError
from probeline.execution.jobs.secrets import secret_values, secrets_in

MADE_ANEW = (
    *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", "*.py[co]", "*.egg-info"),
    *(".probeline", "mlruns", "mlartifacts", "mlflow.db*", ".*_cache", ".hypothesis", ".ipynb_checkpoints"),
)
"""Names of what a cluster has no use for."""

SECRET = (
    *(".env*", "*.env", ".netrc*", "_netrc*", ".pypirc*", ".npmrc*", ".git-credentials*", ".htpasswd*", ".pgpass*"),
    *(".my.cnf", ".databrickscfg*", ".s3cfg*", ".boto*", ".vault-token", ".dockercfg", ".terraformrc", "rclone.conf"),
    *(".aws", ".azure", ".docker", ".gnupg", ".kube", ".ssh", ".kaggle", ".huggingface", "gcloud", "kubeconfig*"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.ppk", "*.keystore", "*.kdbx", "*.ovpn", "*.tfstate*"),
    *("*.tfvars*", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "kaggle.json", "token", "token.*", "*credential*"),
    *("*passw*", "secret", "secrets", "secret.*", "secrets.*", "*.secret", "*.secrets", "*service[-_]account*.json"),
)
"""Names of what holds secrets by custom, in lower case; not packed, whoever tracks them, unless they are allowed."""


@dataclass(frozen=True)
class Selection:
    """What a person says of the files to pack, as patterns such as `data` or `notes/*.pdf`.

    `include`: files that git does not track; `exclude`: files that stay; `allow`: files that go although their names or
    contents look like secrets.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    allow: Sequence[str] = ()


ALL_OR_TRACKED = Selection()


def chosen(
    root: Path, needed: Iterable[Path] = (), selection: Selection = ALL_OR_TRACKED
) -> tuple[list[Path], dict[Path, str]]:
    """The files below `root` to pack, sorted, and those left out that a person may wonder about, with the reason.

    In a git repository these are the files that git tracks, and `needed`: files and folders that the spec names.
    Elsewhere all are packed. What is made anew, or holds secrets by its name, stays here.
    """
    tracked = _tracked(root)
    wanted = [path.resolve() for path in needed]
    packed, reasons = [], {}
    for path in sorted(_walked(root) if tracked is None else _with_untracked(root, tracked)):
        reason = _reason(root, path, selection)
        if reason is None and tracked is not None and path not in tracked:
            is_needed = any(path.resolve().is_relative_to(folder) for folder in wanted)
            if not is_needed and not _matches_any(root, path, selection.include):
                reason = "git does not track it; --include packs it"
        if reason is None:
            packed.append(path)
        elif reason:
            reasons[path.relative_to(root)] = reason
    return packed, reasons


def refuse_secrets(
    root: Path, paths: Iterable[Path], environment: Mapping[str, str], selection: Selection = ALL_OR_TRACKED
) -> None:
    """Reads the files for values of secret environment variables, and for what looks like a key or a password.

    Raises:
        UserError: names the files and what is in them, never the secret itself.
    """
    secrets = secret_values(environment)
    findings = [
        f"{path.relative_to(root)}: holds {what}"
        for path in paths
        if not _matches_any(root, path, selection.allow)
        for what in secrets_in(path.read_bytes(), secrets)
    ]
    if findings:
        raise UserError(
            "\n".join(findings) + "\nnothing was sent; take the secret out (set it where the cluster starts, in its "
            "environment), leave the file here with --exclude FILE, or send what is no secret with --allow FILE"
        )


def _tracked(root: Path) -> set[Path] | None:
    """The files that git tracks; None outside a repository."""
    return _git_files(root, "--cached")


def _with_untracked(root: Path, tracked: set[Path]) -> set[Path]:
    return tracked | (_git_files(root, "--others", "--exclude-standard") or set())


def _git_files(root: Path, *options: str) -> set[Path] | None:
    try:
        command = ["git", "-C", str(root), "ls-files", "-z", *options]
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git, or no repository
        return None
    names = filter(None, done.stdout.decode("utf-8", "surrogateescape").split("\0"))
    return {root / name for name in names if (root / name).is_file()}  # not deleted since, and no submodule


def _walked(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not _matches(name, MADE_ANEW)]
        yield from (Path(folder) / name for name in files if (Path(folder) / name).is_file())


def _reason(root: Path, path: Path, selection: Selection) -> str | None:
    """Why a file stays here: "" for what nobody misses, None if it goes."""
    inside = PurePosixPath(path.relative_to(root).as_posix())
    if any(_matches(part, MADE_ANEW) for part in inside.parts):
        return ""
    is_secret = any(_matches(part.lower(), SECRET) for part in inside.parts)
    if is_secret and not _matches_any(root, path, selection.allow):
        return "its name says that it holds a secret; --allow packs it"
    if _matches_any(root, path, selection.exclude):
        return "--exclude"
    if not path.resolve().is_relative_to(root.resolve()):
        return "a link that leads out of the folder"
    return None


def _matches_any(root: Path, path: Path, patterns: Iterable[str]) -> bool:
    """Whether a pattern names the file, one of its folders, or any part of its path."""
    inside = PurePosixPath(path.relative_to(root).as_posix())
    names = [str(inside), *map(str, inside.parents), *inside.parts]
    return any(fnmatch.fnmatch(name, pattern.rstrip("/")) for name in names for pattern in patterns)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
