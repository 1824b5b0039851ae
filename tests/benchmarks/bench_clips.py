"""100,000 clips of a second, made by repeating real ones: the most memory of decoding, of a plan and of a first step.

Each runs in a process of its own, whose largest resident set the system reports; mapped pages of files count. The clips
are hard links to some 3,000 of ../shared/data/speech_commands_3w, decoded anew each time.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks.row import Row

CLIPS, LIMIT = int(os.environ.get("PROBELINE_BENCH_CLIPS", "100000")), 1.5
ARCHIVE = Path(__file__).parents[3] / "shared" / "data" / "speech_commands_3w" / "speech_commands_3w.tar.gz"
SPEC = """\
name: clips
base:
  data: {{name: audio_folder, path: {folder}, window_s: 1.0}}
  encoder: {{name: wave_conv, width: 64, context_width: 64}}
  method: {method}
  training: {{epochs: 1, batch_size: 16, optimizer: adamw, lr: 0.001}}
  evaluation: [linear_probe]
seeds: 1
"""
MEASURED = """
import sys
from itertools import islice
import torch
from probeline.execution.planning import plan
from probeline.experiment.load import load
from probeline.training.device import CPU
from probeline.training.loop import Loop
from probeline.training.trial import prepared
from tests.benchmarks.memory import most_memory

torch.set_num_threads(1)
made = plan.make(load(sys.argv[1]), sys.argv[2])
if sys.argv[3] == "step":
    method, setting = prepared(made.todo[0], CPU, 1)
    loop = Loop(method.train(), setting.dataset, made.todo[0].cell.recipe.training, 0, CPU)
    method.prepare(0, loop._embed)
    for batch in islice(loop.batches(), 1):
        loop._update(batch)
print(most_memory() / 2**30)
"""


def repeated_clips(folder: Path) -> None:
    """Class folders of CLIPS files, links to the archive's clips of a second."""
    real = []
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith((".wav", ".flac", ".ogg")):
                path = folder / "real" / member.name.replace("/", "_")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())
                real.append((Path(member.name).parent.name, path))
    for number, (label, path) in enumerate(islice(cycle(real), CLIPS)):
        target = folder / "clips" / label / f"{number:06d}{path.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, target)


def gib(spec: Path, what: str) -> tuple[float, float]:
    """The largest resident set in GiB, and seconds."""
    start = time.perf_counter()
    command = [sys.executable, "-c", MEASURED, str(spec), f"sqlite:///{spec.parent}/mlflow.db", what]
    environment = os.environ | {"PROBELINE_CACHE": str(spec.parent / "cache")}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1]), time.perf_counter() - start


def rows() -> Iterator[Row]:
    """For the benchmark table."""
    if not ARCHIVE.is_file():
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        repeated_clips(folder)
        for method in ("wav2vec", "hubert"):
            encoder = "wave_conv, width: 64, context_width: 64"
            text = SPEC.format(folder=folder / "clips", method=method).replace(encoder, _encoder(method, encoder))
            (folder / f"{method}.yaml").write_text(text)
        for title, method, what in (
            ("decoded, cached and planned", "wav2vec", "plan"),
            ("planned again", "wav2vec", "plan"),
            ("first step of wav2vec", "wav2vec", "step"),
            ("first step of hubert", "hubert", "step"),
        ):
            resident, seconds = gib(folder / f"{method}.yaml", what)
            name = f"{CLIPS:,} clips of 1 s, {title} ({seconds:.0f} s): resident"
            yield Row(name, resident, "GiB", target=f"under {LIMIT} GiB", met=resident < LIMIT)


def _encoder(method: str, default: str) -> str:
    small = "wave_transformer, channels: 64, width: 64, depth: 2, heads: 4, norm: layer"
    return small if method == "hubert" else default
