"""A transformer on tokens: embeddings, the trunk, and h from the mean, the first or the last token.

The architecture of GPT (Radford et al. 2018; `causal: true`) and of BERT (Devlin et al., NAACL 2019, arXiv 1810.04805;
`norm: post`). Vectors of tokens are shared with the output layer of the methods that predict tokens.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import SEPARATOR
from probeline.errors import UserError
from probeline.models.time_pooling import one_vector
from probeline.models.token_encoder import TokenEncoder
from probeline.models.token_pieces import in_pieces
from probeline.models.transformer import Transformer, initialise
from probeline.models.transformer_settings import TransformerSettings

TAKES = ("tokens",)
GIVES = ("frames", "layers", "attention")


class Config(TransformerSettings):
    """Samples longer than `context` are read in pieces of `context` tokens, and h is of all of them."""

    context: int = Field(512, ge=2, description="The most tokens that attend to each other.")
    pool: Literal["mean", "first", "last"] = Field("mean", description="What h is of the tokens' vectors.")
    types: int = Field(0, ge=0, description="Vectors added by the text of a pair that a token is of, as BERT; 0: none.")
    documents: Literal["joined", "apart"] = Field(
        "joined", description="Whether tokens attend to other documents of the same sample, ended by [SEP]."
    )
    embedding: int | None = Field(None, ge=1, description="The size of token vectors; null: width. As in ELECTRA.")


def build(config: Config, sample: SampleSpec) -> Encoder:
    """int64 [B, T] in, h [B, width] out. Raises UserError for samples that are no tokens."""
    if sample.modality != "tokens" or not sample.vocabulary:
        raise UserError(f"encoder transformer takes tokens; the data give {sample.modality} samples")
    return TokenTransformer(config, sample.vocabulary)


class TokenTransformer(TokenEncoder):
    """Embeddings, trunk and pooling."""

    def __init__(self, config: Config, vocabulary: int) -> None:
        super().__init__()
        self.config, self.dim = config, config.width
        self.causal, self.context = config.causal, config.context
        size = config.embedding or config.width
        self.tokens = nn.Embedding(vocabulary, size)
        self.types = nn.Embedding(config.types, config.width) if config.types else None
        self.widen = nn.Linear(size, config.width) if size != config.width else nn.Identity()
        self.apply(initialise)
        self.trunk = Transformer(config, config.context)
        self.depth = config.depth

    def restart(self, transferred: int) -> None:
        """Initialises the blocks after the first `transferred` ones, from torch's global generator."""
        self.trunk.restart(transferred)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        batch, length = x.shape
        pieces = -(-length // self.config.context)
        x, part_lengths = in_pieces(x, lengths, self.config.context) if pieces > 1 else (x, lengths)
        documents = document_numbers(x, part_lengths) if self.config.documents == "apart" else None
        hidden = self.trunk(self.embed(x, documents), part_lengths, documents)
        layers = tuple(layer.reshape(batch, -1, self.dim)[:, :length] for layer in hidden.layers)
        frames = hidden.last.reshape(batch, -1, self.dim)[:, :length]
        return Encoded(one_vector(frames, lengths, self.config.pool), frames, lengths, layers)

    def last_attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Of tokens [B, T], T at most `context`: the last block's weights, [B, heads, T, T]; heads is 0 without one."""
        if not self.depth:
            return x.new_zeros(len(x), 0, x.shape[1], x.shape[1], dtype=torch.float32)
        documents = document_numbers(x, lengths) if self.config.documents == "apart" else None
        return self.trunk.last_attention(self.embed(x, documents), lengths, documents)

    def embed(self, x: Tensor, documents: Tensor | None = None) -> Tensor:
        """[B, T, width] of tokens [B, T], without positions."""
        vectors = self.widen(self.tokens(x))
        if self.types is None:
            return vectors
        ended = F.pad((x == SEPARATOR).cumsum(1), (1, 0))[:, :-1]
        return vectors + self.types(ended % self.types.num_embeddings)


def document_numbers(x: Tensor, lengths: Tensor | None) -> Tensor:
    """int64 [B, T]: how many [SEP] are before a position; -1 for padding."""
    numbers = F.pad((x == SEPARATOR).cumsum(1), (1, 0))[:, :-1]
    if lengths is None:
        return numbers
    return numbers.masked_fill(torch.arange(x.shape[1], device=x.device) >= lengths[:, None], -1)
