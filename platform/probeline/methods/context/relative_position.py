"""Context prediction: recognise in which of eight directions a patch lies from another one.

Doersch, Gupta, Efros: Unsupervised Visual Representation Learning by Context Prediction, ICCV 2015, arXiv 1505.05192.
"""

from collections.abc import Sequence
from typing import Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.batch import Batch, Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.device_constants import constant
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.metric import percentage
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.data.augment.views import augment
from probeline.data.images.augment.settings import Augment, Augmentation
from probeline.errors import BadData
from probeline.methods._shapes import require_patches, view_shape
from probeline.methods.base import top1
from probeline.models.patches import cut

METRICS = {"top1": percentage("training top-1 accuracy")}


class Config(Settings):
    """Sizes are those of section 4, patches of 96 with gaps of 48 and a jitter of 7, scaled to what the images hold.

    The paper draws pairs; here each image gives one middle patch and `neighbours` pairs with it, so that the middle is
    encoded once. Its towers end in two layers of 4,096; here is one of `hidden`.

    Small images are not for it: on CIFAR-10 (4,000 images, ResNet-18 of width 8, 6 epochs, one seed) the probe lies 7
    to 8 points below an untrained encoder with any guard, though 25% of the neighbours are recognised with projection
    or none. The likely reason: patches of 7 pixels end in one position of the last map; the probe shows whole images.
    """

    patch: int | None = Field(None, ge=3, description="Side of a patch in pixels; null: the largest that fits.")
    gap: int | None = Field(None, ge=0, description="Pixels between patches before jitter; null: half a patch.")
    jitter: int | None = Field(None, ge=0, description="A patch moves by up to so many pixels; null: 7/96 of a patch.")
    neighbours: int = Field(8, ge=1, le=8, description="Of the eight, how many an image gives a step.")
    guard: Literal["projection", "dropping", "none"] = Field(
        "dropping", description="Against colour fringes, which give away the position in a photograph (section 3.1)."
    )
    hidden: int = Field(512, ge=1, description="Units of the layer that joins the two towers.")
    augment: Augmentation = Augment(crop_scale=(0.6, 1.0), jitter=0.0, grey=0.0)


NEIGHBOURS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2))
"""(row, column) of the label's neighbour in the grid of 3x3, without the middle."""


class RelativePosition(Method):
    """Figure 2: a shared tower for both patches, late fusion, softmax over eight neighbours."""

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        super().__init__(config, encoder, facts)
        channels, height, width = view_shape(config.augment, facts)
        self.patch, self.gap, self.jitter = sizes(config, min(height, width))
        require_patches(encoder, (channels, self.patch, self.patch), "relative_position")
        self.head = nn.Sequential(
            nn.Linear(2 * encoder.dim, config.hidden),
            nn.BatchNorm1d(config.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(config.hidden, len(NEIGHBOURS)),
        )

    @torch.no_grad()
    def views(self, batch: Batch, rng: SampleRNG) -> Views:
        """The middle patch and its neighbours, [V * B, C, side, side]; targets: which neighbours, [B, V - 1]."""
        images = augment(batch.inputs, self.config.augment, rng)
        targets = rng.uniform(len(NEIGHBOURS), "neighbours").argsort(1)[:, : self.config.neighbours]
        middle = torch.ones(len(targets), 1, 2, dtype=torch.int64, device=targets.device)
        cells = torch.cat([middle, constant(NEIGHBOURS, targets.device)[targets]], dim=1)  # [B, V, 2]
        corners = self._corners(cells, images.shape[2:], rng)
        patches = cut(images, corners[:, :, 0], corners[:, :, 1], self.patch)
        return Views(guarded(patches, self.config.guard, rng.split(cells.shape[1])), targets)

    def _corners(self, cells: Tensor, size: Sequence[int], rng: SampleRNG) -> Tensor:
        """[B, V, 2]: top left pixels of the patches at `cells`, the whole grid at a random position in the image."""
        room = constant(tuple(side - extent(self.patch, self.gap, self.jitter) + 1 for side in size), cells.device)
        start = (rng.uniform(2, "grid") * room).long()[:, None]
        moves = rng.integers(2 * self.jitter + 1, 2 * cells.shape[1], "jitter").view_as(cells)
        return start + cells * (self.patch + self.gap) + moves

    def forward(self, views: Views) -> Outputs:
        """h of all patches, [V * B, dim]; z: logits of each pair, [(V - 1) * B, 8]."""
        h = self.encoder(views.inputs).h
        middle, *others = h.chunk(1 + self.config.neighbours)
        pairs = torch.cat([torch.cat([middle, other], dim=1) for other in others])
        return Outputs(h, self.head(pairs))

    def loss(self, outputs: Outputs, views: Views) -> dict[str, Tensor]:
        """Cross entropy over the eight neighbours, nats, and how often the right one is chosen."""
        targets = cast(Tensor, views.targets).T.flatten()
        return {"loss": F.cross_entropy(outputs.z, targets), "top1": top1(outputs.z, targets)}


def sizes(config: Config, side: int) -> tuple[int, int, int]:
    """Patch, gap and jitter in pixels for images whose shorter side is `side`.

    Raises:
        BadData: nine such patches do not fit into the image.
    """
    for patch in [config.patch] if config.patch else range(side // 3, 2, -1):
        gap = max(1, (patch + 1) // 2) if config.gap is None else config.gap
        jitter = max(1, round(patch * 7 / 96)) if config.jitter is None else config.jitter
        if extent(patch, gap, jitter) <= side:
            return patch, gap, jitter
    patch = config.patch or 3
    gap, jitter = ((patch + 1) // 2 if config.gap is None else config.gap), config.jitter or 1
    raise BadData(
        f"method relative_position: images of {side} pixels hold no 3x3 grid of patches; patches of {patch} with "
        f"these gaps and jitter need {extent(patch, gap, jitter)}; set a smaller method.patch, method.gap or "
        "method.jitter, or load larger images"
    )


def extent(patch: int, gap: int, jitter: int) -> int:
    """Pixels along a side that the 3x3 grid may touch."""
    return 3 * patch + 2 * gap + 2 * jitter


def guarded(patches: Tensor, guard: str, rng: SampleRNG) -> Tensor:
    """patches: [N, C, H, W] in [0, 1] -> the same without colour fringes; other than 3 channels stay as is.

    `projection`: each pixel loses its part along green against magenta, a = (-1, 2, -1), x - a (a.x) / 6, clamped,
    which bites in saturated colours only. `dropping`: one random channel stays; the others are noise about mid-grey of
    a hundredth of its deviation.
    """
    if guard == "none" or patches.shape[1] != 3:
        return patches
    if guard == "projection":
        axis = constant((-1.0, 2.0, -1.0), patches.device, patches.dtype)[:, None, None]
        without = patches - axis * (patches * axis).sum(1, keepdim=True) / 6
    else:
        single = rng.integers(3, 1, "kept")[:, :, None, None]
        spread = patches.gather(1, single.expand(-1, 1, *patches.shape[2:])).std((1, 2, 3), keepdim=True)
        noise = rng.normal(patches[0].numel(), "noise").view(len(patches), *patches.shape[1:])
        channel = torch.arange(3, device=patches.device)[:, None, None]
        without = torch.where(channel == single, patches, 0.5 + 0.01 * spread * noise)
    return without.clamp(0, 1).contiguous(memory_format=torch.channels_last)
