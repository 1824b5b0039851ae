"""Contrastive predictive coding: predict the patches below from the rows of patches above, against other patches.

Van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748, section 3.3.
"""

import math
from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.metric import Metric, loss_term, percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.errors import BadData, UserError
from probeline.methods._shapes import require_patches, view_shape
from probeline.models.patches import grid
from probeline.models.row_context import RowContext

VERSION = 2  # log_n, and information with it, count the positive once since 2
METRICS = {
    "top1": percentage("training top-1 accuracy"),
    "information": Metric("training bound on mutual information", "nats", "higher"),
    "log_n": Metric("training ceiling of the bound on mutual information", "nats"),
    "loss_<step>_down": loss_term("training loss, <step> rows down"),
}


class Config(Settings):
    """The paper's grid is 7x7 patches, a quarter of the image wide, overlapping by half: the same here.

    Deviations: the paper takes all other patches of the batch as negatives, here `negatives` random ones of each image,
    as the rest cost more than the encoder; the paper crops each patch anew by a few pixels; its encoder has no batch
    norm, which can tell an image's patches by their batch: choose an encoder without it to keep to the paper. The probe
    reads f of the whole image, not the mean over patches.
    """

    patch: int | None = Field(None, ge=4, description="Side of a patch in pixels; null: a quarter of the image.")
    stride: int | None = Field(None, ge=1, description="Pixels from patch to patch; null: half a patch.")
    first_step: int = Field(1, ge=1, description="Rows down to the first that is predicted; 2: past the overlap.")
    steps: int | None = Field(None, ge=1, description="Rows predicted; null: five, or as many as there are.")
    negatives: int | None = Field(8, ge=1, description="Patches of each image as candidates; null: all.")
    context: int = Field(128, ge=2, description="Channels of the autoregressive model.")
    layers: int = Field(3, ge=1, description="Blocks of the autoregressive model.")
    augment: Augmentation = Augment(crop_scale=(0.6, 1.0), jitter=0.0, grey=0.2)


class CPC(Method):
    """Eq. 3 and 4 for every step k with its own W_k; N candidates, so the loss is at least log N - I(z; c)."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        channels, height, width = view_shape(config.augment, facts)
        self.patch = config.patch or min(height, width) // 4
        self.stride = config.stride or max(1, self.patch // 2)
        self.grid = tuple((side - self.patch) // self.stride + 1 for side in (height, width))
        self.steps = range(config.first_step, config.first_step + self._count())
        require_patches(encoder, (channels, self.patch, self.patch), "cpc")
        self.context = RowContext(encoder.dim, config.context, config.layers)
        self.predictors = nn.ModuleList(nn.Conv2d(config.context, encoder.dim, 1, bias=False) for _ in self.steps)

    def _count(self) -> int:
        """Rows to predict. Raises BadData where the images are too small, UserError for more rows than there are."""
        rows_below, steps = self.grid[0] - self.config.first_step, self.config.steps
        if self.patch < 4 or rows_below < 1 or min(self.grid) < 1:
            rows, columns = (max(0, side) for side in self.grid)
            raise BadData(
                f"method cpc: the images hold a grid of {rows}x{columns} patches of {self.patch} pixels, {self.stride} "
                f"apart; at least {self.config.first_step + 1} rows of patches of 4 pixels are needed; set "
                "method.patch and method.stride smaller, or load images of 16 pixels or more"
            )
        if steps is not None and steps > rows_below:
            raise UserError(f"method.steps: got {steps}; below the first row there are {rows_below} to predict")
        return steps or min(5, rows_below)

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """Patches, row by row of the grid [R, K]; targets: the grid positions of m candidates of each image, [B, m]."""
        images = augment(batch.inputs, self.config.augment, rng)
        positions = rng.uniform(self.grid[0] * self.grid[1], "negatives").argsort(1)[:, : self.config.negatives]
        return Views(grid(images, self.patch, self.stride), positions)

    def forward(self, views: Views) -> Outputs:
        """h: the mean over an image's patches, [B, dim]; z: of each, [B, dim, R, K]; `context`: c, on the grid."""
        patches = self.encoder(views.inputs).h.unflatten(0, (*self.grid, -1))  # [R, K, B, dim]
        z = patches.permute(2, 3, 0, 1)
        return Outputs(z.mean((2, 3)), z, {"context": self.context(z)})

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Eq. 4, the mean over steps k; `information` is the bound log N - L_N on I(z; c), all in nats.

        N counts a row's candidates, the positive once: where it is itself one of the `negatives` it is not one more.
        """
        z, positions = outputs.z.float(), cast(Tensor, views.targets)
        others = z.flatten(2).gather(2, positions[:, None].expand(-1, z.shape[1], -1)).transpose(1, 2)  # [B, m, dim]
        losses, log_n, correct = [], [], []
        for step, predictor in zip(self.steps, self.predictors, strict=True):
            predicted = predictor(outputs.extra["context"][:, :, :-step]).float()
            same = _is_positive(positions, step, *predicted.shape[2:])
            with torch.autocast(z.device.type, enabled=False):  # a softmax over many candidates is not for bf16
                scores = self._scores(predicted, z[:, :, step:], others, same)
            losses.append((scores.logsumexp(1) - scores[:, 0]).mean())
            log_n.append((1 + positions.numel() - same.sum(2)).log().mean())
            correct.append((scores[:, 0] > scores[:, 1:].amax(1)).float().mean())
        loss, ceiling = torch.stack(losses).mean(), torch.stack(log_n).mean()
        each = {f"loss_{step}_down": term.detach() for step, term in zip(self.steps, losses, strict=True)}
        terms = {"loss": loss, "log_n": ceiling, "information": ceiling - loss.detach()}
        return terms | {"top1": torch.stack(correct).mean()} | each

    def _scores(self, predicted: Tensor, target: Tensor, others: Tensor, same: Tensor) -> Tensor:
        """[B * rows * K, 1 + B * m]: log f_k of the patch that is there, then of the candidates.

        A candidate that is the patch itself (`same` [B, rows * K, m]) is masked in its own row.
        """
        batch, dim = predicted.shape[:2]
        flat = predicted.permute(0, 2, 3, 1).reshape(-1, dim)
        scale = dim**-0.5  # absorbed by W_k; keeps first scores near 0 for any encoder
        positive = (predicted * target).sum(1).flatten() * scale
        negative = flat @ others.reshape(-1, dim).T * scale
        image = torch.arange(batch, device=same.device)
        blocked = torch.zeros(batch, same.shape[1], batch, same.shape[2], dtype=torch.bool, device=same.device)
        blocked[image, :, image] = same
        return torch.cat([positive[:, None], negative.masked_fill(blocked.view_as(negative), -math.inf)], dim=1)


def _is_positive(positions: Tensor, step: int, rows: int, columns: int) -> Tensor:
    """[B, rows * K, m] whether an image's candidate, one of `positions` [B, m], is the patch `step` rows below."""
    below = torch.arange(step * columns, (step + rows) * columns, device=positions.device)
    return below[None, :, None] == positions[:, None, :]
