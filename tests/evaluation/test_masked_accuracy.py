import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.subjects import protocol
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.events import Record
from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT
from probeline.errors import NotApplicable
from probeline.methods.floors.random_init import RandomInit
from probeline.methods.language.bert import BERT, Config
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data

SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=COUNT + 4, longest=30)
SHAPE = {"name": "transformer", "width": 16, "depth": 1, "heads": 2, "context": 16}


def split(count, seed):
    random = np.random.default_rng(seed)
    return Split(
        Ragged.of([random.integers(COUNT, COUNT + 4, random.integers(5, 30)).astype(np.int32) for _ in range(count)]),
        np.full(count, -1),
    )


DATA = dataset_of(split(20, 0), split(4, 1), split(200, 2), sample=SAMPLE)


def encoder():
    torch.manual_seed(0)
    return build_encoder(SHAPE, SAMPLE)


def judged(method, seed=0):
    evidence = evaluation_data(method, DATA, torch.device("cpu"), seed)
    events = protocol("masked_accuracy").evaluate(evidence, None)
    return {each.name: each.value for each in events if isinstance(each, Record)}


def test_an_untrained_model_is_as_good_as_chance() -> None:
    metrics = judged(BERT(Config(), encoder(), DATA.info))
    assert metrics["top1"] == pytest.approx(0.25, abs=0.1)
    assert metrics["nats"] == pytest.approx(np.log(COUNT + 4), abs=0.3)
    assert 0.25 <= metrics["likeliest"] < 0.35


def test_the_share_of_hidden_tokens_is_the_methods_and_the_seed_chooses_them() -> None:
    method = BERT(Config(share=0.5), encoder(), DATA.info)
    texts = DATA.test.inputs.lengths.clip(max=16).sum()
    first, again, other = judged(method), judged(method), judged(method, seed=1)
    assert first["tokens"] == pytest.approx(0.5 * texts, rel=0.1)
    assert first == again and first != other


def test_a_method_that_hides_no_token_is_refused() -> None:
    with pytest.raises(NotApplicable, match="such as bert; RandomInit does not"):
        judged(RandomInit(Settings(), encoder(), DATA.info))
