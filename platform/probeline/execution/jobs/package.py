"""The package that a job brings to its cluster: the project, the Probeline that planned it, and what it is to do."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import probeline
from probeline.errors import UserError
from probeline.execution.jobs.files import ALL_OR_TRACKED, Selection, chosen, refuse_secrets
from probeline.execution.jobs.job_entrypoint import FILE, Order
from probeline.execution.jobs.secrets import secret_values

LIMIT = 100 * 2**20
"""Bytes of a package that Ray's job server takes in one request."""

MARGIN = 2**20  # of the request around it
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date of a zip: the same files make the same package, which is sent once


@dataclass(frozen=True)
class Package:
    """A zip file; `files` of the project are in it; `omitted` stayed here, each with the reason."""

    path: Path
    files: int
    omitted: dict[Path, str]

    def summary(self) -> str:
        """What goes, and what does not, for a person."""
        lines = [f"packed {self.files} files, {self.path.stat().st_size / 2**20:.1f} MiB"]
        lines += [f"  not packed: {path} ({why})" for path, why in list(self.omitted.items())[:20]]
        if len(self.omitted) > 20:
            lines.append(f"  and {len(self.omitted) - 20} more")
        return "\n".join(lines)


@contextmanager
def package(
    root: Path,
    order: Order,
    selection: Selection = ALL_OR_TRACKED,
    needed: Sequence[Path] = (),
    limit: int = LIMIT,
) -> Iterator[Package]:
    """The package of the project in `root`, gone again afterwards; `needed`: what the spec names beside itself.

    Raises:
        UserError: a file or the order holds a secret, or the package is larger than `limit` bytes.
    """
    paths, omitted = chosen(root, [root / order.spec, *needed], selection)
    refuse_secrets(root, paths, os.environ, selection)
    _refuse_in_order(order)
    with tempfile.TemporaryDirectory(prefix="probeline-job-") as folder:
        file = Path(folder) / "package.zip"
        library = Path(probeline.__file__).parent
        contents = {path.relative_to(root).as_posix(): path for path in paths}
        contents |= {f"probeline/{path.relative_to(library).as_posix()}": path for path in _library(library)}
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            _add(archive, FILE, json.dumps(asdict(order), indent=1, sort_keys=True).encode(), 0o644)
            for name, path in contents.items():
                _add_file(archive, name, path)
                if file.stat().st_size > limit - MARGIN:
                    raise _too_large(root, archive, limit)
        yield Package(file, len(paths), omitted)


def _library(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _add(archive: ZipFile, name: str, content: bytes, mode: int) -> None:
    entry = ZipInfo(name, EPOCH)
    entry.external_attr, entry.compress_type = mode << 16, ZIP_DEFLATED
    archive.writestr(entry, content)


def _add_file(archive: ZipFile, name: str, path: Path) -> None:
    entry = ZipInfo(name, EPOCH)
    entry.external_attr, entry.compress_type = (path.stat().st_mode & 0o777) << 16, ZIP_DEFLATED
    with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target)


def _refuse_in_order(order: Order) -> None:
    text = json.dumps(asdict(order))
    for name, value in secret_values(os.environ).items():
        if json.dumps(value)[1:-1] in text:
            raise UserError(
                f"the job's arguments or its provenance hold the value of ${name}, and anybody who sees the job would "
                "see it; set it in the environment of the cluster instead"
            )


def _too_large(root: Path, archive: ZipFile, limit: int) -> UserError:
    largest = sorted(archive.infolist(), key=lambda entry: -entry.compress_size)[:5]
    names = ", ".join(f"{entry.filename} ({entry.compress_size / 2**20:.1f} MiB)" for entry in largest)
    return UserError(
        f"{root}: larger than the {limit / 2**20:.0f} MiB that Ray's job server takes; nothing was sent. The largest "
        f"so far: {names}. Leave out what the job does not need (--exclude, or .gitignore), put data where the cluster "
        "can read them, or stand in a smaller folder"
    )
