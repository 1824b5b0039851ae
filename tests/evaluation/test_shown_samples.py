"""Maps and neighbours of texts: the report shows what they say."""

import json

import pytest
import torch
from helpers.spelt_texts import spelt_texts
from helpers.subjects import protocol
from probeline.evaluation._shown_samples import CHARACTERS, shortened
from probeline.methods.floors.random_init import Config, RandomInit
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data

TEXTS = ["the cat sat", "a dog", "the cat sat on the mat", "my dog", "dogs and dogs", "a cat"]
LABELS = [0, 1, 0, 1, 1, 0]


@pytest.fixture
def given(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    data = spelt_texts(TEXTS, LABELS, ("cat", "dog"))
    torch.manual_seed(0)
    shape = {"name": "transformer", "width": 16, "depth": 1, "heads": 2, "context": 30}
    method = RandomInit(Config(), build_encoder(shape, data.info.sample), data.info)
    return evaluation_data(method, data, torch.device("cpu"), 0)


def test_a_map_of_texts_has_a_point_and_the_words_of_each(given, tmp_path):
    (event,) = protocol("map_2d").evaluate(given, tmp_path)
    facts = json.loads(event.path.read_text())
    assert sorted(facts["texts"]) == sorted(TEXTS) and "sheet" not in facts
    truth = dict(zip(TEXTS, LABELS, strict=True))
    assert [truth[text] for text in facts["texts"]] == facts["labels"]
    assert [len(points) for points in facts["maps"].values()] == [6, 6]


def test_the_nearest_training_text_of_each_is_itself_where_both_splits_have_it(given, tmp_path):
    (event,) = protocol("neighbours", queries=4, k=3).evaluate(given, tmp_path)
    facts = json.loads(event.path.read_text())
    assert len(facts["texts"]) == 4 + 4 * 3 and len(facts["queries"]) == 4
    for query in facts["queries"]:
        asked, nearest = facts["texts"][query["tile"]], query["near"][0]
        assert facts["texts"][nearest["tile"]] == asked and nearest["similarity"] == pytest.approx(1, abs=1e-4)


def test_a_long_text_is_one_line_that_ends_with_a_sign():
    assert shortened("a\nb  c") == "a b c"
    long = shortened("word " * 100)
    assert len(long) <= CHARACTERS and long.endswith("word\N{HORIZONTAL ELLIPSIS}")
