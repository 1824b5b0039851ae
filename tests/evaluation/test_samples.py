import json

import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.subjects import protocol
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, SEPARATOR
from probeline.data.text.tokenizer import store, trained
from probeline.errors import NotApplicable
from probeline.methods.language.gpt import GPT, Config
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data

TEXT = "the cat sat on the mat"


@pytest.fixture
def subject(tmp_path, monkeypatch):
    """seed -> what the protocol gets of a small untrained GPT on six texts."""
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    tokenizer = trained({"name": "characters", "vocabulary": None}, [TEXT])
    sample = SampleSpec(
        "tokens", "int32", (None,), vocabulary=tokenizer.size, longest=30, tokenizer=store("characters", tokenizer)
    )
    column = Ragged.of([np.append(tokens, SEPARATOR).astype(np.int32) for tokens in tokenizer.encode([TEXT] * 6)])
    split = Split(column, np.full(6, -1))
    data = dataset_of(split, split, split, sample=sample)
    torch.manual_seed(0)
    shape = {"name": "transformer", "width": 16, "depth": 1, "heads": 2, "causal": True, "context": 8}
    method = GPT(Config(), build_encoder(shape, sample), data.info)
    return lambda seed=0, changed=method: evaluation_data(changed, data, torch.device("cpu"), seed)


def continued(data, folder, **settings):
    events = list(protocol("samples", **settings).evaluate(data, folder))
    return events, json.loads((folder / "continuations.json").read_text())["texts"]


def test_continuations_are_written_with_their_prompts(subject, tmp_path):
    events, texts = continued(subject(), tmp_path, count=2, prompt_tokens=7, length=9)
    assert [text["prompt"] for text in texts] == ["the cat"] * 2
    assert all(0 <= len(text["continuation"]) <= 9 for text in texts)
    assert [event.name for event in events] == ["continuations.json"]


def test_the_seed_decides_the_draws_and_the_count_does_not(subject, tmp_path):
    settings = {"prompts": ["the cat", "a mat"], "length": 12}
    _, first = continued(subject(), tmp_path, **settings)
    torch.manual_seed(9)
    _, again = continued(subject(), tmp_path, **settings)
    _, other = continued(subject(seed=1), tmp_path, **settings)
    _, one = continued(subject(), tmp_path, **settings | {"prompts": ["the cat"]})
    assert first == again and first != other and one == first[:1]


def test_the_likeliest_token_is_taken_where_one_is_left(subject, tmp_path):
    _, texts = continued(subject(), tmp_path, prompts=["the"], length=6, top_k=1)
    _, cold = continued(subject(seed=3), tmp_path, prompts=["the"], length=6, temperature=1e-4)
    assert texts == cold


def test_a_text_ends_with_its_separator(subject, tmp_path):
    data = subject()

    class Ends(GPT):
        def next_token_logits(self, tokens, lengths=None):
            logits = torch.zeros(*tokens.shape, COUNT + 12)
            logits[..., SEPARATOR if tokens.shape[1] >= 6 else COUNT] = 99.0
            return logits

    data.subject.method.__class__ = Ends
    _, texts = continued(data, tmp_path, prompts=["the"], length=50)
    assert len(texts[0]["continuation"]) == 2


def test_data_without_a_tokeniser_are_refused(subject, tmp_path):
    data = subject()
    object.__setattr__(data.info.sample, "tokenizer", None)
    with pytest.raises(NotApplicable, match="have no tokeniser"):
        continued(data, tmp_path)
