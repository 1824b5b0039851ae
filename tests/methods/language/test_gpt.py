import math

import pytest
import torch
import transformers
from helpers.transformers_weights import gpt2
from probeline.core.batch import Batch, Views
from probeline.core.columns import Ragged
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT
from probeline.errors import BadData
from probeline.methods.language.gpt import GPT, Config
from probeline.models.build import build_encoder

VOCABULARY = 50
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=100)
INFO = DatasetInfo("-", 1, 1, 1, (), SAMPLE)
SMALL = {"name": "transformer", "width": 32, "depth": 2, "heads": 4, "context": 16, "activation": "gelu_tanh"}


def gpt(causal=True, **settings) -> GPT:
    torch.manual_seed(0)
    return GPT(Config(**settings), build_encoder(SMALL | {"causal": causal}, SAMPLE), INFO).eval()


def tokens(rows=3, length=17, seed=0) -> torch.Tensor:
    return torch.randint(COUNT, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))


def test_on_the_weights_of_gpt2_logits_and_loss_are_its() -> None:
    torch.manual_seed(0)
    shape = {"vocab_size": VOCABULARY, "n_positions": 16, "n_embd": 32, "n_layer": 2, "n_head": 4}
    oracle = transformers.GPT2LMHeadModel(transformers.GPT2Config(**shape)).eval()
    method, x = gpt(), tokens(length=16)
    method.encoder.load_state_dict(gpt2(oracle))
    wanted = oracle(x, labels=x)
    torch.testing.assert_close(method.next_token_logits(x), wanted.logits, atol=1e-5, rtol=0)
    views = Views(x)
    torch.testing.assert_close(method.loss(method(views), views)["loss"], wanted.loss, atol=1e-5, rtol=0)


def test_padding_enters_no_loss_and_no_gradient() -> None:
    method, x, lengths = gpt(), tokens(), torch.tensor([17, 5, 9])
    padded = Views(x * (torch.arange(17) < lengths[:, None]), lengths=lengths)
    loss = method.loss(method(padded), padded)["loss"]
    alone = [method(Views(x[row : row + 1, :length])).z for row, length in enumerate(lengths.tolist())]
    torch.testing.assert_close(loss, torch.cat([z.flatten() for z in alone]).mean())


def test_bits_are_nats_in_another_unit() -> None:
    method, views = gpt(), Views(tokens())
    terms = method.loss(method(views), views)
    assert terms["bits"].item() == pytest.approx(terms["loss"].item() / math.log(2))


def test_a_window_has_one_token_more_than_the_context() -> None:
    assert gpt().window == 17
    assert gpt(context=8).window == 9


def test_packed_windows_are_over_all_text_and_documents_are_windows_of_their_own() -> None:
    column = Ragged.of([tokens(1, 40, seed).int().numpy()[0] for seed in range(5)])
    split = Split(column, torch.full((5,), -1).numpy())
    packed = gpt().sampler(split)
    assert packed is not None and packed.numbers == 200 // 17 - 1
    assert gpt(windows="documents").sampler(split) is None


def test_text_shorter_than_a_window_is_one_message() -> None:
    split = Split(Ragged.of([tokens(1, 5).int().numpy()[0]]), torch.full((1,), -1).numpy())
    with pytest.raises(BadData, match="has 5 tokens, fewer than one window of 17"):
        gpt().sampler(split)


def test_an_encoder_that_looks_ahead_is_refused_with_the_remedy() -> None:
    with pytest.raises(BadData, match=r"encoder\.causal: .* set encoder\.causal to true"):
        gpt(causal=False)


def test_views_are_the_samples() -> None:
    batch = Batch(tokens(), torch.full((3,), -1), torch.arange(3), torch.tensor([17, 5, 9]))
    views = gpt().views(batch, None)  # type: ignore[arg-type]
    assert torch.equal(views.inputs, batch.inputs) and torch.equal(views.lengths, batch.lengths)
