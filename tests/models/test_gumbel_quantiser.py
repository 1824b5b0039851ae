import pytest
import torch
from probeline.models.gumbel_quantiser import GumbelQuantiser
from transformers import Wav2Vec2Config
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2GumbelVectorQuantizer


def quantiser() -> GumbelQuantiser:
    torch.manual_seed(0)
    return GumbelQuantiser(features=12, groups=2, codes=5, dim=8)


def test_in_evaluation_it_chooses_the_vectors_of_transformers() -> None:
    ours = quantiser().eval()
    config = Wav2Vec2Config(num_codevector_groups=2, num_codevectors_per_group=5, codevector_dim=8, conv_dim=(12,) * 7)
    theirs = Wav2Vec2GumbelVectorQuantizer(config).eval()
    theirs.weight_proj.load_state_dict(ours.logits.state_dict())
    theirs.codevectors.data.copy_(ours.codebook.flatten(0, 1)[None])
    z = torch.randn(3, 7, 12)
    torch.testing.assert_close(ours(z, 1.0).vectors, theirs(z)[0])


def test_while_training_it_draws_codes_by_their_probability() -> None:
    ours = quantiser().train()
    z = torch.randn(1, 1, 12).expand(1, 20_000, 12) * 0.3
    quantised = ours(z, 2.0)
    counts = torch.nn.functional.one_hot(quantised.codes[0, :, 0], 5).float().mean(0)
    torch.testing.assert_close(counts, quantised.probabilities[0, 0, 0], atol=0.015, rtol=0)


def test_the_gradient_passes_straight_through_the_choice() -> None:
    ours = quantiser().train()
    quantised = ours(torch.randn(2, 4, 12), 2.0)
    quantised.vectors.square().sum().backward()
    assert ours.logits.weight.grad.abs().sum() > 0
    code = quantised.codes[0, 0, 1]
    torch.testing.assert_close(quantised.vectors[0, 0, 4:], ours.codebook[1, code].detach(), rtol=1e-5, atol=1e-6)


def test_groups_must_divide_the_size_of_a_code() -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        GumbelQuantiser(4, groups=3, codes=5, dim=8)
