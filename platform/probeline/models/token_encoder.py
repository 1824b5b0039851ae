"""What methods that predict tokens ask of an encoder, and the layers that turn its vectors into scores of tokens."""

from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.encoder import Encoder
from probeline.models.token_loss import surprise
from probeline.models.transformer import initialise


class TokenEncoder(Encoder):
    """An encoder of tokens. `tokens`: the vectors of the vocabulary, [V, E], which output layers share.

    `causal`: whether a token attends to those before it only; `context`: the most tokens that attend to each other.
    """

    tokens: nn.Embedding
    causal: bool
    context: int


class SharedScores(nn.Module):
    """Scores of the vocabulary by the product with its vectors, as GPT: no weights of its own where sizes agree."""

    def __init__(self, encoder: TokenEncoder) -> None:
        super().__init__()
        size = encoder.tokens.embedding_dim
        self.narrow = nn.Linear(encoder.dim, size, bias=False) if size != encoder.dim else nn.Identity()
        self.apply(initialise)

    def forward(self, frames: Tensor, tokens: nn.Embedding) -> Tensor:
        """[..., V] of vectors [..., D]."""
        return F.linear(self.narrow(frames), tokens.weight)

    def surprise(self, frames: Tensor, tokens: nn.Embedding, targets: Tensor) -> Tensor:
        """Nats [...] of targets [...] under the scores of vectors [..., D], which are not all held at once."""
        return surprise(self.narrow(frames), tokens.weight, targets)


class TransformedScores(nn.Module):
    """BERT's output layer: a linear layer, GELU and a layer norm before the product, and a bias for each token."""

    def __init__(self, dim: int, tokens: nn.Embedding, epsilon: float = 1e-12) -> None:
        super().__init__()
        self.dense, self.norm = nn.Linear(dim, tokens.embedding_dim), nn.LayerNorm(tokens.embedding_dim, epsilon)
        self.bias = nn.Parameter(tokens.weight.new_zeros(tokens.num_embeddings))
        self.apply(initialise)

    def forward(self, frames: Tensor, tokens: nn.Embedding) -> Tensor:
        """[..., V] of vectors [..., D]."""
        return F.linear(self.norm(F.gelu(self.dense(frames))), tokens.weight, self.bias)
