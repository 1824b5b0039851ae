"""wav2vec 2.0 is checked against `Wav2Vec2ForPreTraining` of transformers on the same weights, mask and distractors."""

import pytest
import torch
from helpers.transformers_weights import wav2vec2 as trunk_weights
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.losses.sequence.masked_contrast import distractors
from probeline.methods.masked.wav2vec2 import Config, Wav2vec2
from probeline.models.build import build_encoder
from transformers import Wav2Vec2Config, Wav2Vec2ForPreTraining

WIDTH, CHANNELS, HEADS, DEPTH, CODES, DIM, K = 32, 16, 2, 2, 7, 8, 20
SAMPLE = SampleSpec("waveform", "int16", (None,), 16000, longest=16000)
FACTS = DatasetInfo("-", 8, 2, 2, (), SAMPLE)
TRANSFORMER = {"name": "wave_transformer", "channels": CHANNELS, "width": WIDTH, "depth": DEPTH, "heads": HEADS}


def ours(**settings: object) -> Wav2vec2:
    torch.manual_seed(0)
    encoder = build_encoder({**TRANSFORMER, "dropout": 0.0, "layer_drop": 0.0, "scale": "none"}, SAMPLE)
    known = {"codes": CODES, "code_dim": DIM, "distractors": K, "penalty_weight": 0.0, "feature_gradient": 1.0}
    return Wav2vec2(Config.model_validate(known | settings), encoder, FACTS)


def theirs() -> Wav2Vec2ForPreTraining:
    torch.manual_seed(1)
    dropouts = ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "layerdrop")
    config = Wav2Vec2Config(
        hidden_size=WIDTH,
        num_hidden_layers=DEPTH,
        num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH,
        conv_dim=(CHANNELS,) * 7,
        num_codevectors_per_group=CODES,
        codevector_dim=DIM,
        proj_codevector_dim=DIM,
        num_negatives=K,
        feat_quantizer_dropout=0.0,
        final_dropout=0.0,
        **dict.fromkeys(dropouts, 0.0),
    )
    return Wav2Vec2ForPreTraining(config)


def with_weights_of(model: Wav2Vec2ForPreTraining) -> Wav2vec2:
    method, source = ours(), model.wav2vec2
    stack, context = method.encoder.stack, method.encoder.context
    for conv, layer in zip(stack.convs, source.feature_extractor.conv_layers, strict=True):
        conv.load_state_dict(layer.conv.state_dict(), strict=False)
    stack.norms[0].load_state_dict(source.feature_extractor.conv_layers[0].layer_norm.state_dict())
    context.norm.load_state_dict(source.feature_projection.layer_norm.state_dict())
    context.project.load_state_dict(source.feature_projection.projection.state_dict())
    context.trunk.load_state_dict(trunk_weights(source.encoder))
    method.mask_vector.data.copy_(source.masked_spec_embed.data)
    method.quantiser.logits.load_state_dict(model.quantizer.weight_proj.state_dict())
    method.quantiser.codebook.data.copy_(model.quantizer.codevectors.data.view(method.quantiser.codebook.shape))
    method.project_context.load_state_dict(model.project_hid.state_dict())
    method.project_codes.load_state_dict(model.project_q.state_dict())
    return method


def batch(samples: int = 3) -> Batch:
    x = torch.randn(samples, 16000, generator=torch.Generator().manual_seed(0))
    return Batch(x, torch.full((samples,), -1), torch.arange(samples))


def test_objective_and_gradient_are_those_of_transformers_while_training() -> None:
    model, given = theirs().train(), batch()
    model.set_gumbel_temperature(2.0)
    method = with_weights_of(model).train()
    views = method.views(given, SampleRNG(0, 0, given.index))
    mask = views.targets[..., 0] > 0
    torch.manual_seed(5)  # of the Gumbel noise
    terms = method.loss(method(views), views)
    negatives = distractors(mask, views.targets[..., 1:]) + mask.shape[1] * torch.arange(3)[:, None, None]
    torch.manual_seed(5)
    out = model(given.inputs, mask_time_indices=mask, sampled_negative_indices=negatives)
    masked = mask.sum()
    for name, value in (("contrastive", out.contrastive_loss), ("diversity", out.diversity_loss), ("loss", out.loss)):
        torch.testing.assert_close(terms[name], value / masked, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(terms["perplexity"], out.codevector_perplexity, rtol=1e-5, atol=1e-5)
    terms["loss"].backward()
    (out.loss / masked).backward()
    first = model.wav2vec2.feature_extractor.conv_layers[0].conv.weight.grad
    torch.testing.assert_close(method.encoder.stack.convs[0].weight.grad, first, rtol=1e-3, atol=1e-6)


def test_the_temperature_falls_geometrically_to_its_least() -> None:
    method, temperatures = ours(temperature_decay=0.5), []
    for _ in range(4):
        temperatures.append(method.temperature.item())
        method.after_step(None, None)
    assert temperatures == [2.0, 1.0, 0.5, 0.5]


def test_the_penalty_is_the_mean_square_of_real_features() -> None:
    method, given = ours().eval(), batch(2)
    lengths = torch.tensor([16000, 7000])
    padded = given.inputs * (torch.arange(16000) < lengths[:, None])
    views = method.views(Batch(padded, given.labels, given.index, lengths), SampleRNG(0, 0, given.index))
    alone = method.speech.features(padded[1:, :7000], None)[0].square().mean()
    torch.testing.assert_close(method(views).extra["penalty"][1], alone, rtol=1e-4, atol=1e-6)


def test_masks_never_cover_padding() -> None:
    method, given = ours(), batch(2)
    lengths = torch.tensor([16000, 4000])
    views = method.views(Batch(given.inputs, given.labels, given.index, lengths), SampleRNG(0, 0, given.index))
    counts = method.speech.frame_counts(given.inputs, lengths)
    mask = views.targets[..., 0] > 0
    assert not mask[1, counts[1] :].any()
    assert mask.any(1).all()


def test_groups_that_do_not_divide_the_code_are_refused_while_planning() -> None:
    with pytest.raises(ValueError, match="groups is 3: it must divide code_dim"):
        Config(groups=3)


def test_a_feature_gradient_of_a_tenth_is_a_tenth_of_the_gradient() -> None:
    gradients = []
    for factor in (1.0, 0.1):
        method, given = ours(feature_gradient=factor).train(), batch()
        views = method.views(given, SampleRNG(0, 0, given.index))
        torch.manual_seed(5)
        method.loss(method(views), views)["loss"].backward()
        gradients.append(method.encoder.stack.convs[0].weight.grad)
    torch.testing.assert_close(gradients[1], 0.1 * gradients[0], rtol=1e-4, atol=1e-8)
