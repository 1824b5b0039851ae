"""Any encoder of text or speech of the library `transformers`: `hf/bert`, `hf/wav2vec2`, or a folder of weights.

Needs the extra: pip install 'probeline[hf]'. Nothing is downloaded: a folder is one that a model was saved in, and a
name is that of an architecture, whose weights are drawn.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from probeline.core.encoder import Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import HashedByContent
from probeline.errors import UserError
from probeline.models.hf_folder import HfFolder
from probeline.models.hf_speech import HfSpeech
from probeline.models.hf_text import HfText
from probeline.models.settings import EncoderSettings

TAKES = ("tokens", "waveform")
GIVES = ("frames", "layers", "attention")


class Config(EncoderSettings):
    """`path`: a folder with config.json and, for trained weights, model.safetensors; the id has its content's digest.

    Text for such a folder is tokenised by its own tokeniser: `data.tokenizer: {name: hf, path: <folder>}`.
    """

    variant: str | None = None
    path: Annotated[str | None, HashedByContent] = None
    options: dict[str, int | float | str | bool | list[int]] = Field(
        default_factory=dict, description="Of the architecture's own configuration, as {num_hidden_layers: 2}."
    )
    pool: Literal["mean", "first", "last"] = Field("mean", description="What h is of the frames.")
    scale: Literal["sample", "none"] = Field("sample", description="`sample`: each waveform to mean 0 and variance 1.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.variant is None) == (self.path is None):
            raise ValueError("give an architecture, as hf/bert, or the path of a folder, and not both")
        if self.path is not None and (self.options or self.weights):
            raise ValueError("a folder has options and weights of its own; leave `options` and `weights` out")
        return self


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for tokens or waveforms.

    Raises UserError: transformers is not installed, there is no such folder, or it is of other samples.
    """
    name = f"hf/{config.variant}" if config.path is None else f"hf, {config.path}"
    try:
        import transformers
    except ModuleNotFoundError:
        raise UserError(f"encoder {name} needs transformers: pip install 'probeline[hf]'") from None
    folder = None if config.path is None else HfFolder(Path(config.path))
    drawn = _drawn(transformers, config, sample) if folder is None else folder.model(transformers)
    model = drawn.float()  # weights may be stored in half precision
    if sample.modality == "waveform":
        return HfSpeech(model, sample, name, folder.rate if folder else None, config.pool, config.scale == "sample")
    special = folder.special_tokens(transformers) if folder else None
    return HfText(model, sample, name, special, config.pool)


def _drawn(transformers: Any, config: Config, sample: SampleSpec) -> Any:
    """The architecture with drawn weights."""
    options: dict[str, Any] = dict(config.options)
    if sample.modality == "tokens":
        options |= {"vocab_size": sample.vocabulary, "pad_token_id": 0}
    try:
        return transformers.AutoModel.from_config(transformers.AutoConfig.for_model(config.variant, **options))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise UserError(f"encoder hf/{config.variant}: transformers refuses it: {reason}") from error
