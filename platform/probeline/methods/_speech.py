"""What methods of speech share: the encoder in its two halves, and the prediction of features from a context."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from probeline.core.batch import Outputs, Views
from probeline.core.method import C, Method
from probeline.errors import UserError
from probeline.models.speech_encoder import SpeechEncoder
from probeline.models.time_pooling import pooled


class SpeechMethod(Method[C]):
    """Trains an encoder with features of the waveform and a context over them; a subclass requires such a one."""

    @property
    def speech(self) -> SpeechEncoder:
        """The encoder in its two halves."""
        return cast(SpeechEncoder, self.encoder)


@dataclass(frozen=True)
class Negatives:
    """Features that a prediction is told from: `values` [B, K, F], of frames `frames` int64 [B, K].

    `own`: bool [B, K], whether the frame is of the sequence itself.
    """

    values: Tensor
    frames: Tensor
    own: Tensor


@dataclass(frozen=True)
class StepsAhead:
    """For every step: `losses`, and `correct`, the share of frames that score above every negative."""

    losses: list[Tensor]
    correct: list[Tensor]

    @property
    def terms(self) -> dict[str, Tensor]:
        """The loss of each step, for the record."""
        return {f"loss_{step}_ahead": term.detach() for step, term in enumerate(self.losses, start=1)}


class FutureFeatures(SpeechMethod[C]):
    """Predicts features from the context before them, one of `predictors` a step; a subclass has views and a loss."""

    predictors: nn.ModuleList

    def forward(self, views: Views) -> Outputs:
        """h: the mean of c; z: features [B, T, F]; `context`: c [B, T, dim]; `frames`: of each that are real, [B]."""
        z, counts = self.speech.features(views.inputs, views.lengths)
        c, _ = self.speech.context(z, counts)
        return Outputs(pooled(c, counts), z, {"context": c, "frames": counts})

    def steps_ahead(
        self,
        outputs: Outputs,
        negatives: Callable[[int], Negatives],
        loss: Callable[[Tensor, Tensor], Tensor],
        scale: float = 1.0,
    ) -> StepsAhead:
        """The loss of every step over the frames that are there; a frame is not its own negative.

        Args:
            negatives: of a step, the first being 1.
            loss: of scores of positives [N] and of negatives [N, K], a value a frame.
            scale: of the scores, which are inner products.

        Raises:
            UserError: windows of a single frame.
        """
        z, counts = outputs.z.float(), outputs.extra["frames"]
        losses, correct = [], []
        for step, predictor in enumerate(self.predictors, start=1):
            if step >= z.shape[1]:
                break
            others, at = negatives(step), torch.arange(step, z.shape[1], device=z.device)
            predicted = predictor(outputs.extra["context"][:, :-step]).float()
            positive = (predicted * z[:, step:]).sum(2) * scale
            same = others.own[:, None] & (others.frames[:, None] == at[:, None])
            negative = (predicted @ others.values.transpose(1, 2) * scale).masked_fill(same, -math.inf)
            real = at < counts[:, None]
            losses.append(loss(positive[real], negative[real]).mean())
            correct.append((positive[real] > negative[real].amax(1)).float().mean())
        if not losses:
            name = type(self).__module__.rpartition(".")[2]
            raise UserError(f"method {name}: the windows have {z.shape[1]} frame(s); set data.window_s longer")
        return StepsAhead(losses, correct)
