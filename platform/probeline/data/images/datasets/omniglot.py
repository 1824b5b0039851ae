"""Omniglot: handwritten characters of many alphabets, each drawn by 20 people, as images of 105x105 or pen strokes.

B. Lake, R. Salakhutdinov, J. Tenenbaum, "Human-level concept learning through probabilistic program induction", Science
2015. `test_on: runs` tests on the 400 trials of 20-way one-shot classification, the list `one_shot`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from probeline.core.columns import Column, Ragged
from probeline.core.dataset import Split
from probeline.data.archives import reader
from probeline.data.archives.listing import Unreadable
from probeline.data.downloads import DownloadSettings
from probeline.data.group_split import REMARK, by_group, hold_out_groups
from probeline.data.images.omniglot_files import RUNS, Drawing, drawings_of, sources
from probeline.data.images.omniglot_runs import read_runs
from probeline.data.read_report import ReadSplits, report_of
from probeline.data.series import pen_scaling
from probeline.data.series.pen_files import PenFormat, read_trajectories
from probeline.data.settings import GroupSplitSettings
from probeline.data.source_paths import reason, shown
from probeline.data.split import hold_out
from probeline.errors import BadData, UserError

GIVES = {"form": {"images": "image", "strokes": "series"}}
LABELS = ("class", "alphabet", "writer")
LABEL_CHANGED_BY = ("flip",)
LISTS = {"test_on": {"runs": {"one_shot": "episodes"}, "held_out": ()}}
SETS = {
    "small1": "background_small1",
    "small2": "background_small2",
    "background": "background",
    "evaluation": "evaluation",
}
GROUPS = {"class": "characters", "alphabet": "alphabets", "writer": "writers"}
FORMAT = PenFormat(columns=3, time=2, separator=",", marks=("START", "BREAK"))


class Config(DownloadSettings, GroupSplitSettings):
    """Ink is 1 and paper 0. With `test_on: runs`, `split_by` holds out groups for validation alone."""

    form: Literal["images", "strokes"] = Field(
        "images", description="`strokes`: x and y around their centre at a mean distance of 1, s, and pen on paper."
    )
    sets: tuple[Literal["small1", "small2", "background", "evaluation"], ...] = Field(
        ("small1",), min_length=1, description="A drawing that several of them hold is read once."
    )
    test_on: Literal["runs", "held_out"] = Field("runs", description="The official one-shot runs, or groups of `sets`.")
    split_by: Literal["class", "alphabet", "writer", "none"] = "class"
    size: int | None = Field(None, ge=4, le=105, description="Side in pixels that images are resized to; absent: 105.")
    points: int | None = Field(None, ge=2, description="Strokes resampled to so many points; absent: all.")

    @model_validator(mode="after")
    def _runs_are_images(self) -> Self:
        if self.form == "strokes" and self.test_on == "runs":
            raise ValueError("the runs have no strokes; set test_on: held_out")
        if "evaluation" in self.sets and self.test_on == "runs":
            raise ValueError("the runs are of the evaluation set's alphabets, which `sets` would train on")
        return self


def files(config: Config) -> list[Path]:
    """The archives, downloaded if absent, or every file below their folders. Raises UserError."""
    return [file for source in sources(_names(config), config) for file in reader.source_files(source)]


def read(config: Config) -> ReadSplits:
    """Drawings by alphabet, character and writer. Raises BadData, which names damaged files."""
    paths = sources(_names(config), config)
    archives = paths[: len(config.sets)]
    drawings = drawings_of(archives)
    if not drawings:
        raise UserError(f"{shown(archives[0])}: no <alphabet>/character01/0001_01.png or .txt; is it Omniglot?")
    labels = {
        "class": [f"{drawing.alphabet}/{drawing.character}" for drawing in drawings],
        "alphabet": [drawing.alphabet for drawing in drawings],
        "writer": [f"{drawing.alphabet}/{drawing.writer}" for drawing in drawings],
    }
    numbered = {name: np.unique(values, return_inverse=True) for name, values in labels.items()}
    names = {name: tuple(map(str, unique)) for name, (unique, _) in numbered.items()}
    targets = {name: numbers.astype(np.int64) for name, (_, numbers) in numbered.items()}
    whole = Split(_column(archives, drawings, config), targets.pop("class"), targets)
    splits = _splits(whole, config)
    if config.test_on == "runs":
        splits["test"], more = _runs(paths[-1], len(names["class"]), config)
        names["class"] += more
    origin = "of Omniglot's sets, whole groups apart" if config.split_by != "none" else "of Omniglot's sets"
    report = report_of(paths, splits, names["class"], "drawings", origin)
    if config.test_on == "runs":
        report.origin["test"] = "of the 20 one-shot runs"
    if config.split_by != "none":
        report.remarks.append(REMARK.format(GROUPS[config.split_by]))
    return ReadSplits(splits, names["class"], report, names)


def _names(config: Config) -> list[str]:
    """The archives' names, that of the runs last."""
    return [*(f"{config.form}_{SETS[each]}" for each in config.sets), *([RUNS] if config.test_on == "runs" else [])]


def _splits(whole: Split, config: Config) -> dict[str, Split]:
    groups = None if config.split_by == "none" else whole.label(None if config.split_by == "class" else config.split_by)
    if config.test_on == "held_out":
        if groups is not None:
            return by_group(whole, groups, config.test, config.validation)
        train, test = hold_out(whole, config.test)
        return {"train": train, "test": test}
    if groups is None:
        return {"train": whole}
    train, validation = hold_out_groups(whole, groups, config.validation)
    return {"train": train, "validation": validation}


def _column(archives: Sequence[Path], drawings: Sequence[Drawing], config: Config) -> Column:
    contents = {
        (path, name): content
        for path in archives
        for name, content in reader.contents(path, {each.name for each in drawings if each.archive == path})
    }
    named = [(f"{each.archive}/{each.name}", contents[each.archive, each.name]) for each in drawings]
    return _pixels(named, config) if config.form == "images" else _strokes(named, config)


def _pixels(named: Sequence[tuple[str, bytes | Unreadable]], config: Config) -> np.ndarray:
    """uint8 [N, H, W, 1], ink 255. Raises BadData that names the images that cannot be read."""
    from probeline.data.images.decode import Decoding, read_picture  # PIL, needed only here

    pixels, damaged = [], []
    for name, content in named:
        try:
            if isinstance(content, Unreadable):
                raise ValueError(content.reason)
            pixels.append(255 - read_picture(content, Decoding(side=config.size, channels=1)).pixels)
        except (OSError, ValueError) as error:
            damaged.append(f"  {shown(name)}: {reason(error)}")
    if damaged:
        listed = "\n".join(damaged[:20])
        raise BadData(f"{len(damaged)} of {len(named)} drawings are damaged:\n{listed}\nFetch the archive again")
    if len({each.shape for each in pixels}) > 1:
        raise BadData(f"drawings differ in size: {sorted({each.shape[:2] for each in pixels})}; set `size`")
    return np.stack(pixels)


def _strokes(named: Sequence[tuple[str, bytes | Unreadable]], config: Config) -> Ragged:
    trajectories, _ = read_trajectories(named, FORMAT)
    return Ragged.of([_channels(*trajectories[name], config.points) for name, _ in named])


def _channels(points: np.ndarray, strokes: np.ndarray, count: int | None) -> np.ndarray:
    """points: [T, 3], x, y and ms; strokes: int64 [T] -> float32 [T or count, 4]: x, y, s, pen.

    The pen is 0 at the first point of a further stroke, which it reaches in the air.
    """
    on_paper = np.diff(strokes, prepend=strokes[0]) == 0
    seconds = (points[:, 2] - points[0, 2]) / 1000
    series = np.column_stack([pen_scaling.centred(points[:, :2]), seconds, on_paper])
    return (series if count is None else pen_scaling.resampled(series, seconds, count)).astype(np.float32)


def _runs(path: Path, first: int, config: Config) -> tuple[Split, tuple[str, ...]]:
    """The runs' images, their classes numbered from `first`, and these classes' names."""
    runs = read_runs(path)
    contents = dict(reader.contents(path, set(runs.names)))
    pixels = _pixels([(f"{path}/{name}", contents[name]) for name in runs.names], config)
    none = np.full(len(runs.names), -1, np.int64)
    split = Split(pixels, runs.labels + first, {"alphabet": none, "writer": none}, lists={"one_shot": runs.episodes})
    return split, runs.classes
