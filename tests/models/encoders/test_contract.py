"""Every encoder in the catalogue, on every kind of sample that it takes, keeps the contract of `core/encoder.py`."""

import pytest
import torch
from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec, image
from probeline.models.build import build_encoder
from probeline.plugins import catalog

SAMPLES = {
    "image": [image(32, 32, 3), image(48, 32, 3)],
    "series": [SampleSpec("series", "float32", (None, 7), rate=100, longest=40)],
    "tokens": [SampleSpec("tokens", "int32", (None,), vocabulary=40, longest=9)],
    "vector": [SampleSpec("vector", "float32", (13,))],
    "waveform": [SampleSpec("waveform", "int16", (None,), rate=rate, longest=4000) for rate in (16000, 8000)],
}
"""What encoders are tried on, by modality: the next kind of data is an entry here."""

VARIANTS = {
    "timm": {"image": "timm/resnet10t"},
    "torchvision": {"image": "torchvision/resnet18"},
    "hf": {"tokens": "hf/bert", "waveform": "hf/wav2vec2"},
}
TINY = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
SETTINGS = {
    "hf/bert": {"options": TINY | {"max_position_embeddings": 8}},
    "hf/wav2vec2": {
        "options": TINY
        | {"conv_dim": [8] * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "layerdrop": 0.0}
    },
    "koch": {"width": 0.05, "side": 65},
    "wave_conv": {"width": 16, "context_width": 8},
    "wave_transformer": {"channels": 16, "width": 32, "depth": 2, "heads": 2, "layer_drop": 0.0},
}
"""What is tried in place of networks of the papers' sizes."""


def takes(name: str) -> tuple[str, ...]:
    """The modalities that an encoder declares, images where it declares none."""
    return getattr(catalog.module("encoders", name), "TAKES", ("image",))


CASES = [
    pytest.param(name, sample, id=f"{name}-{kind}-{'x'.join(map(str, sample.shape))}-{sample.rate}")
    for name in catalog.names("encoders")
    for kind, samples in SAMPLES.items()
    for sample in samples
    if kind in takes(name)
]


def inputs(sample: SampleSpec, count: int) -> torch.Tensor:
    """Random samples as an encoder is given them."""
    generator = torch.Generator().manual_seed(0)
    if sample.modality == "tokens":
        return torch.randint(sample.vocabulary or 1, (count, sample.longest or 1), generator=generator)
    if sample.modality in ("series", "vector"):
        return torch.randn(count, *(side or sample.longest for side in sample.shape), generator=generator)
    if sample.modality == "waveform":
        return 0.1 * torch.randn(count, sample.longest or 1, generator=generator)
    height, width, channels = sample.shape
    pixels = torch.rand(count, channels, height, width, generator=generator)
    return pixels.contiguous(memory_format=torch.channels_last)


def built(name: str, sample: SampleSpec, seed: int = 0) -> Encoder:
    torch.manual_seed(seed)
    variant = VARIANTS.get(name, {}).get(sample.modality, name)
    component = {"name": variant, **SETTINGS.get(variant, {})}
    return build_encoder(component, sample).to(memory_format=torch.channels_last).eval()


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_h_has_the_size_that_the_encoder_says(name: str, sample: SampleSpec) -> None:
    encoder = built(name, sample)
    encoded = encoder(inputs(sample, 3))
    assert isinstance(encoder, Encoder) and isinstance(encoded, Encoded)
    assert encoded.h.shape == (3, encoder.dim) and encoded.h.dtype == torch.float32
    assert encoded.h.isfinite().all()


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_in_evaluation_a_sample_is_encoded_alone_as_in_a_batch(name: str, sample: SampleSpec) -> None:
    encoder, x = built(name, sample), inputs(sample, 3)
    alone = torch.cat([encoder(one[None]).h for one in x])
    torch.testing.assert_close(encoder(x).h, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_the_generator_decides_the_weights(name: str, sample: SampleSpec) -> None:
    first, again, other = (list(built(name, sample, seed).parameters()) for seed in (0, 0, 1))
    assert all(map(torch.equal, first, again))
    assert not first or not all(map(torch.equal, first, other))


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_every_weight_that_learns_has_a_gradient(name: str, sample: SampleSpec) -> None:
    encoder = built(name, sample).train()
    if not list(encoder.parameters()):
        pytest.skip(f"{name} learns nothing")
    x = inputs(sample, 4)
    encoder(x.requires_grad_(x.is_floating_point())).h.square().sum().backward()
    assert not [key for key, weight in encoder.named_parameters() if weight.requires_grad and weight.grad is None]


@pytest.mark.parametrize(("name", "sample"), [case for case in CASES if None in case.values[1].shape])
def test_padding_changes_no_h(name: str, sample: SampleSpec) -> None:
    encoder, x = built(name, sample), inputs(sample, 4)
    longest = x.shape[1]
    lengths = torch.tensor([longest, longest // 2, longest // 10 + 1, longest - 1])
    real = torch.arange(longest) < lengths[:, None]
    encoded = encoder(x * real.reshape(4, longest, *[1] * (x.ndim - 2)), lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = encoder(x[row : row + 1, :length])
        torch.testing.assert_close(encoded.h[row : row + 1], alone.h, atol=1e-5, rtol=1e-5)
