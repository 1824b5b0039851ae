import pytest
import torch
from helpers.encoders import Wrapped
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.models.build import build_encoder
from probeline.models.speech_encoder import require_speech_encoder, scaled
from torch import nn

WAVEFORMS = SampleSpec("waveform", "int16", (None,), 16000)


@pytest.mark.parametrize("context", ["gru", "conv"])
def test_a_causal_context_sees_no_later_frame(context: str) -> None:
    torch.manual_seed(0)
    component = {"name": "wave_conv", "width": 8, "context": context, "context_width": 6, "padding": "causal"}
    encoder = build_encoder(component, WAVEFORMS).eval()
    x = torch.randn(1, 3200)
    changed = x.clone()
    changed[:, 8 * 160 :] = 1.0
    before, after = encoder(x).frames, encoder(changed).frames
    assert torch.equal(before[:, :8], after[:, :8])
    assert not torch.equal(before[:, 8], after[:, 8])


def test_layers_are_the_features_and_what_the_context_has() -> None:
    component = {"name": "wave_conv", "width": 8, "context": "conv", "context_width": 6, "context_layers": 3}
    encoded = build_encoder(component, WAVEFORMS).eval()(torch.randn(2, 3200))
    assert [layer.shape[2] for layer in encoded.layers] == [8, 6, 6, 6]
    assert torch.equal(encoded.layers[-1], encoded.frames)


def test_a_waveform_is_scaled_over_its_real_samples_and_silence_stays_0() -> None:
    x = torch.cat([3 + 2 * torch.randn(1, 500), torch.zeros(1, 500)], dim=1)
    x = torch.cat([x, torch.zeros(1, 1000)])
    out = scaled(x, torch.tensor([500, 1000]))
    assert out[0, :500].std(correction=0) == pytest.approx(1, abs=1e-4)
    assert not out[0, 500:].any()
    assert not out[1].any()


def test_an_encoder_without_a_context_is_refused_by_name() -> None:
    with pytest.raises(UserError, match=r"method cpc_speech: .* wave_conv .* Wrapped has not"):
        require_speech_encoder(Wrapped(nn.Identity()), "cpc_speech")


def test_images_are_refused() -> None:
    with pytest.raises(UserError, match="takes waveforms; the data have samples of the kind image"):
        build_encoder({"name": "wave_conv"}, SampleSpec("image", "uint8", (8, 8, 3)))
