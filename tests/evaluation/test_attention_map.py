import json

import numpy as np
import pytest
import torch
import transformers
from helpers.spelt_texts import spelt_texts
from helpers.subjects import protocol
from probeline.core.special_tokens import COUNT
from probeline.errors import NotApplicable
from probeline.methods.floors.random_init import Config, RandomInit
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data

TEXTS = ["the cat sat", "a dog", "the cat sat on the mat"]
SMALL = {"name": "transformer", "width": 16, "depth": 2, "heads": 2, "context": 8}


@pytest.fixture
def given(tmp_path, monkeypatch):
    """An encoder's component -> what the protocol gets of it on three texts of two classes."""
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    data = spelt_texts(TEXTS, [0, 1, 0], ("cat", "dog"))

    def of(shape=SMALL, **settings):
        torch.manual_seed(0)
        method = RandomInit(Config(), build_encoder(shape | settings, data.info.sample), data.info)
        return evaluation_data(method, data, torch.device("cpu"), 0)

    return of


def drawn(data, folder, **settings):
    (event,) = protocol("attention_map", **settings).evaluate(data, folder)
    assert event.name == "attention.json"
    return json.loads(event.path.read_text())


def test_each_token_takes_shares_of_the_tokens_of_its_text(given, tmp_path):
    facts = drawn(given(), tmp_path, texts=2, tokens=7)
    assert (facts["format"], facts["head"], facts["heads"]) == (1, None, 2)
    assert [text["label"] for text in facts["texts"]] == ["cat", "dog"]
    dog = facts["texts"][1]
    assert dog["tokens"] == ["a", " ", "d", "o", "g", "[SEP]"]
    weights = np.array(dog["weights"])
    assert weights.shape == (6, 6) and np.allclose(weights.sum(1), 1, atol=0.004)


def test_a_causal_token_takes_nothing_of_those_after_it(given, tmp_path):
    facts = drawn(given(causal=True), tmp_path, texts=1)
    assert not np.triu(np.array(facts["texts"][0]["weights"]), 1).any()


def test_the_mean_is_that_of_the_heads_and_no_text_is_longer_than_the_context(given, tmp_path):
    data = given()
    every = [drawn(data, tmp_path, texts=1, head=head)["texts"][0]["weights"] for head in (None, 0, 1)]
    mean, first, second = map(np.array, every)
    assert mean.shape == (8, 8)
    np.testing.assert_allclose(mean, (first + second) / 2, atol=0.0011)


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_the_weights_make_the_output_of_the_attention(given, positions):
    """Softmax of the products, times the values, is what torch's fused attention gives."""
    trunk = given(positions=positions).subject.method.encoder.trunk
    attention, x = trunk.blocks[-1].attention, torch.randn(2, 5, 16)
    turn = None if trunk.rotary is None else trunk.rotary(x, None)
    mask = torch.tensor([5, 3])[:, None, None, None] > torch.arange(5)
    value = attention._projected(x, turn)[2]
    joined = (attention.weights(x, mask, turn) @ value).transpose(1, 2).reshape(x.shape)
    torch.testing.assert_close(attention.merge(joined), attention(x, mask, turn))


def test_a_library_model_gives_its_own_attention_and_stays_as_it_was(given):
    options = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
    encoder = build_encoder({"name": "hf", "variant": "bert", "options": options}, given().info.sample).eval()
    x, lengths = torch.tensor([[COUNT, COUNT + 1, COUNT + 2], [COUNT, COUNT + 3, 0]]), torch.tensor([3, 2])
    before = encoder.model.config._attn_implementation
    weights = encoder.last_attention(x, lengths)
    assert weights.shape == (2, 2, 3, 3) and encoder.model.config._attn_implementation == before
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 3))
    assert not weights[1, :, :, 2].any(), "padding"
    eager = transformers.BertModel(encoder.model.config).eval()
    eager.load_state_dict(encoder.model.state_dict(), strict=False)
    eager.set_attn_implementation("eager")
    theirs = eager(encoder.numbers[x], torch.tensor([[1, 1, 1], [1, 1, 0]]), output_attentions=True).attentions[-1]
    torch.testing.assert_close(weights, theirs)


def test_an_encoder_without_attention_and_a_head_that_is_not_there_are_refused(given, tmp_path):
    with pytest.raises(NotApplicable, match="head 2: the encoder's last block has 2 heads"):
        drawn(given(), tmp_path, head=2)
    with pytest.raises(NotApplicable, match="has 0 heads"):
        drawn(given(depth=0), tmp_path)
    with pytest.raises(NotApplicable, match="for encoders of attention, such as transformer; BagOfWords gives none"):
        drawn(given({"name": "bag_of_words"}), tmp_path)
