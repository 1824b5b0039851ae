"""Small archives laid out as Omniglot's are: two alphabets of three characters, and two one-shot runs."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

ALPHABETS, CHARACTERS, WRITERS, WAYS = ("Greek", "Latin"), 3, 4, 5
RANDOM = np.random.default_rng(0)


def png(side: int = 12) -> bytes:
    """A 1-bit drawing, ink 0."""
    content = io.BytesIO()
    Image.fromarray(RANDOM.integers(0, 2, (side, side)).astype(bool)).save(content, "PNG")
    return content.getvalue()


def strokes() -> bytes:
    """Two strokes of three points."""
    points = iter(zip(RANDOM.normal(size=(6, 2)), range(0, 90, 15), strict=True))
    lines = [f"{x:.4f},{y:.4f},{time}" for (x, y), time in points]
    return "\n".join(["START", *lines[:3], "BREAK", *lines[3:], "BREAK"]).encode()


def archive(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def backgrounds(folder: Path, name: str = "small1") -> Path:
    """images_background_<name>.zip and strokes_background_<name>.zip with what a Mac adds to them."""
    folder.mkdir(parents=True, exist_ok=True)
    for form, ending, content in (("images", "png", png), ("strokes", "txt", strokes)):
        top = f"{form}_background_{name}"
        drawings = {
            f"{top}/{alphabet}/character{character:02}/{number:04}_{writer:02}.{ending}": content()
            for number, (alphabet, character) in enumerate((a, c) for a in ALPHABETS for c in range(1, CHARACTERS + 1))
            for writer in range(1, WRITERS + 1)
        }
        mac = {f"__MACOSX/{top}/Greek/character01/._0000_01.{ending}": b"x", f"{top}/.DS_Store": b"y"}
        archive(folder / f"{top}.zip", drawings | mac)
    return folder


def runs(folder: Path, table: str | None = None) -> Path:
    """all_runs.zip: item i of a run is of class i + 1, the last one of the first class. table: that of run01."""
    members = {}
    for run in ("run01", "run02"):
        for number in range(1, WAYS + 1):
            members[f"{run}/training/class{number:02}.png"] = png()
            members[f"{run}/test/item{number:02}.png"] = png()
        lines = [
            f"{run}/test/item{number:02}.png {run}/training/class{number % WAYS + 1:02}.png"
            for number in range(1, WAYS + 1)
        ]
        members[f"{run}/class_labels.txt"] = ("\n".join(lines) + "\n").encode()
    if table is not None:
        members["run01/class_labels.txt"] = table.encode()
    archive(folder / "all_runs.zip", members)
    return folder
