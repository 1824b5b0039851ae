import numpy as np
import pytest
import torch
from probeline.core.batch import Batch
from probeline.core.columns import Ragged
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.lists import PairList
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT
from probeline.errors import BadData
from probeline.methods.language.simcse import Config, SimCSE
from probeline.models.build import build_encoder

SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=40, longest=9)
INFO = DatasetInfo("-", 8, 1, 1, (), SAMPLE)


def method(dropout=0.3, **settings) -> SimCSE:
    torch.manual_seed(0)
    encoder = build_encoder(
        {"name": "transformer", "width": 16, "depth": 1, "heads": 2, "context": 9, "dropout": dropout}, SAMPLE
    )
    return SimCSE(Config(**settings), encoder, INFO)


def batch(roles=1, rows=4) -> Batch:
    x = torch.randint(COUNT, 40, (roles * rows, 9), generator=torch.Generator().manual_seed(0))
    index = torch.arange(roles * rows)
    return Batch(x, torch.full_like(index, -1), index, torch.full_like(index, 9), roles=roles)


def views(made: SimCSE, given: Batch):
    return made.views(given, SampleRNG(0, 0, given.index))


def by_hand(z: torch.Tensor) -> torch.Tensor:
    """Cross entropy of each sentence's partner among all partners, by cosine / 0.05; the mean of both directions."""
    za, zb = torch.nn.functional.normalize(z, dim=1).chunk(2)
    scores, right = za @ zb.T / 0.05, torch.arange(len(za))
    return (torch.nn.functional.cross_entropy(scores, right) + torch.nn.functional.cross_entropy(scores.T, right)) / 2


def test_the_loss_is_the_papers() -> None:
    made = method()
    seen = views(made, batch())
    outputs = made(seen)
    torch.testing.assert_close(made.loss(outputs, seen)["loss"], by_hand(outputs.z))


def test_both_views_are_the_sentence_and_dropout_makes_the_difference() -> None:
    made = method()
    seen = views(made, batch())
    assert torch.equal(*seen.inputs.chunk(2))
    first, second = made(seen).h.chunk(2)
    assert not torch.allclose(first, second)
    first, second = made.eval()(seen).h.chunk(2)
    torch.testing.assert_close(first, second)


def test_supervised_pairs_are_the_two_sentences() -> None:
    given = batch(roles=2)
    assert torch.equal(views(method(pairs="sts"), given).inputs, given.inputs)


def split(same) -> Split:
    rows = np.arange(0, 8, 2)
    pairs = PairList(rows, rows + 1, np.array(same))
    column = Ragged.of([np.full(5, COUNT, np.int32)] * 8)
    return Split(column, np.full(8, -1), lists={"sts": pairs})


def test_only_pairs_that_are_the_same_are_positives() -> None:
    sampler = method(pairs="sts").sampler(split([True, False, True, False]))
    assert sampler is not None
    plan = sampler.plan(0, 0, 2)
    assert sorted(plan.rows[0].tolist()) == [0, 4]
    assert torch.equal(plan.rows[1], plan.rows[0] + 1)


@pytest.mark.parametrize(("name", "same"), [("other", [True] * 4), ("sts", [False] * 4)])
def test_pairs_that_are_not_there_are_one_message(name, same) -> None:
    with pytest.raises(BadData, match=r"method\.pairs .*no such pairs that are the same; it has sts"):
        method(pairs=name).sampler(split(same))
