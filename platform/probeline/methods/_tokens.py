"""What methods on tokens share: windows over the text, and what they ask of the encoder."""

import torch
from torch import Tensor, nn

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.sampler import Sampler
from probeline.data.samplers import Windows
from probeline.errors import BadData
from probeline.methods._token_settings import WindowSettings
from probeline.models.token_encoder import TokenEncoder


class TokenMethod(Method):
    """Checks the encoder, and draws windows of text. `extra`: tokens of a window beside its context."""

    extra = 0

    def __init__(self, config: WindowSettings, encoder: Encoder, facts: object, *, causal: bool) -> None:
        """Raises BadData for an encoder that takes no tokens, or attends in another direction than `causal` says."""
        super().__init__(config, encoder, facts)  # type: ignore[arg-type]
        own = token_encoder(encoder, type(self).__name__)
        if own.causal != causal:
            now, wanted = ("before it", "on both sides") if own.causal else ("on both sides", "before it")
            raise BadData(
                f"encoder.causal: a token attends to those {now}; method {type(self).__name__.lower()} needs an "
                f"encoder in which it attends to those {wanted}: set encoder.causal to {str(causal).lower()}"
            )
        self.context = config.context or own.context
        self.length = self.context + self.extra
        self.window = self.length

    @property
    def vectors(self) -> nn.Embedding:
        """The encoder's vectors of the vocabulary."""
        return token_encoder(self.encoder, type(self).__name__).tokens

    def sampler(self, split: Split) -> Sampler | None:
        if self.config.windows == "documents" or not isinstance(split.inputs, Ragged):
            return None
        total = int(split.inputs.lengths.sum())
        if total < self.length:
            raise BadData(
                f"the training split has {total:,} tokens, fewer than one window of {self.length}: "
                "lower method.context, or give more text"
            )
        return Windows(split.inputs.lengths, self.length)


def token_encoder(encoder: Encoder, who: str) -> TokenEncoder:
    """The encoder of tokens. Raises BadData for another one; `who` needs it."""
    if not isinstance(encoder, TokenEncoder):
        raise BadData(
            f"method {who.lower()} needs an encoder that gives a vector to every token, such as transformer; "
            f"{type(encoder).__name__} does not"
        )
    return encoder


def real_positions(x: Tensor, lengths: Tensor | None) -> Tensor:
    """bool [B, T]: which of the positions are not padding."""
    if lengths is None:
        return torch.ones_like(x, dtype=torch.bool)
    return torch.arange(x.shape[1], device=x.device) < lengths[:, None]
