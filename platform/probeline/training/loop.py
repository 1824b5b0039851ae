"""The training loop, the only one: any method, any kind of data."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice

import torch
from torch import Tensor

from probeline.core.batch import Batch
from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset
from probeline.core.events import Note, Record
from probeline.core.frames import Frames
from probeline.core.method import Method
from probeline.core.metric import Metric
from probeline.core.sample_rng import SampleRNG
from probeline.core.sampler import Sampler
from probeline.data.loader import ALL, batches
from probeline.data.samplers import LengthBuckets, Samples, Windows
from probeline.errors import BadData, Diverged
from probeline.evaluation._encoding import frames
from probeline.experiment.schema import Training
from probeline.training import heartbeat
from probeline.training.checkpoints import Checkpoint, restore_tensors, state_tensors
from probeline.training.data_parallel import Shard
from probeline.training.divergence import LastFinite
from probeline.training.first_samples import first_samples
from probeline.training.gradient_cache import Step, cached_gradient, full_gradient
from probeline.training.memory import memory_in_use
from probeline.training.online_probe import OnlineProbe
from probeline.training.optimizers import build_optimizer
from probeline.training.precision import autocast
from probeline.training.rng_state import seed_generators
from probeline.training.schedules import Schedule
from probeline.training.seeds import derive

METRICS = {"lr": Metric("learning rate", digits=4)}
"""What the loop records as `train/`, beside the terms of the method's loss."""

CHECK_EVERY = 50
"""Steps between looks at the loss inside an epoch: each look waits for the device."""


@dataclass
class TrainingProgress:
    """Where a training stands; everything a resumed one needs beside the tensors.

    `step` counts within `epoch`; `totals` sums each term over the epoch's steps; `seconds` is time in the loop;
    `samples` and `values` are what it has seen, values being waveform samples or tokens without padding, and `places`
    the same with padding;
    `resumed_after` has, for each time that a checkpoint was gone on from, how many epochs were done by then.
    """

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    samples: int = 0
    values: float = 0.0
    places: float = 0.0
    peak_memory_bytes: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    records: list[dict] = field(default_factory=list)
    resumed_after: list[float] = field(default_factory=list)


class Loop:
    """Trains a method's encoder, an epoch at a time, resumable at any step with the same result.

    Every random draw is a function of (seed, epoch, sample or step), so a resumed training sees what an uninterrupted
    one sees.
    """

    def __init__(
        self,
        method: Method,
        dataset: Dataset,
        training: Training,
        seed: int,
        device: torch.device,
        share: Shard | None = None,
    ) -> None:
        """`share`: what this process does of each batch; None: all of it."""
        self.method, self.data, self.training, self.seed, self.device = method, dataset.train, training, seed, device
        self.share = share or Shard(training.batch_size, training.micro_batch)
        self.window, self.rate = method.window or dataset.info.window, dataset.info.sample.rate
        self.sampler = method.sampler(self.data) or self._by_default()
        self.steps = self.sampler.steps(training.batch_size)
        if self.steps < 1 and training.epochs and len(self.data) >= training.batch_size:
            raise BadData(f"training.batch_size {training.batch_size}: the training split does not fill one such batch")
        method.planned_steps = training.epochs * self.steps
        self.schedule = Schedule.of(training, self.steps)
        self.optimizer = build_optimizer(method, training)
        self.modules: dict[str, torch.nn.Module] = {"method": method}
        self.optimizers = {"optimizer": self.optimizer}
        self.probe = None
        labelled = not isinstance(self.sampler, Windows) and (self.data.labels >= 0).all()
        if training.online_probe and len(dataset.classes) > 1 and labelled:
            self.probe = OnlineProbe(method.encoder.dim, len(dataset.classes)).to(device)
            self.modules["probe"], self.optimizers["probe_optimizer"] = self.probe, self.probe.optimizer
        self.progress = TrainingProgress()
        self.last_finite = LastFinite()
        self._epoch_rng: tuple[int, SampleRNG] | None = None

    def _by_default(self) -> Sampler:
        """What draws batches where the method does not say."""
        if self.training.length_buckets and isinstance(self.data.inputs, Ragged):
            return LengthBuckets(self.data.inputs.lengths)
        return Samples(len(self.data))

    def run(self, checkpoint: Checkpoint) -> Iterator[Record | Note]:
        """Trains to the end, from `checkpoint` where there is one; yields `train/*` and `online_probe/*` by epoch.

        A resumed training first yields a note of that, then its records so far, with the times that they had.

        Raises:
            Diverged: the loss is not finite.
        """
        saved = self.share.broadcast(checkpoint.load())
        if saved is not None:
            restore_tensors(saved[0], self.modules, self.optimizers)
            older = {"samples" if name == "images" else name: value for name, value in saved[1].items()}
            self.progress = TrainingProgress(**older)
            self.progress.resumed_after.append(self.progress.epoch + self.progress.step / self.steps)
        self.share.broadcast_parameters(self.modules.values())
        try:
            yield from self.remarks()
            yield from [Record(**record) for record in self.progress.records]
            while self.share.broadcast(self.progress.epoch < self.training.epochs):
                yield from self._epoch(checkpoint)
        except GeneratorExit:  # stopped from outside between two epochs: keep what is done
            self._save(checkpoint)
            self.share.broadcast(False)
            raise

    def remarks(self) -> list[Note]:
        """Where the training was resumed, if it was: nothing else tells it from one that started over."""
        done = ", ".join(f"{round(epochs, 2):g}" for epochs in self.progress.resumed_after)
        return [Note("resumed", f"after {done} of {self.training.epochs} epochs")] if done else []

    def _epoch(self, checkpoint: Checkpoint) -> Iterator[Record]:
        """The rest of the current epoch, then its records."""
        progress, start = self.progress, time.perf_counter()
        totals = {name: torch.tensor(value, device=self.device) for name, value in progress.totals.items()}
        self.method.train()
        values: Tensor | float = 0.0
        if progress.step == 0:
            self.method.prepare(progress.epoch, self._embed)
            self.method.train()
        self.last_finite.keep(self, progress)
        for batch in islice(self.batches(), progress.step, None):
            for name, term in self._update(batch).items():
                totals[name] = totals[name] + term if name in totals else term
            progress.step += 1
            progress.samples += self.training.batch_size * batch.roles
            part = self.training.batch_size / len(batch)
            values = values + values_of(batch) * part
            progress.places += batch.inputs.shape[:2].numel() * part
            if progress.step % CHECK_EVERY == 0 or progress.step == self.steps:
                progress.totals = self._read(totals)
                if progress.step < self.steps:  # of the last step it is the next epoch's beginning
                    self.last_finite.keep(self, progress)
                if self.share.any(heartbeat.stopping()):
                    heartbeat.stop_soon()
            if checkpoint.due() and progress.step < self.steps:
                progress.totals = self._read(totals)
                progress.seconds, start = progress.seconds + time.perf_counter() - start, time.perf_counter()
                progress.values, values = progress.values + float(values), 0.0
                self._save(checkpoint)
        means = {name: total / self.steps for name, total in progress.totals.items()}
        records = [Record(name, value, progress.epoch + 1) for name, value in means.items()]
        self.share.broadcast_parameters(self.modules.values())
        records.append(Record("train/lr", self._rate(self.steps - 1), progress.epoch + 1))
        progress.records += [record.as_dict() for record in records]
        progress.epoch, progress.step, progress.totals = progress.epoch + 1, 0, {}
        progress.peak_memory_bytes = max(progress.peak_memory_bytes, memory_in_use(self.device))
        progress.seconds += time.perf_counter() - start
        progress.values += float(values)
        if checkpoint.due():
            self._save(checkpoint)
        yield from records

    def batches(self, batch_size: int | None = None) -> Iterator[Batch]:
        """This process's part of the current epoch's batches; with a `batch_size` other than the training's, all."""
        return batches(
            self.data,
            batch_size or self.training.batch_size,
            seed=derive(self.seed, "order"),
            epoch=self.progress.epoch,
            device=self.device,
            rows=ALL if batch_size else self.share.rows,
            sampler=self.sampler,
            window=self.window,
            label=self.method.label,
        )

    def _embed(self, layer: int | None, encoder: torch.nn.Module | None = None, enough: int | None = None) -> Frames:
        encoder = encoder or self.method.encoder
        some = self.data if enough is None else first_samples(self.data, encoder, self.rate, enough)
        return frames(encoder, some, self.device, layer, heartbeat.beat)

    def _update(self, batch: Batch) -> dict[str, Tensor]:
        """One step; the batch's terms by record name, on the device."""
        epoch, step = self.progress.epoch, self.progress.step
        seed_generators(derive(self.seed, "noise", epoch, step), self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(step) if group["decays"] else self.schedule.undecayed(self._update_number(step))
        self.optimizer.zero_grad(set_to_none=True)
        gradient = self._gradient(batch, self._rng_of(epoch)[batch.index])
        self.share.reduce_gradients(self.method)
        self.optimizer.step()
        self.method.after_step(gradient.outputs, gradient.views)
        terms = {f"train/{name}": term.detach().float() for name, term in gradient.terms.items()}
        if self.probe is not None:
            labels = self.share.labels(batch.labels[: len(batch)])
            terms["online_probe/top1"] = self.probe.learn(gradient.outputs.h[: len(labels)], labels)
        return terms

    def _rng_of(self, epoch: int) -> SampleRNG:
        """The random numbers of all samples in an epoch, made once for it: a batch's are some rows of them."""
        if self._epoch_rng is None or self._epoch_rng[0] != epoch:
            rows = torch.arange(self.sampler.numbers, device=self.device)
            self._epoch_rng = epoch, SampleRNG(derive(self.seed, "views"), epoch, rows)
        return self._epoch_rng[1]

    def _gradient(self, batch: Batch, rng: SampleRNG) -> Step:
        """The gradient of the batch's loss, by micro-batches where they are asked for."""
        gradient = cached_gradient if self.share.cached else full_gradient
        return gradient(self.method, batch, rng, self.precision, self.share)

    def precision(self) -> torch.autocast:
        """The context of the forward pass and the loss."""
        return autocast(self.training.precision, self.device)

    def _rate(self, step: int) -> float:
        return self.schedule(self._update_number(step))

    def _update_number(self, step: int) -> int:
        """The number of a step of the current epoch, counted from the training's first."""
        return self.progress.epoch * self.steps + step

    def _read(self, totals: dict[str, Tensor]) -> dict[str, float]:
        """The totals on the host; a loss that is not finite ends the trial here."""
        read = {name: float(value) for name, value in totals.items()}
        if not all(math.isfinite(value) for value in read.values()):
            raise Diverged(
                f"the loss is not finite at epoch {self.progress.epoch + 1}, step {self.progress.step} "
                f"(learning rate {self._rate(self.progress.step - 1):.3g}); lower training.lr or lengthen the warm-up"
            )
        return read

    def _save(self, checkpoint: Checkpoint) -> None:
        checkpoint.save(state_tensors(self.modules, self.optimizers), asdict(self.progress))


def values_of(batch: Batch) -> Tensor | int:
    """How many values along time a batch has, padding aside; on the device where lengths differ."""
    return batch.inputs.shape[:2].numel() if batch.lengths is None else batch.lengths.sum()
