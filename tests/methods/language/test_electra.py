import pytest
import torch
import transformers
from helpers.transformers_weights import bert
from probeline.core.batch import Batch, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, MASK
from probeline.methods.language.electra import ELECTRA, Config, narrowed, sampled
from probeline.models.build import build_encoder
from probeline.models.transformer_settings import TransformerSettings

VOCABULARY = 200
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=30)
INFO = DatasetInfo("-", 1, 1, 1, (), SAMPLE)
SMALL = {"name": "transformer", "width": 32, "depth": 2, "heads": 4, "context": 32, "norm": "post", "epsilon": 1e-12}


def method(**settings) -> ELECTRA:
    torch.manual_seed(0)
    return ELECTRA(Config(**settings), build_encoder(SMALL | {"types": 2}, SAMPLE), INFO).eval()


def views(made: ELECTRA, lengths: torch.Tensor | None = None) -> Views:
    x = torch.randint(COUNT, VOCABULARY, (6, 30), generator=torch.Generator().manual_seed(0))
    index = torch.arange(6)
    return made.views(Batch(x, torch.full_like(index, -1), index, lengths), SampleRNG(0, 0, index))


def test_on_the_weights_of_electra_the_scores_and_the_loss_are_its() -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    config = transformers.ElectraConfig(vocab_size=VOCABULARY, embedding_size=32, max_position_embeddings=32, **shape)
    oracle = transformers.ElectraForPreTraining(config).eval()
    made = method()
    made.encoder.load_state_dict(bert(oracle, "electra."))
    made.detect[0].load_state_dict(oracle.discriminator_predictions.dense.state_dict())
    made.detect[2].load_state_dict(oracle.discriminator_predictions.dense_prediction.state_dict())
    x = torch.randint(COUNT, VOCABULARY, (3, 20))
    labels = torch.randint(2, (3, 20))
    wanted = oracle(x, labels=labels)
    scores = made.detect(made.encoder(x).frames)[..., 0]
    torch.testing.assert_close(scores, wanted.logits, atol=1e-5, rtol=0)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels.float())
    torch.testing.assert_close(loss, wanted.loss, atol=1e-5, rtol=0)


def test_the_chosen_tokens_become_masks_and_the_loss_has_both_parts() -> None:
    made = method(weight=7.0)
    seen = views(made)
    chosen = seen.targets >= 0
    assert (seen.inputs[chosen] == MASK).all()
    terms = made.loss(made(seen), seen)
    torch.testing.assert_close(terms["loss"], terms["generator"] + 7 * terms["discriminator"])


def test_a_token_that_is_drawn_right_is_not_replaced() -> None:
    made = method()
    seen = views(made)
    torch.manual_seed(1)
    outputs = made(seen)
    assert not outputs.extra["replaced"][seen.targets < 0].any()
    assert 0 < outputs.extra["replaced"].sum() <= (seen.targets >= 0).sum()


def test_padding_enters_no_loss() -> None:
    made, lengths = method(), torch.tensor([30, 10, 5, 20, 30, 8])
    outputs = made(views(made, lengths))
    assert not outputs.z[torch.arange(30) >= lengths[:, None]].any()


def test_tokens_are_drawn_by_their_shares() -> None:
    torch.manual_seed(0)
    shares = torch.tensor([0.6, 0.3, 0.1])
    drawn = sampled(shares.log().expand(20_000, 3)).bincount() / 20_000
    torch.testing.assert_close(drawn, shares, atol=0.015, rtol=0)


@pytest.mark.parametrize(("share", "width", "heads"), [(0.25, 64, 2), (0.5, 128, 4), (1.0, 256, 8)])
def test_the_generator_is_narrower_and_its_heads_divide_its_width(share: float, width: int, heads: int) -> None:
    small = narrowed(TransformerSettings(width=256, heads=8), share)
    assert (small.width, small.heads) == (width, heads)


def test_the_gradient_of_the_discriminator_reaches_no_generator() -> None:
    made = method(weight=1.0)
    seen = views(made)
    outputs = made(seen)
    outputs.z.sum().backward()
    assert all(weight.grad is None for weight in made.generator.parameters())
