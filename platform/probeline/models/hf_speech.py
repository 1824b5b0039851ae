"""A model of the library `transformers` as an encoder of waveforms: wav2vec 2.0, HuBERT and their like."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.speech_encoder import scaled
from probeline.models.time_pooling import Pool, one_vector
from probeline.models.waveforms import sample_lengths, waveform_rate


class HfSpeech(Encoder):
    """float [B, S] in; frames are the last layer, `layers` what enters the blocks and every block's output.

    Samples of one length are encoded together, without padding: norms over time would see it.
    """

    def __init__(self, model: Any, sample: SampleSpec, name: str, rate: int | None, pool: Pool, scale: bool) -> None:
        """`rate`: what the model was trained at. Raises UserError for other data and for models of other samples."""
        super().__init__()
        config, own = model.config, waveform_rate(sample, name)
        if not hasattr(config, "conv_stride"):
            raise UserError(f"encoder {name}: {config.model_type} reads no waveforms, which the data give")
        if rate is not None and rate != own:
            raise UserError(f"encoder {name} is for waveforms of {rate} Hz, the data have {own}: set data.rate: {rate}")
        config.apply_spec_augment = False  # masks are the methods' own
        if hasattr(model, "masked_spec_embed"):
            model.masked_spec_embed.requires_grad_(False)
        self.model, self.pool, self.scale = model, pool, scale
        self.dim = int(config.hidden_size)
        self.field, hop = 1, 1
        for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
            self.field, hop = self.field + (kernel - 1) * hop, hop * stride
        self.frame_rate, self.first_frame = own / hop, self.field / 2

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        counts = sample_lengths(x, lengths).clamp(min=1)
        x = scaled(x.float(), counts) if self.scale else x.float()
        x = F.pad(x, (0, max(0, self.field - x.shape[1])))
        layers: list[tuple[Tensor, ...]] = [()] * len(x)
        for length in torch.unique(counts).tolist():
            rows = (counts == length).nonzero().flatten()
            some = x[rows, : max(length, self.field)].detach()  # the library sets what requires a gradient itself
            hidden = self.model(some, output_hidden_states=True, return_dict=True)
            every = (*hidden.hidden_states, hidden.last_hidden_state)
            for number, row in enumerate(rows.tolist()):
                layers[row] = tuple(layer[number] for layer in every)
        *before, frames = (pad_sequence(list(layer), batch_first=True) for layer in zip(*layers, strict=True))
        real = torch.tensor([len(each[-1]) for each in layers], device=x.device)
        return Encoded(one_vector(frames, real, self.pool), frames, real, tuple(before))
