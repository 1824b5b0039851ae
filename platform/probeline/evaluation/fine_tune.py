"""Fine-tuning: the whole encoder trained with few labels, starting from the pretrained weights.

Chen, Kornblith, Norouzi, Hinton: A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020,
arXiv 2002.05709, B.5: Nesterov momentum 0.9, learning rate 0.05 times batch size / 256, no warm-up, no regularisation,
random crops and flips, 60 epochs on 1% and 30 on 10% of the labels, subsets of equal class shares; as in its code, the
rate falls to 0 along a cosine. Deviations for small budgets: batches of 64 in place of 4,096; 3 epochs on all labels;
more epochs where a small subset would else give fewer than 100 steps; the rate is chosen on the validation part.

Text: Radford, Narasimhan, Salimans, Sutskever: Improving Language Understanding by Generative Pre-Training, 2018,
section 3.2: rates fall along a line after a warm-up over 0.2% of the steps, with `auxiliary` 0.5. Devlin et al., NAACL
2019, arXiv 1810.04805, appendix A.3: batches of 16 or 32, a rate of 5e-5, 3e-5 or 2e-5, 2 to 4 epochs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Batch
from probeline.core.events import Artifact, Record
from probeline.core.metric import Metric, accuracy_on_test, count, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.errors import NotApplicable
from probeline.evaluation._classification import opened, require_labels, scores
from probeline.evaluation._fine_tuning import Tuned, TunedModel, balanced_rows, decayed, predicted
from probeline.evaluation._fraction_settings import FractionSettings, percent
from probeline.evaluation._frozen_method import ANOTHER, FrozenMethod
from probeline.evaluation.base import EvaluationData, Protocol

VERSION = 2  # samples of different lengths come in batches of about one since 2
NEEDS = ("labels",)
METRICS = {
    "<share>/top1": accuracy_on_test("fine-tuned top-1 accuracy, <share> of labels"),
    "<share>/ece": percentage("fine-tuned calibration error, <share> of labels", "lower"),
    "<share>/validation_top1": percentage("fine-tuned validation accuracy, <share> of labels"),
    "<share>/labels": count("labels of fine-tuning, <share> of all"),
    "<share>/lr": Metric("learning rate of fine-tuning, <share> of labels"),
}
PRIMARY = "<share>/top1"

BATCH = 512


class Config(FractionSettings):
    """`epochs`: one number for each fraction; `least_steps`: where they are fewer, epochs are added.

    `lr`: rates to choose from, at batch size 256; scaled to `batch_size`, also where a subset is smaller than that.
    """

    augment: Augmentation = Augment(jitter=0.0, grey=0.0)
    optimizer: Literal["sgd", "adamw"] = Field("sgd", description="AdamW's rates are not scaled to `batch_size`.")
    weight_decay: float = Field(0.0, ge=0)
    warmup: float = Field(0.0, ge=0, lt=1, description="Share of the steps in which the rate rises.")
    schedule: Literal["cosine", "linear"] = Field("cosine", description="How the rate falls to 0.")
    auxiliary: float = Field(0.0, ge=0, description="lambda, the weight of the language model's loss; GPT's is 0.5.")
    layers: int | None = Field(
        None, ge=0, description="Blocks that are transferred, beside the embeddings; the others start anew. null: all."
    )


class FineTune(Protocol[Config]):
    """`1pct/top1`, `10pct/top1`, `100pct/top1` and what was chosen; a fresh copy of the encoder for every training."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        require_labels(data)
        subject, classes = data.subject, len(data.classes)
        probabilities: dict[str, Tensor] = {}
        for fraction, epochs in zip(self.config.fractions, self.config.epochs, strict=True):
            rows = balanced_rows(data.train.labels, fraction, subject.seed)
            few = subject if fraction == 1 else subject.with_train_rows(rows)
            name = percent(fraction)
            tuned = (self._tune(few, classes, epochs, lr) for lr in sorted(self.config.lr))  # kept: one model
            best = max(tuned, key=lambda one: one.validation_top1)  # the first of equals: the lowest rate
            if best.validation_top1 < 0:
                raise NotApplicable(f"with {name} of the labels the loss is not finite at any rate; lower `lr`")
            yield Record(f"{name}/labels", float(len(rows)))
            yield Record(f"{name}/lr", best.lr)
            yield Record(f"{name}/validation_top1", best.validation_top1)
            probabilities[name] = predicted(best.model, subject.batches("test", BATCH, alike=True))
        labels = opened(data)
        for name, each in probabilities.items():
            for record in scores(each, labels):
                yield Record(f"{name}/{record.name}", record.value)

    def _tune(self, subject: FrozenMethod, classes: int, epochs: int, lr: float) -> Tuned:
        """Trains an encoder and a new layer on it. Random layers such as dropout draw from a generator of their own."""
        devices = [subject.device] if subject.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(subject.seed)
            model = self._trained(subject, classes, epochs, lr)
        validation = predicted(model, subject.batches("validation", BATCH, alike=True))
        truth = torch.cat([batch.labels for batch in subject.batches("validation", BATCH)])
        if not torch.isfinite(validation).all():
            return Tuned(lr, -1.0, model)
        return Tuned(lr, float((validation.argmax(1) == truth).float().mean()), model)

    def _trained(self, subject: FrozenMethod, classes: int, epochs: int, lr: float) -> TunedModel:
        size = len(subject.dataset.train)
        batch_size = min(self.config.batch_size, size)
        each = len(range(0, size, batch_size))
        epochs = max(epochs, -(-self.config.least_steps // each))
        model = TunedModel(subject.method, classes).to(subject.device).train()
        if self.config.layers is not None:
            model.transfer(self.config.layers)
        optimizer, peak = self._optimizer(model, lr)
        done = 0
        for epoch in range(epochs):
            for batch in subject.batches("train", batch_size, epoch=epoch, shuffle=True, alike=True):
                share = decayed(done, epochs * each, self.config.warmup, self.config.schedule)
                done += 1
                if len(batch) == 1:
                    continue  # batch norm has no variance of one sample
                optimizer.param_groups[0]["lr"] = peak * share
                optimizer.zero_grad(set_to_none=True)
                self._loss(model, batch, SampleRNG(subject.seed ^ ANOTHER, epoch, batch.index)).backward()
                optimizer.step()
        return model

    def _optimizer(self, model: nn.Module, lr: float) -> tuple[torch.optim.Optimizer, float]:
        """The optimiser and its peak rate. AdamW's does not depend on the batch size, as in GPT's and BERT's tables."""
        decay = self.config.weight_decay
        if self.config.optimizer == "adamw":
            return torch.optim.AdamW(model.parameters(), lr, weight_decay=decay), lr
        sgd = torch.optim.SGD(model.parameters(), lr, momentum=0.9, nesterov=True, weight_decay=decay)
        return sgd, lr * self.config.batch_size / 256

    def _loss(self, model: TunedModel, batch: Batch, rng: SampleRNG) -> Tensor:
        """Cross entropy of the labels, and lambda times the language model's (GPT, eq. 5)."""
        tokens = not batch.inputs.is_floating_point()  # for which there are no augmentations
        views = batch.inputs if tokens else augment(batch.inputs, self.config.augment, rng, batch.lengths)
        logits, encoded = model(views, batch.lengths)
        loss = F.cross_entropy(logits, batch.labels)
        return loss + self.config.auxiliary * model.auxiliary_loss(encoded, batch) if self.config.auxiliary else loss
