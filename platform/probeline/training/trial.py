"""One trial from recipe to results: `run` is a generator of its events, and independent of Ray and MLflow."""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from math import inf

import torch

from probeline.core.dataset import Dataset
from probeline.core.events import Artifact, Note, Record, TrialEvent
from probeline.core.method import Method
from probeline.core.metric import MILLIONS, Metric, percentage
from probeline.core.sample_spec import SampleSpec
from probeline.data.store import open_dataset
from probeline.errors import Diverged, OutOfMemory
from probeline.evaluation._encoding import represent
from probeline.experiment.schema import Training
from probeline.experiment.trial import Trial
from probeline.training import divergence, heartbeat, micro_batch_search, oom_recovery
from probeline.training.checkpoints import NoCheckpoint
from probeline.training.data_parallel import Shard, shard_of
from probeline.training.device import CPU
from probeline.training.embeddings import representations
from probeline.training.held_out import without_files
from probeline.training.judge import judge
from probeline.training.loop import Loop
from probeline.training.memory import give_back_freed_pages, keep_freed_memory, memory_in_use
from probeline.training.method_building import initial_method
from probeline.training.precision import evaluation_precision, float32_arithmetic, training_precision
from probeline.training.trial_storage import Storage, check_room

METRICS = {
    "train_seconds": Metric("training time", "s", "lower", (0.0, inf), digits=1),
    "eval_seconds": Metric("evaluation time", "s", "lower", (0.0, inf), digits=1),
    "images_per_second": Metric("samples per second", direction="higher", bounds=(0.0, inf), digits=0),
    "audio_seconds_per_second": Metric("seconds of audio per second", direction="higher", bounds=(0.0, inf), digits=1),
    "tokens_per_second": Metric("tokens per second", direction="higher", bounds=(0.0, inf), digits=0),
    "padding": percentage("share of padding in training", "lower"),
    "parameters": Metric("parameters", MILLIONS, "lower", (0.0, inf), 1e-6, 2),
    "peak_memory_bytes": Metric("peak memory", "MiB", "lower", (0.0, inf), 1 / (1024 * 1024), 0),
}
"""What a trial records as `cost/`; a sample a second has the name that it had when all samples were images."""


@dataclass(frozen=True)
class Setting:
    """What a trial's training works with: the data, the device, and this worker's part of a batch."""

    dataset: Dataset
    device: torch.device
    share: Shard


def run(trial: Trial, storage: Storage, device: torch.device = CPU, workers: int = 1) -> Iterator[TrialEvent]:
    """Trains the trial's encoder, or takes the finished one with its id, and evaluates it by every protocol.

    With several `workers` this is the first one, and the others `follow`, in one process group of torch's.

    Yields events as they come; a protocol that crashes is one of them, and the others go on. Resumes from the storage's
    checkpoint after an interruption, with the numbers of an uninterrupted run.

    Raises:
        TrialError: diverged, out of memory, or bad data.
        UserError: weights or an optional library are missing.
    """
    give_back_freed_pages()  # of the trial before, whose peak is not this one's
    keep_freed_memory()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    try:
        with float32_arithmetic(training_of(trial).precision, device):
            yield from _run(trial, storage, device, workers)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(f"{error}; {micro_batch_search.LESS}") from error


def follow(trial: Trial, workers: int, device: torch.device = CPU) -> None:
    """Takes part in a trial's training as one of its further workers; the first one yields and stores everything.

    Raises as `run` does.
    """
    keep_freed_memory()
    with float32_arithmetic(training_of(trial).precision, device):
        _follow(trial, workers, device)


def _follow(trial: Trial, workers: int, device: torch.device) -> None:
    method, setting = prepared(trial, device, workers)
    if not setting.share.broadcast(False):  # the first one knows whether there is something to train
        return
    loop = Loop(method, setting.dataset, training_of(trial), trial.seed, setting.device, setting.share)
    try:
        for _ in loop.run(NoCheckpoint()):
            pass
    except torch.OutOfMemoryError as error:
        spilt = str(error)
    else:
        return
    raise OutOfMemory(
        f"{spilt}; {micro_batch_search.advice(loop)}"
    )  # out of the handler: its traceback holds the step's tensors


def _run(trial: Trial, storage: Storage, device: torch.device, workers: int) -> Iterator[TrialEvent]:
    recipe, withheld = trial.cell.recipe, trial.judged_on == "validation"
    method, setting = prepared(trial, device, workers)
    yield from pretrain(trial, method, setting, storage)
    yield Note("evaluation_precision", evaluation_precision(training_of(trial).precision, device))
    start = time.perf_counter()
    trained = representations(method, setting.dataset, device, trial.seed, withheld)
    with storage.artifacts(trial.id) as folder:
        for name in trial.protocols if trial.protocols is not None else recipe.protocols:
            for event in judge(recipe.protocol(name), trained, folder):
                yield storage.stored(trial.id, event)
    yield Record("cost/eval_seconds", time.perf_counter() - start)


def prepared(trial: Trial, device: torch.device, workers: int) -> tuple[Method, Setting]:
    """The trial's method as its seed initialises it, and what it trains with."""
    recipe = trial.cell.recipe
    dataset = open_dataset(recipe.data.as_dict(), heartbeat.beat)
    if trial.judged_on == "validation":  # it replaces the test split, which is then not even read
        dataset = replace(dataset, test=dataset.validation)
    dataset = without_files(dataset)
    method = initial_method(recipe, dataset.info, trial.seed).to(device).to(memory_format=torch.channels_last)
    return method, Setting(dataset, device, shard_of(training_of(trial), workers))


def training_of(trial: Trial) -> Training:
    """The training section of the trial's recipe."""
    return trial.cell.recipe.training


def pretrain(trial: Trial, method: Method, setting: Setting, storage: Storage) -> Iterator[TrialEvent]:
    """Trains `method` in place and stores it, unless the store holds one with its id; yields what training said."""
    done = storage.encoders.load(trial.encoder_id, method)
    if done is None:
        check_room(storage, method)
        fill_teacher(trial, method, storage)
    setting.share.broadcast(done is None and method.trains)
    if done is None:
        yield from _train(trial, method, setting, storage)
    else:
        yield from [Record(**record) for record in done["records"]]
        yield from [Note(name, text) for name, text in done.get("notes", {}).items()]
    folder = storage.encoders.folder / trial.encoder_id
    yield Artifact("encoder/encoder.safetensors", folder / "encoder.safetensors")
    yield Artifact("encoder/method.safetensors", folder / "method.safetensors")
    yield Artifact("encoder/encoder.json", folder / "encoder.json")


def fill_teacher(trial: Trial, method: Method, storage: Storage) -> None:
    """Gives the method the trained encoder that it learns from, where there is one. Raises UserError."""
    if trial.teacher is not None:
        storage.encoders.fill(method.teacher, trial.teacher)


def _gradient_steps(
    trial: Trial, method: Method, setting: Setting, storage: Storage
) -> Generator[TrialEvent, None, oom_recovery.Trained]:
    """Trains by the loop; a training that diverges leaves the step behind before it raises Diverged."""
    loops: list[Loop] = []

    def loop_of(training: Training, again: bool) -> Loop:
        if again:
            initial = initial_method(trial.cell.recipe, setting.dataset.info, trial.seed)
            method.load_state_dict(initial.state_dict())
            fill_teacher(trial, method, storage)
        share = shard_of(training, setting.share.workers)
        loops.append(Loop(method, setting.dataset, training, trial.seed, setting.device, share))
        return loops[-1]

    try:
        return (yield from oom_recovery.train(training_of(trial), loop_of, storage.checkpoint(trial.encoder_id)))
    except Diverged:
        with storage.artifacts(trial.id) as folder:
            for artifact in divergence.evidence(trial, loops[-1], folder / "diverged"):
                yield storage.stored(trial.id, artifact)
        raise


def _train(trial: Trial, method: Method, setting: Setting, storage: Storage) -> Iterator[TrialEvent]:
    recipe, encoder = trial.cell.recipe, method.encoder
    records: list[dict] = []
    notes: dict[str, str] = {}
    if method.trains:
        loop, notes = yield from _gradient_steps(trial, method, setting, storage)
        notes["precision"] = training_precision(loop.training.precision, setting.device)
        yield Note("precision", notes["precision"])
        progress, records = loop.progress, loop.progress.records
        cost = {
            "train_seconds": progress.seconds,
            "images_per_second": progress.samples / max(progress.seconds, 1e-9),
            "peak_memory_bytes": progress.peak_memory_bytes,
        }
        if setting.dataset.info.sample.longest is not None and progress.places:
            cost["padding"] = 1 - progress.values / progress.places
        cost |= unit_speed(setting.dataset.info.sample, progress.values / max(progress.seconds, 1e-9))
    elif method.closed_form:
        start = time.perf_counter()
        h, _ = represent(method.encoder, setting.dataset.train, setting.device, beat=heartbeat.beat)
        method.fit(h, setting.dataset.train)
        cost = {"train_seconds": time.perf_counter() - start, "peak_memory_bytes": memory_in_use(setting.device)}
    else:
        cost = {"train_seconds": 0.0, "peak_memory_bytes": memory_in_use(setting.device)}
    cost["parameters"] = sum(weight.numel() for weight in encoder.parameters())
    last = [Record(f"cost/{name}", float(value)) for name, value in cost.items()]
    description = {
        "encoder_id": trial.encoder_id,
        "seed": trial.seed,
        "dim": encoder.dim,
        "sample": setting.dataset.info.sample.as_dict(),
        "data_digest": setting.dataset.info.digest,
        **({"teacher": trial.teacher.encoder_id} if trial.teacher else {}),
        "recipe": {key: value for key, value in recipe.as_dict().items() if key != "evaluation"},
        "records": records + [record.as_dict() for record in last],
        "notes": notes,
    }
    storage.encoders.save(trial.encoder_id, method, description)
    storage.checkpoint(trial.encoder_id).remove()
    yield from last


def unit_speed(sample: SampleSpec, values_per_second: float) -> dict[str, float]:
    """Values a second in the unit of the samples; nothing for those that have none."""
    if sample.modality == "tokens":
        return {"tokens_per_second": values_per_second}
    if sample.modality == "waveform" and sample.rate:
        return {"audio_seconds_per_second": values_per_second / sample.rate}
    return {}
