"""From a recipe's encoder section to a module."""

from pathlib import Path
from typing import cast

from probeline.core.encoder import Encoder, EncoderPlugin
from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings
from probeline.models.weights import check_tokenizer, load_weights
from probeline.plugins import catalog


def build_encoder(component: dict, sample: SampleSpec) -> Encoder:
    """The encoder that `component` declares, for samples of that kind; its attribute `dim` is the size of h.

    Initialised from torch's global generator: seed that first.

    Raises:
        UserError: a missing extra, an unknown variant, or weights that do not fit, by shape or tokeniser.
    """
    config = cast(EncoderSettings, catalog.settings("encoders", component))
    plugin = cast(EncoderPlugin[EncoderSettings], catalog.module("encoders", component["name"]))
    encoder = plugin.build(config, sample)
    if config.weights:
        if sample.modality == "tokens":
            check_tokenizer(Path(config.weights), sample)
        load_weights(encoder, Path(config.weights))
    return encoder
