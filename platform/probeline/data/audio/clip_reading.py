"""Many clips from folders and archives into one column a split, decoded in parallel, in one pass over each archive."""

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from probeline.data.archives import reader
from probeline.data.archives.listing import Unreadable
from probeline.data.audio.clip_column import ClipColumn
from probeline.data.audio.decode import Clip, decode
from probeline.data.damaged import Damaged, refuse_damaged
from probeline.data.source_paths import reason, shown
from probeline.errors import BadData

logger = logging.getLogger(__name__)

PROGRESS = 10.0  # seconds between log lines
NAMED = 3  # clips that a remark names

ClipPath = tuple[Path, str]
"""The folder or archive that holds a clip, and its name inside."""


@dataclass
class ClipTally:
    """Counts over the clips that were read, as they are stored; damaged: name and reason."""

    rates: Counter[str] = field(default_factory=Counter)
    encodings: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)
    mixed: int = 0

    def add(self, name: str, clip: Clip) -> None:
        """Count one clip."""
        self.rates[f"{clip.rate:,} Hz"] += 1
        self.encodings[clip.encoding] += 1
        self.mixed += clip.channels > 1
        self.silent += [name] if clip.silent else []
        self.clipped += [name] if clip.clipped else []

    def remarks(self) -> list[str]:
        """What a person is to know of how they were read."""
        sentences = {
            f"{self.mixed:,} clips have several channels, which were averaged": self.mixed,
            f"{len(self.silent):,} clips are silent: {_named(self.silent)}": self.silent,
            f"{len(self.clipped):,} clips have values beyond full scale, which were cut off: {_named(self.clipped)}": (
                self.clipped
            ),
        }
        return [sentence for sentence, holds in sentences.items() if holds]


@dataclass(frozen=True)
class ReadClips:
    """columns: by split; order: the clips of each split's rows; rate: samples a second of all of them."""

    columns: dict[str, ClipColumn]
    order: dict[str, list[ClipPath]]
    rate: int
    tally: ClipTally


def read_clips(clips: Mapping[ClipPath, str], rate: int | None, damaged: Damaged, folder: Path) -> ReadClips:
    """The samples of clips by split; `clips`: path -> split.

    Args:
        rate: samples a second that they are resampled to; None: the rate that they all have.
        folder: where large columns are kept meanwhile.

    Raises:
        BadData: more clips are damaged than is allowed, each with its reason, or they differ in rate.
        DiskFull: they do not fit below `folder`.
    """
    tally, rates = ClipTally(), Counter[int]()
    columns = {split: ClipColumn(folder) for split in dict.fromkeys(clips.values())}
    order: dict[str, list[ClipPath]] = {split: [] for split in columns}
    for path, clip in _progressing(_decoded(clips, rate), len(clips)):
        name = shown(f"{path[0]}/{path[1]}")
        if isinstance(clip, str):
            tally.damaged.append(f"{name}: {clip}")
            continue
        rates[rate or clip.rate] += 1
        columns[clips[path]].append(clip.samples)
        order[clips[path]].append(path)
        tally.add(name, clip)
    if sum(map(len, order.values())) + len(tally.damaged) < len(clips):
        raise BadData(f"{next(iter(clips))[0]}: files vanished while they were read; run again")
    refuse_damaged(tally.damaged, len(clips), damaged, "clips")
    if len(rates) > 1:
        counted = ", ".join(f"{count:,} of {each:,} Hz" for each, count in rates.most_common())
        raise BadData(f"{next(iter(clips))[0]}: clips differ in rate ({counted}); set `rate` to resample them")
    return ReadClips(columns, order, next(iter(rates)), tally)


def _decoded(clips: Mapping[ClipPath, str], rate: int | None) -> Iterator[tuple[ClipPath, Clip | str]]:
    """Each clip, or the reason why it cannot be read, in the order of the archives; a few are decoded at a time."""
    workers = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[ClipPath, Future[Clip | str]]] = deque()
        for path, content in _contents(clips):
            waiting.append((path, pool.submit(_clip_or_reason, content, rate)))
            if len(waiting) > 4 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        yield from ((path, future.result()) for path, future in waiting)


def _clip_or_reason(content: bytes | Unreadable, rate: int | None) -> Clip | str:
    if isinstance(content, Unreadable):
        return content.reason
    try:
        return decode(content, rate)
    except (OSError, ValueError, RuntimeError) as error:
        return reason(error)


def _contents(clips: Mapping[ClipPath, str]) -> Iterator[tuple[ClipPath, bytes | Unreadable]]:
    for holder in dict.fromkeys(holder for holder, _ in clips):
        wanted = {name for each, name in clips if each == holder}
        seen: set[str] = set()
        for name, content in reader.contents(holder, wanted):
            if name not in seen:  # an archive may hold a name twice
                seen.add(name)
                yield (holder, name), content


def _progressing(
    clips: Iterator[tuple[ClipPath, Clip | str]], total: int, clock: Callable[[], float] = time.monotonic
) -> Iterator[tuple[ClipPath, Clip | str]]:
    logged = clock()
    for count, clip in enumerate(clips, start=1):
        if clock() - logged > PROGRESS:
            logged = clock()
            logger.info("decoded %s of %s clips", f"{count:,}", f"{total:,}")
        yield clip


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
