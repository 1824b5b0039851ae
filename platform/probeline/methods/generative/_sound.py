"""What autoencoders of sound have in common: log-mel levels of clips, made likely by a body that decodes codes."""

from typing import TypeVar

from torch import Tensor

from probeline.core.batch import Outputs, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.models.decoder import Pixels
from probeline.models.mel_autoencoder import MelAutoencoder
from probeline.models.mel_settings import MelSettings

C = TypeVar("C", bound=MelSettings)


class SoundMethod(Method[C]):
    """A subclass says what a code is; its `forward` gives `mean`, `log_scale` and `positions` among the extra."""

    def __init__(self, config: C, encoder: Encoder, facts: DatasetInfo, code_dim: int, name: str) -> None:
        """`name`: the method's, for messages. Raises UserError."""
        super().__init__(config, encoder, facts)
        self.body = MelAutoencoder(config, encoder, facts.sample, code_dim, name)

    def likelihood(self, outputs: Outputs, views: Views) -> tuple[Tensor, Tensor]:
        """Nats: log p of each clip's levels given its codes, [B], and what makes one bit per dim of all clips."""
        extra = outputs.extra
        target = self.body.of(views.inputs, views.lengths, extra["positions"])
        likely = self.body.log_probability(Pixels(extra["mean"], extra["log_scale"]), target)
        return likely, self.body.bits(target).sum()

    def sound(self, levels: Tensor) -> Tensor:
        """Waveforms [B, S] of levels [B, bands, T]."""
        return self.body.target.waveforms(levels)

    def levels(self, x: Tensor) -> Tensor:
        """What is to be made likely of clips [B, S]."""
        return self.body.target(x)
