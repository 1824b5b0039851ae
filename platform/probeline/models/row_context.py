"""An autoregressive summary of a grid of representations: row r depends on rows 0 to r.

In the manner of the image model of van den Oord, Li, Vinyals: Representation Learning with Contrastive Predictive
Coding, arXiv 1807.03748, section 3.3, which runs a PixelCNN over the rows from top to bottom.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class RowContext(nn.Module):
    """[B, inputs, R, K] in, [B, outputs, R, K] out; a row of it depends on its own row of the grid and those above.

    Residual blocks of a bottleneck: along the row (1x3), then one row up (2x1, padded above).
    """

    def __init__(self, inputs: int, outputs: int, layers: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 1)
        self.blocks = nn.ModuleList(_Block(outputs) for _ in range(layers))

    def forward(self, grid: Tensor) -> Tensor:
        """The context [B, outputs, R, K] of representations [B, inputs, R, K]."""
        context = self.first(grid)
        for block in self.blocks:
            context = context + block(context)
        return context


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = max(1, width // 2)
        self.enter = nn.Conv2d(width, inner, 1)
        self.along = nn.Conv2d(inner, inner, (1, 3), padding=(0, 1))
        self.down = nn.Conv2d(inner, inner, (2, 1))
        self.leave = nn.Conv2d(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.along(F.relu(self.enter(F.relu(x))))
        return self.leave(F.relu(self.down(F.pad(x, (0, 0, 1, 0)))))
