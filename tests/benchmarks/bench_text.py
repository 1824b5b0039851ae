"""Text: training steps of GPT beside GPT-2 of transformers, and 100 MB of text from files to the first step.

Steps take the same tokens on one thread, in turns, without compilation; the median of the rounds' ratios is recorded.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT
from probeline.experiment.schema import Training
from probeline.models.build import build_encoder
from probeline.training.optimizers import build_optimizer

from tests.benchmarks.row import Row

VOCABULARY, WIDTH, DEPTH, HEADS, CONTEXT, BATCH = 4096, 128, 4, 4, 128, 16
ROUNDS = 7
MEGABYTES, MAX_SECONDS, MAX_GIB = 100, 60, 1.5


def tokens() -> torch.Tensor:
    """int64 [BATCH, CONTEXT + 1]."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(COUNT, VOCABULARY, (BATCH, CONTEXT + 1), generator=generator)


def our_step(dropout: float) -> Callable[[], object]:
    """Views, forward, backward and optimiser as the loop has them."""
    from probeline.methods.language.gpt import GPT, Config

    sample = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=CONTEXT + 1)
    sizes = {"width": WIDTH, "depth": DEPTH, "heads": HEADS, "context": CONTEXT, "dropout": dropout}
    shape = {"name": "transformer", "causal": True, "activation": "gelu_tanh", **sizes}
    method = GPT(Config(), build_encoder(shape, sample), DatasetInfo("-", 8, 2, 2, (), sample)).train()
    optimizer = build_optimizer(method, Training(optimizer="adamw"))
    batch = Batch(tokens(), torch.full((BATCH,), -1), torch.arange(BATCH))

    def step() -> None:
        views = method.views(batch, SampleRNG(0, 0, batch.index))
        optimizer.zero_grad(set_to_none=True)
        method.loss(method(views), views)["loss"].backward()
        optimizer.step()

    return step


def their_step(dropout: float) -> Callable[[], object]:
    """Forward, backward and optimiser of GPT-2, whose loss shifts the tokens."""
    from transformers import GPT2Config, GPT2LMHeadModel

    dropouts = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), dropout)
    sizes = {"n_embd": WIDTH, "n_layer": DEPTH, "n_head": HEADS, "n_positions": CONTEXT + 1}
    model = GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, use_cache=False, **sizes, **dropouts)).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
    x = tokens()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        model(x, labels=x).loss.backward()
        optimizer.step()

    return step


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call: other work on the machine costs less of it than of time."""
    start = time.process_time()
    work()
    return time.process_time() - start


def steps(dropout: float) -> Row:
    """Tokens a second of both, and the median over rounds of their ratio."""
    ours, theirs = our_step(dropout), their_step(dropout)
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS + 1)][1:]
    rate, peer = (BATCH * CONTEXT / statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(their / our for our, their in pairs)
    title = f"a step of GPT, {DEPTH} x {WIDTH}, {BATCH} x {CONTEXT} tokens, dropout {dropout:g}"
    return Row(title, rate, "tokens/s of CPU", peer, "transformers GPT-2", ratio, "at least 1.3x", ratio >= 1.3)


FIRST_STEP = """
import json, sys, time
start = time.perf_counter()
import torch
torch.set_num_threads(1)
from probeline.data.store import open_dataset
from probeline.experiment.schema import Training
from probeline.methods.language.gpt import GPT, Config
from probeline.models.build import build_encoder
from probeline.training.loop import Loop
from tests.benchmarks.memory import most_memory
component = {"name": "text", "path": sys.argv[1], "tokenizer": {"name": "bpe", "vocabulary": 4096}}
data = open_dataset(component)
shape = {"name": "transformer", "causal": True, "width": 128, "depth": 4, "context": 128}
method = GPT(Config(), build_encoder(shape, data.info.sample), data.info)
training = Training(epochs=1, batch_size=16, optimizer="adamw", online_probe=False)
loop = Loop(method, data, training, 0, torch.device("cpu"))
loop._update(next(loop.batches()))
print(json.dumps({"seconds": time.perf_counter() - start, "bytes": most_memory()}))
"""


def large_text(prose: str) -> Iterator[Row]:
    """A process that reads MEGABYTES of text, made by repeating `prose`, tokenises it and takes one step."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.txt"
        path.write_text((prose * (MEGABYTES * 1_000_000 // len(prose.encode()) + 1))[: MEGABYTES * 1_000_000])
        environment = {**os.environ, "PROBELINE_CACHE": f"{folder}/cache"}
        command = [sys.executable, "-c", FIRST_STEP, str(path)]
        done = json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    title, gib = f"{MEGABYTES} MB of text, BPE 4,096: from the file to the end of the first step", done["bytes"] / 2**30
    yield Row(title, done["seconds"], "s", target=f"below {MAX_SECONDS} s", met=done["seconds"] < MAX_SECONDS)
    yield Row(f"{title}, peak memory", gib, "GiB", target=f"below {MAX_GIB} GiB", met=gib < MAX_GIB)


def rows() -> Iterator[Row]:
    """For the benchmark table; the large text only where ../shared/data has prose to repeat."""
    torch.set_num_threads(1)
    yield from (steps(dropout) for dropout in (0.0, 0.1))
    prose = Path(__file__).parents[3] / "shared" / "data" / "text" / "wikipedia" / "train_0.txt"
    if prose.is_file():
        yield from large_text(prose.read_text())
