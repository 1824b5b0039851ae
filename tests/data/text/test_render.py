import pytest
import torch
from probeline.core.sample_spec import SampleSpec
from probeline.data.render import has_picture, picture
from probeline.data.text.render import LINE, LINES, WIDTH
from probeline.data.text.tokenizer import store, trained
from probeline.experiment.components import resolve


@pytest.fixture
def sample(tmp_path, monkeypatch):
    """The kind of bytes of text, whose tokeniser is in the cache."""
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path))
    tokenizer = trained(resolve("tokenizers", {"name": "bytes"}).value, ["a"])
    spec = SampleSpec("tokens", "int32", (None,), vocabulary=tokenizer.size, tokenizer=store("bytes", tokenizer))
    return spec, lambda text: torch.from_numpy(tokenizer.encode([text])[0]).long()


def test_tokens_are_drawn_as_the_lines_of_their_text(sample):
    spec, tokens = sample
    drawn = picture(tokens("A few words, and then many more that go into further lines of the picture"), spec)
    assert has_picture(spec) and drawn.shape == (1, LINES * LINE, WIDTH)
    inked = [bool((drawn[0, line * LINE : (line + 1) * LINE] < 0.5).any()) for line in range(LINES)]
    assert inked[:2] == [True, True] and not inked[-1]


def test_a_long_text_is_cut_and_no_text_is_an_empty_sheet(sample):
    spec, tokens = sample
    assert picture(tokens("word " * 10_000), spec).shape == (1, LINES * LINE, WIDTH)
    assert bool((picture(tokens(""), spec) == 1).all())
