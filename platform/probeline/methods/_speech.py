"""What methods of speech share: the encoder in its two halves, and what a context over features gives."""

from typing import cast

from probeline.core.batch import Outputs, Views
from probeline.core.method import C, Method
from probeline.models.speech_encoder import SpeechEncoder
from probeline.models.time_pooling import pooled


class SpeechMethod(Method[C]):
    """Trains an encoder with features of the waveform and a context over them; a subclass requires such a one."""

    @property
    def speech(self) -> SpeechEncoder:
        """The encoder in its two halves."""
        return cast(SpeechEncoder, self.encoder)


class FutureFeatures(SpeechMethod[C]):
    """Predicts features from the context before them; a subclass has views and a loss."""

    def forward(self, views: Views) -> Outputs:
        """h: the mean of c; z: features [B, T, F]; `context`: c [B, T, dim]; `frames`: of each that are real, [B]."""
        z, counts = self.speech.features(views.inputs, views.lengths)
        c, _ = self.speech.context(z, counts)
        return Outputs(pooled(c, counts), z, {"context": c, "frames": counts})
