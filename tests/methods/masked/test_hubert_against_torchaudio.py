"""HuBERT's logits, loss and penalty are those of torchaudio's pretraining model on shared weights and one mask."""

import pytest
import torch
from helpers.transformers_weights import wav2vec2 as trunk_weights
from probeline.core.batch import Views
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_spec import SampleSpec
from probeline.losses.sequence.masked_prediction import cluster_logits
from probeline.methods.masked.hubert import Config, Hubert
from probeline.models.build import build_encoder
from torch import Tensor, nn
from torch.nn import functional as F

models = pytest.importorskip("torchaudio.models", reason="torchaudio is of the extra `bench`")

WIDTH, CHANNELS, HEADS, DEPTH, CLUSTERS, DIM = 32, 16, 2, 2, 7, 8
SAMPLE = SampleSpec("waveform", "int16", (None,), 16000, longest=16000)
KERNELS = [(10, 5), *[(3, 2)] * 4, *[(2, 2)] * 2]


def theirs() -> nn.Module:
    torch.manual_seed(1)
    return models.hubert_pretrain_model(
        extractor_mode="group_norm",
        extractor_conv_layer_config=[(CHANNELS, kernel, stride) for kernel, stride in KERNELS],
        extractor_conv_bias=False,
        encoder_embed_dim=WIDTH,
        encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=128,
        encoder_pos_conv_groups=16,
        encoder_num_layers=DEPTH,
        encoder_num_heads=HEADS,
        encoder_attention_dropout=0.0,
        encoder_ff_interm_features=4 * WIDTH,
        encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0,
        encoder_layer_norm_first=False,
        encoder_layer_drop=0.0,
        mask_prob=0.8,
        mask_selection="static",
        mask_other=0.0,
        mask_length=10,
        no_mask_overlap=False,
        mask_min_space=1,
        mask_channel_prob=0.0,
        mask_channel_selection="static",
        mask_channel_other=0.0,
        mask_channel_length=10,
        no_mask_channel_overlap=False,
        mask_channel_min_space=1,
        skip_masked=False,
        skip_nomask=False,
        num_classes=CLUSTERS,
        final_dim=DIM,
        feature_grad_mult=None,
    ).eval()


def with_weights_of(model: nn.Module) -> Hubert:
    component = {"name": "wave_transformer", "channels": CHANNELS, "width": WIDTH, "depth": DEPTH, "heads": HEADS}
    encoder = build_encoder(component | {"scale": "none"}, SAMPLE)
    config = Config.model_validate({"clusters": CLUSTERS, "code_dim": DIM, "alpha": 0.5})
    method = Hubert(config, encoder, DatasetInfo("-", 8, 2, 2, (), SAMPLE)).eval()
    stack, context, source = method.encoder.stack, method.encoder.context, model.wav2vec2
    for conv, layer in zip(stack.convs, source.feature_extractor.conv_layers, strict=True):
        conv.load_state_dict(layer.conv.state_dict(), strict=False)
    stack.norms[0].load_state_dict(source.feature_extractor.conv_layers[0].layer_norm.state_dict())
    context.norm.load_state_dict(source.encoder.feature_projection.layer_norm.state_dict())
    context.project.load_state_dict(source.encoder.feature_projection.projection.state_dict())
    context.trunk.load_state_dict(trunk_weights(source.encoder.transformer))
    method.mask_vector.data.copy_(model.mask_generator.mask_embedding.data)
    method.project_context.load_state_dict(model.logit_generator.final_proj.state_dict())
    method.clusters.data.copy_(model.logit_generator.label_embeddings.data)
    return method


def first_is_the_target(logits: Tensor, units: Tensor) -> Tensor:
    """[F, 1 + C]: the target's logit, then all with the target's at -inf, as torchaudio gives them."""
    others = logits.masked_fill(F.one_hot(units, CLUSTERS).bool(), -torch.inf)
    return torch.cat([logits.gather(1, units[:, None]), others], dim=1)


@torch.no_grad()
def test_logits_loss_and_penalty_are_torchaudios() -> None:
    model = theirs()
    method, masks = with_weights_of(model), list[Tensor]()
    model.mask_generator.register_forward_hook(lambda module, given, made: masks.append(made[1]))
    x = torch.randn(3, 16000, generator=torch.Generator().manual_seed(0))
    units = torch.randint(CLUSTERS, (3, 49), generator=torch.Generator().manual_seed(2))
    of_masked, of_others, penalty = model(x, units)
    mask = masks[0]
    outputs = method(Views(x, torch.stack([units, mask.long()], dim=2), torch.arange(3)))
    logits = cluster_logits(outputs.z, method.clusters, method.config.temperature)
    for chosen, expected in ((mask, of_masked), (~mask, of_others)):
        ours = first_is_the_target(logits[chosen], units[chosen])
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)
    terms = method.loss(outputs, Views(x, torch.stack([units, mask.long()], dim=2), torch.arange(3)))
    first = torch.zeros(len(of_masked), dtype=torch.int64)
    torch.testing.assert_close(terms["masked_loss"], F.cross_entropy(of_masked, first), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(terms["penalty"], penalty, rtol=1e-5, atol=1e-5)
