"""Folders of signatures as SVC2004 has them: a few writers with random walks."""

from pathlib import Path

import numpy as np

GENUINE, FORGED = range(1, 8), (21, 22)


def signature(random: np.random.Generator, points: int = 12) -> str:
    """The text of a file: x y time pen azimuth altitude pressure, under the number of points."""
    walk = random.integers(-20, 20, (points, 2)).cumsum(0) + 3000
    rest = random.integers(400, 900, (points, 3))
    pen = [0, *[1] * (points - 1)]
    rows = [f"{x} {y} {500 + 10 * t} {pen[t]} {' '.join(map(str, rest[t]))}" for t, (x, y) in enumerate(walk)]
    return "\n".join([str(points), *rows]) + "\n"


def signatures(folder: Path, writers: int = 4) -> Path:
    """Seven genuine signatures and two forgeries of each writer, of 8 to 15 points."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for writer in range(1, writers + 1):
        for number in (*GENUINE, *FORGED):
            text = signature(random, int(random.integers(8, 16)))
            (folder / f"U{writer}S{number}.TXT").write_text(text)
    return folder
