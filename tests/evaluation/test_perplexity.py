import math
from dataclasses import replace

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
from probeline.core.special_tokens import COUNT, SEPARATOR, START
from probeline.errors import NotApplicable
from probeline.evaluation._strided import surprise
from probeline.methods.floors.random_init import RandomInit
from probeline.methods.language.gpt import GPT, Config
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data

VOCABULARY = COUNT + 4
NAMES: dict[str, tuple[str, ...]] = {"class": (), "bytes": (), "characters": ()}
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=30)


def split(lengths, seed=0, start=False):
    random = np.random.default_rng(seed)
    texts = [random.integers(COUNT, VOCABULARY, length).astype(np.int32) for length in lengths]
    for text in texts:
        text[-1] = SEPARATOR
        text[0] = START if start else text[0]
    column = Ragged.of(texts)
    counts = {"bytes": 2 * column.lengths, "characters": column.lengths}
    return Split(column, np.full(len(lengths), -1), counts)


def gpt(data, context=8):
    torch.manual_seed(0)
    shape = {"name": "transformer", "width": 16, "depth": 1, "heads": 2, "causal": True, "context": context}
    return GPT(Config(), build_encoder(shape, SAMPLE), data.info).eval()


DATA = dataset_of(split([20, 30], 1), split([9], 2), split([30, 4, 17, 8, 1], 3), sample=SAMPLE, label_names=NAMES)


def judged(method, data=DATA, **settings):
    evidence = evaluation_data(method, data, torch.device("cpu"), 0)
    events = protocol("perplexity", **settings).evaluate(evidence, None)
    return {each.name: each.value for each in events if isinstance(each, Record)}


def test_every_token_is_predicted_once_from_its_own_past() -> None:
    """With the whole text as context, the sum of each token's surprise, a row at a time."""
    method = gpt(DATA, context=64)
    total = 0.0
    for row in range(len(DATA.test)):
        text = torch.from_numpy(DATA.test.inputs.row(row)).long()
        x = torch.cat([torch.tensor([SEPARATOR]), text])[None]
        logits = method.next_token_logits(x[:, :-1])
        total += torch.nn.functional.cross_entropy(logits[0], text, reduction="sum").item()
    metrics = judged(method)
    assert metrics["tokens"] == 60
    assert metrics["nats"] == pytest.approx(total / 60, rel=1e-5)
    assert metrics["perplexity"] == pytest.approx(math.exp(total / 60), rel=1e-5)
    assert metrics["bits_per_byte"] == pytest.approx(total / math.log(2) / 120, rel=1e-5)
    assert metrics["bits_per_character"] == pytest.approx(2 * metrics["bits_per_byte"])


@pytest.mark.parametrize("stride", [1, 3, 8])
def test_a_window_has_at_most_the_context_before_a_token(stride) -> None:
    """By hand: the window of a token ends with its stride and has `context` tokens."""
    context, total = 8, 0.0
    method = gpt(DATA, context=context)
    for row in range(len(DATA.test)):
        x = torch.cat([torch.tensor([SEPARATOR]), torch.from_numpy(DATA.test.inputs.row(row)).long()])
        for at in range(1, len(x)):
            first = (at - 1) // stride * stride + 1
            begin = max(0, first - 1 + stride - context)
            logits = method.next_token_logits(x[None, begin:at])[0, -1]
            total += torch.nn.functional.cross_entropy(logits, x[at]).item()
    assert judged(method, stride=stride)["nats"] == pytest.approx(total / 60, rel=1e-5)


def test_settings_can_be_chosen_on_the_validation_split() -> None:
    method = gpt(DATA)
    swapped = replace(DATA, validation=DATA.test, test=DATA.validation)
    assert judged(method)["validation_nats"] == pytest.approx(judged(method, swapped)["nats"])
    assert judged(method, swapped)["validation_nats"] == pytest.approx(judged(method)["nats"])


def test_the_batches_do_not_decide_the_result() -> None:
    method = gpt(DATA)
    assert judged(method, tokens_at_once=1) == pytest.approx(judged(method))


def test_the_unigram_floor_is_the_cross_entropy_with_the_training_shares() -> None:
    counts = np.bincount(DATA.train.inputs.values, minlength=VOCABULARY) + 1.0
    counts[START] = 0
    shares = counts / counts.sum()
    wanted = -np.log(shares[DATA.test.inputs.values]).mean()
    assert judged(gpt(DATA))["unigram_nats"] == pytest.approx(wanted)


def test_a_start_token_is_not_predicted() -> None:
    data = dataset_of(split([20], 1), split([9], 2), split([10, 6], 3, start=True), sample=SAMPLE, label_names=NAMES)
    assert judged(gpt(data), data)["tokens"] == 14


def test_a_model_that_knows_nothing_has_the_logarithm_of_the_vocabulary() -> None:
    class Even:
        context = 4

        def next_token_logits(self, tokens, lengths=None):
            return torch.zeros(*tokens.shape, VOCABULARY)

    x = torch.full((2, 7), COUNT)
    total = surprise(Even(), iter([(x, torch.tensor([7, 3]))]), VOCABULARY, 2)
    assert total.tokens == 10
    assert total.nats == pytest.approx(10 * math.log(VOCABULARY))


def test_a_method_that_predicts_no_next_token_is_refused() -> None:
    method = RandomInit(Settings(), gpt(DATA).encoder, DATA.info)
    with pytest.raises(NotApplicable, match="such as gpt; RandomInit does not"):
        judged(method)
