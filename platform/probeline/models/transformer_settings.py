"""Parameters of a transformer trunk, whatever is before and after it. Torch-free, for planning."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from probeline.core.settings import NotHashed
from probeline.models.settings import EncoderSettings

Positions = Literal["learned", "sinusoidal", "relative_convolution", "rotary", "none"]


class TransformerSettings(EncoderSettings):
    """Vaswani et al. 2017, arXiv 1706.03762, with GELU; BERT's base size is width 768, depth 12, heads 12."""

    width: int = Field(128, ge=2, description="The size of a token's vector.")
    depth: int = Field(4, ge=0, description="Blocks of attention and feed-forward layer.")
    heads: int = Field(4, ge=1, description="Attention heads; they divide the width.")
    feedforward: int | None = Field(None, ge=1, description="Hidden units of a feed-forward layer; null: 4 x width.")
    norm: Literal["pre", "post"] = Field(
        "pre",
        description="Layer norm before each sublayer and at the end, or at the beginning and after each sublayer.",
    )
    positions: Positions = Field(
        "learned",
        description="How a position enters; `relative_convolution`: wav2vec 2.0's; `rotary`: queries and keys turned.",
    )
    causal: bool = Field(False, description="Whether a token attends to those before it only.")
    activation: Literal["gelu", "gelu_tanh"] = Field("gelu", description="GELU, or the approximation of GPT's code.")
    epsilon: float = Field(1e-5, gt=0, description="Added to a layer norm's variance; BERT's code has 1e-12.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Of the input and of each sublayer's output.")
    attention_dropout: float | None = Field(None, ge=0, lt=1, description="Of attention weights; null: as `dropout`.")
    layer_drop: float = Field(0.0, ge=0, lt=1, description="Share of blocks that a training step leaves out.")
    checkpointing: Annotated[bool, NotHashed] = Field(
        False, description="Recompute activations in the backward pass: less memory, the same numbers."
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads is {self.heads}: it must divide width, which is {self.width}")
        if self.causal and self.positions == "relative_convolution":
            raise ValueError("positions relative_convolution looks ahead; a causal transformer takes another kind")
        if self.positions == "rotary" and self.width // self.heads % 2:
            raise ValueError(f"a head has {self.width // self.heads} numbers: rotary positions need an even count")
        if self.positions == "sinusoidal" and self.width % 2:
            raise ValueError(f"width is {self.width}: sinusoidal positions need an even one")
        return self
