"""A codebook: K vectors, the nearest one for every position, learned by gradient or by moving averages.

Van den Oord, Vinyals, Kavukcuoglu: Neural Discrete Representation Learning, NeurIPS 2017, arXiv 1711.00937, section 3
and appendix A.1.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from probeline.models.vq_settings import CodebookSettings


class Codebook(nn.Module):
    """K codes of D numbers. `decay`: None for a codebook that learns by its loss, else gamma of the moving averages."""

    count: Tensor
    total: Tensor

    def __init__(self, codes: int, dim: int, decay: float | None) -> None:
        super().__init__()
        self.decay = decay
        self.weight = nn.Parameter(torch.randn(codes, dim), requires_grad=decay is None)
        self.register_buffer("count", torch.ones(codes))  # N_i, moving numbers of vectors for each code
        self.register_buffer("total", self.weight.detach().clone())  # m_i, moving sums of those vectors

    def nearest(self, vectors: Tensor) -> Tensor:
        """Index [B, h, w] of the code nearest to each of vectors [B, D, h, w] (eq. 1)."""
        with torch.autocast(vectors.device.type, enabled=False):  # in bf16 another code may look the nearest
            flat, codes = vectors.detach().float().permute(0, 2, 3, 1).flatten(0, 2), self.weight.detach().float()
            distance = codes.square().sum(1) - 2 * flat @ codes.T  # |z|^2 is the same for all
        return distance.argmin(1).view(len(vectors), *vectors.shape[2:])

    def forward(self, index: Tensor) -> Tensor:
        """Codes [B, D, h, w] of indices [B, h, w]."""
        return self.weight[index].permute(0, 3, 1, 2)

    @torch.no_grad()
    def update(self, vectors: Tensor, restart_below: float) -> None:
        """After a step on vectors [B, D, h, w]: the moving averages, and codes that fell out of use.

        N_i <- gamma N_i + (1 - gamma) n_i, m_i likewise, code = m_i / N_i (eq. 6 to 8); a codebook that learns by its
        loss keeps its codes, and gamma is 0.99 for its counts. A code whose N_i is under `restart_below` moves to a
        random vector of the batch, drawn from torch's global generator; 0 restarts none.
        """
        flat = vectors.detach().float().permute(0, 2, 3, 1).flatten(0, 2)
        index = self.nearest(vectors).flatten()
        gamma = 0.99 if self.decay is None else self.decay
        self.count.lerp_(occurrences(index, len(self.count)).to(self.count.dtype), 1 - gamma)
        self.total.lerp_(torch.zeros_like(self.total).index_add_(0, index, flat), 1 - gamma)
        if self.decay is not None:
            used = self.count > 1e-6  # m_i / N_i of a code never used again stays as it was, as both shrink alike
            self.weight.copy_(torch.where(used[:, None], self.total / self.count.clamp(min=1e-6)[:, None], self.weight))
        if restart_below:
            self._restart(flat, self.count < restart_below)

    def _restart(self, flat: Tensor, dead: Tensor) -> None:
        """Moves the codes that are `dead` [K] to random rows of `flat` [N, D]."""
        restarts = flat[torch.randint(len(flat), (len(dead),), device=flat.device)]
        self.weight.copy_(torch.where(dead[:, None], restarts, self.weight))
        self.total.copy_(torch.where(dead[:, None], restarts, self.total))
        self.count.copy_(torch.where(dead, torch.ones_like(self.count), self.count))


def straight_through(codebook: Codebook, vectors: Tensor) -> Tensor:
    """The nearest codes, with the gradient of z_e [B, D, h, w] itself (section 3.2)."""
    return vectors + (codebook(codebook.nearest(vectors)) - vectors).detach()


def quantiser_loss(
    settings: CodebookSettings,
    reconstruction: Tensor,
    vectors: Tensor,
    codes: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """Eq. 3 and its commitment term: what does not reconstruct is the `distance` of z_e [B, D, h, w] to its codes."""
    commitment = distance(vectors, codes.detach())
    loss = reconstruction + settings.beta * commitment
    if settings.codebook == "gradient":
        loss = loss + distance(vectors.detach(), codes)
    return loss, commitment


def perplexity(index: Tensor, codes: int) -> Tensor:
    """exp of the entropy of how often each code occurs in `index`: from 1, one code for all, to `codes`."""
    share = occurrences(index.flatten(), codes).float() / index.numel()
    return torch.exp(-torch.xlogy(share, share).sum())


def occurrences(index: Tensor, codes: int) -> Tensor:
    """[codes] int64: how often each code occurs in index [N]; `torch.bincount` would wait for the device."""
    return index.new_zeros(codes).scatter_add_(0, index, torch.ones_like(index))
