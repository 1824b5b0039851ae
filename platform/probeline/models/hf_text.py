"""A model of the library `transformers` as an encoder of tokens."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, SEPARATOR
from probeline.errors import UserError
from probeline.models.time_pooling import Pool, one_vector
from probeline.models.token_pieces import in_pieces

MAX_CONTEXT = 512
"""Tokens that are read together where the model names no limit."""


class HfText(Encoder):
    """int64 [B, T] in; frames are the last layer, `layers` the embeddings and every block's output."""

    numbers: Tensor

    def __init__(
        self, model: Any, sample: SampleSpec, name: str, special: tuple[int, int, int, int, int] | None, pool: Pool
    ) -> None:
        """`special`: the model's numbers of Probeline's special tokens; None: they are the same.

        Raises UserError for a model that reads no tokens, and for tokens of another vocabulary.
        """
        super().__init__()
        config = model.config
        size = getattr(config, "vocab_size", None)
        if not isinstance(size, int) or hasattr(config, "conv_stride"):
            raise UserError(f"encoder {name}: {config.model_type} reads no tokens, which the data give")
        wanted = size if special is None else size + COUNT
        if sample.vocabulary != wanted:
            raise UserError(
                f"encoder {name}: its vocabulary has {size} tokens, the data's {sample.vocabulary}; "
                "data.tokenizer: {name: hf, path: <the folder>} gives the model's own"
            )
        own = torch.arange(size) if special is None else torch.cat([torch.tensor(special), torch.arange(size)])
        self.register_buffer("numbers", own, persistent=False)
        if getattr(model, "pooler", None) is not None:
            model.pooler = None  # its output is not used
        self.model, self.pool, self.dim = model, pool, int(config.hidden_size)
        self.context = int(getattr(config, "max_position_embeddings", None) or MAX_CONTEXT)
        self.types = int(getattr(config, "type_vocab_size", 0) or 0)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        batch, length = x.shape
        pieces, real = in_pieces(x, lengths, min(self.context, length))
        hidden = self.model(**self._inputs(pieces, real), output_hidden_states=True, return_dict=True)
        layers = tuple(layer.reshape(batch, -1, self.dim)[:, :length] for layer in hidden.hidden_states)
        frames = hidden.last_hidden_state.reshape(batch, -1, self.dim)[:, :length]
        return Encoded(one_vector(frames, lengths, self.pool), frames, lengths, layers)

    def last_attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Of tokens [B, T], T at most `context`: the last block's weights, [B, heads, T, T]; heads is 0 without one."""
        config, real = self.model.config, torch.full_like(x[:, 0], x.shape[1]) if lengths is None else lengths
        usual, config._attn_implementation = config._attn_implementation, "eager"  # the fused kernels keep no weights
        try:
            layers = self.model(**self._inputs(x, real), output_attentions=True, return_dict=True).attentions
        finally:
            config._attn_implementation = usual
        return layers[-1] if layers else x.new_zeros(len(x), 0, x.shape[1], x.shape[1], dtype=torch.float32)

    def _inputs(self, x: Tensor, lengths: Tensor) -> dict[str, Tensor]:
        """What the model takes of tokens [B, T]."""
        mask = (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).long()
        inputs = {"input_ids": self.numbers[x], "attention_mask": mask}
        if self.types > 1:
            ended = F.pad((x == SEPARATOR).cumsum(1), (1, 0))[:, :-1]
            inputs["token_type_ids"] = ended.clamp(max=1)
        return inputs
