"""Linear probes over all layers of an encoder: each apart, the best one chosen on validation, or a weighted sum.

Weights of layers as in SUPERB: Yang et al., Interspeech 2021, arXiv 2105.01051, section 3: a softmax over one number a
layer, learned with the probe. The test labels are read once, when all is chosen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.events import Artifact, Note, Record
from probeline.errors import NotApplicable
from probeline.evaluation._classification import opened, reported, require_labels
from probeline.evaluation._linear import choose, solver_notes
from probeline.evaluation._probe_settings import ProbeSettings
from probeline.evaluation.base import Embeddings, EvaluationData
from probeline.models.time_pooling import Pool

SPLITS = ("train", "validation", "test")
STEPS = 200
"""Of L-BFGS at most, for one penalty of the weighted sum."""


def each_layer(
    data: EvaluationData, settings: ProbeSettings, folder: Path, pool: Pool = "mean"
) -> Iterator[Record | Artifact | Note]:
    """`layer_<n>/top1` of every layer, and all records of the layer that validates best. Raises NotApplicable."""
    train, validation, test = _layers(data, pool)
    labels, unseen = data.train.labels, data.validation.labels
    chosen = [
        choose(Embeddings(seen, labels), Embeddings(held, unseen), len(data.classes), settings)
        for seen, held in zip(train, validation, strict=True)
    ]
    best = max(range(len(chosen)), key=lambda layer: chosen[layer].validation_top1)
    yield from solver_notes([l2 for each in chosen for l2 in each.unconverged], settings.iterations)
    yield Record("layer", float(best))
    yield Record("l2", chosen[best].l2)
    yield Record("validation_top1", chosen[best].validation_top1)
    answers = opened(data)
    for layer, each in enumerate(chosen):
        probabilities = each.probabilities(test[layer])
        yield Record(f"layer_{layer}/validation_top1", each.validation_top1)
        yield Record(f"layer_{layer}/top1", float((probabilities.argmax(1) == answers).float().mean()))
        if layer == best:
            yield from reported(probabilities, answers, data.classes, folder)


def weighted_sum(
    data: EvaluationData, settings: ProbeSettings, folder: Path, pool: Pool = "mean"
) -> Iterator[Record | Artifact | Note]:
    """The records of a probe on the weighted sum of layers, and `weight_<n>`. Raises NotApplicable.

    Layers whose size is not that of the last one, such as convolutions below a transformer, are left out.
    """
    every = _layers(data, pool)
    numbers = [number for number, layer in enumerate(every[0]) if layer.shape == every[0][-1].shape]
    train, validation, test = _standardised([[layers[number] for number in numbers] for layers in every], settings)
    best: WeightedProbe | None = None
    for l2 in sorted(settings.l2, reverse=True):
        model = _fitted(train, data.train.labels, len(data.classes), l2)
        model.validation_top1 = float((model(validation).argmax(1) == data.validation.labels).float().mean())
        if best is None or model.validation_top1 > best.validation_top1:
            best = model
    assert best is not None, "settings have one penalty or more"
    yield Record("l2", best.l2)
    yield Record("validation_top1", best.validation_top1)
    for number, weight in zip(numbers, best.weights.tolist(), strict=True):
        yield Record(f"weight_{number}", weight)
    yield from reported(best(test).softmax(1), opened(data), data.classes, folder)


def _layers(data: EvaluationData, pool: Pool) -> list[list[Tensor]]:
    """A vector of every layer's frames, of each split. Raises NotApplicable."""
    require_labels(data)
    layers = [data.subject.layers(split, pool) for split in SPLITS]
    if not layers[0]:
        raise NotApplicable(f"{type(data.subject.method.encoder).__name__} gives no layers to probe")
    return layers


def _standardised(splits: list[list[Tensor]], settings: ProbeSettings) -> list[Tensor]:
    """[L, N, D] of each split: of mean 0 over the training split, and deviation 1 where the settings say so."""
    stacks = [torch.stack(layers) for layers in splits]
    mean = stacks[0].mean(1, keepdim=True)
    deviation = stacks[0].std(1, correction=0, keepdim=True).clamp(min=1e-6)
    scale = deviation if settings.standardise else torch.ones_like(deviation)
    return [(stack - mean) / scale for stack in stacks]


@dataclass
class WeightedProbe:
    """`mixture` [L] before its softmax, `matrix` [D + 1, K] with the bias as its last row."""

    mixture: Tensor
    matrix: Tensor
    l2: float
    validation_top1: float = 0.0

    @property
    def weights(self) -> Tensor:
        """[L], which sum to 1."""
        return self.mixture.softmax(0)

    def __call__(self, stack: Tensor) -> Tensor:
        """Scores [N, K] of layers [L, N, D]."""
        return torch.einsum("l,lnd->nd", self.weights, stack) @ self.matrix[:-1] + self.matrix[-1]


def _fitted(stack: Tensor, labels: Tensor, classes: int, l2: float) -> WeightedProbe:
    """Minimises mean cross entropy + l2/2 * |W|^2 over the layers' weights and W, from equal weights and zeros."""
    with torch.enable_grad():
        mixture = nn.Parameter(stack.new_zeros(len(stack)))
        matrix = nn.Parameter(stack.new_zeros(stack.shape[2] + 1, classes))
        probe = WeightedProbe(mixture, matrix, l2)
        optimizer = torch.optim.LBFGS([mixture, matrix], max_iter=STEPS, line_search_fn="strong_wolfe")

        def objective() -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(probe(stack), labels) + 0.5 * l2 * matrix[:-1].square().sum()
            loss.backward()
            return loss

        optimizer.step(objective)
    return WeightedProbe(mixture.detach(), matrix.detach(), l2)
