import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.subjects import protocol
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.events import Record
from probeline.core.lists import PairList
from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import Settings
from probeline.core.special_tokens import COUNT
from probeline.errors import NotApplicable
from probeline.evaluation.sts import correlation, spearman
from probeline.methods.floors.random_init import RandomInit
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data
from scipy.stats import pearsonr, spearmanr

SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=COUNT + 10, longest=10)
NAMES: dict[str, tuple[str, ...]] = {"class": (), "score": ()}


def sentences(scores, shared, seed=0) -> Split:
    """Pairs of sentences of ten words, of which `shared` are the same."""
    random, rows = np.random.default_rng(seed), []
    for count in shared:
        words = random.permutation(10)
        rows += [words[:5], np.concatenate([words[:count], words[5 : 10 - count]])]
    first = np.arange(0, len(rows), 2)
    column = Ragged.of([(row + COUNT).astype(np.int32) for row in rows])
    labels = {"score": np.repeat(np.asarray(scores), 2)}
    return Split(
        column, np.full(len(rows), -1), labels, lists={"sts": PairList(first, first + 1, np.asarray(scores) > 3)}
    )


def judged(scores, shared, **settings):
    split = sentences(scores, shared)
    info = {"sample": SAMPLE, "label_names": NAMES, "lists": ("sts",)}
    data = dataset_of(split, split, split, **info)
    method = RandomInit(Settings(), build_encoder({"name": "bag_of_words"}, SAMPLE), data.info)
    evidence = evaluation_data(method, data, torch.device("cpu"), 0)
    events = protocol("sts", **settings).evaluate(evidence, None)
    return {each.name: each.value for each in events if isinstance(each, Record)}


def test_likeness_that_grows_with_the_score_has_a_coefficient_of_one() -> None:
    metrics = judged([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    assert metrics["spearman"] == pytest.approx(1.0)
    assert metrics["pairs"] == 6
    assert judged([5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5])["spearman"] == pytest.approx(-1.0)


def test_the_interval_holds_the_coefficient() -> None:
    random = np.random.default_rng(1)
    shared = random.integers(0, 6, 40)
    metrics = judged((shared + random.integers(-1, 2, 40)).clip(0, 5), shared)
    assert metrics["low"] < metrics["spearman"] < metrics["high"]
    assert metrics["low"] > 0.5 and metrics["high"] <= 1


def test_the_coefficients_are_scipys() -> None:
    random = np.random.default_rng(0)
    first, second = random.integers(0, 5, 30).astype(float), random.normal(size=30)
    assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert correlation(first, second) == pytest.approx(pearsonr(first, second).statistic)


def test_what_does_not_vary_has_nothing_to_correlate() -> None:
    assert correlation(np.ones(4), np.arange(4.0)) == 0
    with pytest.raises(NotApplicable, match="the same score"):
        judged([2, 2, 2], [1, 2, 3])
    with pytest.raises(NotApplicable, match="three or more"):
        judged([1, 2], [1, 2])
