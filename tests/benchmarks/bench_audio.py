"""Speech: log-mels of batches beside torchaudio's, a step of wav2vec 2.0 beside that of transformers.

All take the same random waveforms, on one thread, in turns; the median of the rounds' ratios is recorded.
"""

import statistics
import time
from collections.abc import Callable, Iterator

import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.models.build import build_encoder
from probeline.models.spectral import LogMel

from tests.benchmarks.row import Row

RATE, BANDS, CLIPS, ROUNDS = 16000, 80, 64, 5
STEP_CLIPS, STEP_SECONDS, WIDTH, DEPTH, CHANNELS = 4, 4, 256, 4, 256


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The mean of `repeats` calls after one to warm up."""
    work()
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def log_mels() -> dict[str, Callable[[], object]]:
    """Of CLIPS clips of a second."""
    import torchaudio

    clips = 0.1 * torch.randn(CLIPS, RATE, generator=torch.Generator().manual_seed(0))
    ours = LogMel(RATE, BANDS)
    mel = torchaudio.transforms.MelSpectrogram(RATE, 512, 400, 160, n_mels=BANDS, center=False)
    kaldi = {"num_mel_bins": BANDS, "sample_frequency": float(RATE)}
    return {
        "ours": lambda: ours(clips),
        "torchaudio, Kaldi's conventions": lambda: [torchaudio.compliance.kaldi.fbank(x[None], **kaldi) for x in clips],
        "torchaudio MelSpectrogram, batched, no pre-emphasis": lambda: mel(clips).clamp(min=1e-10).log(),
    }


def steps() -> dict[str, Callable[[], object]]:
    """Forward, backward and optimiser, of networks of one shape."""
    clips = torch.randn(STEP_CLIPS, STEP_SECONDS * RATE, generator=torch.Generator().manual_seed(0))
    return {"ours": _our_step(clips), "transformers": _their_step(clips)}


def _our_step(clips: torch.Tensor) -> Callable[[], object]:
    from probeline.methods.masked.wav2vec2 import Config, Wav2vec2

    sample = SampleSpec("waveform", "int16", (None,), RATE)
    sizes = {"channels": CHANNELS, "width": WIDTH, "depth": DEPTH, "heads": 4, "layer_drop": 0.0}
    encoder = build_encoder({"name": "wave_transformer", **sizes}, sample)
    method = Wav2vec2(Config(), encoder, DatasetInfo("-", 8, 2, 2, (), sample)).train()
    optimizer = torch.optim.AdamW(method.parameters(), 1e-4)
    batch = Batch(clips, torch.full((len(clips),), -1), torch.arange(len(clips)))

    def step() -> None:
        views = method.views(batch, SampleRNG(0, 0, batch.index))
        optimizer.zero_grad(set_to_none=True)
        method.loss(method(views), views)["loss"].backward()
        optimizer.step()

    return step


def _their_step(clips: torch.Tensor) -> Callable[[], object]:
    from transformers import Wav2Vec2Config, Wav2Vec2ForPreTraining
    from transformers.models.wav2vec2.modeling_wav2vec2 import _compute_mask_indices, _sample_negative_indices

    config = Wav2Vec2Config(
        hidden_size=WIDTH,
        num_hidden_layers=DEPTH,
        num_attention_heads=4,
        intermediate_size=4 * WIDTH,
        conv_dim=(CHANNELS,) * 7,
        layerdrop=0.0,
    )
    model = Wav2Vec2ForPreTraining(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
    shape = (len(clips), int(model._get_feat_extract_output_lengths(clips.shape[1])))

    def step() -> None:
        mask = _compute_mask_indices(shape, 0.65, 10)
        negatives = torch.from_numpy(_sample_negative_indices(shape, config.num_negatives, mask))
        optimizer.zero_grad(set_to_none=True)
        model(clips, mask_time_indices=torch.from_numpy(mask), sampled_negative_indices=negatives).loss.backward()
        optimizer.step()

    return step


def compared(works: dict[str, Callable[[], object]], repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each, and the median over rounds of its seconds over ours."""
    rounds = [{name: seconds(work, repeats) for name, work in works.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in works}
    return medians, {name: statistics.median(each[name] / each["ours"] for each in rounds) for name in works}


def rows() -> Iterator[Row]:
    """For the benchmark table."""
    torch.set_num_threads(1)
    medians, ratios = compared(log_mels(), 3)
    rates = {name: CLIPS / each for name, each in medians.items()}
    for peer in [name for name in rates if name != "ours"]:
        same = "Kaldi" in peer  # the other one leaves out two of the steps
        target, met = ("at least 2x", ratios[peer] >= 2) if same else ("", None)
        title = f"log-mel, {BANDS} bands, {CLIPS} clips of 1 s"
        yield Row(title, rates["ours"], "clips/s", rates[peer], peer, ratios[peer], target, met)
    medians, ratios = compared(steps(), 1)
    audio = {name: STEP_CLIPS * STEP_SECONDS / each for name, each in medians.items()}
    title, peer = f"a step of wav2vec 2.0, {STEP_CLIPS} clips of {STEP_SECONDS} s", "transformers"
    met = ratios[peer] >= 1.5
    yield Row(title, audio["ours"], "s of audio/s", audio[peer], peer, ratios[peer], "at least 1.5x", met)
