"""Every tokeniser, on text with accents, an emoji and line ends."""

import numpy as np
import pytest
from probeline.core.special_tokens import COUNT, UNKNOWN
from probeline.data.cache import root
from probeline.data.text.tokenizer import load, store, trained
from probeline.errors import NotApplicable, UserError
from probeline.experiment.components import resolve
from probeline.plugins import catalog

TEXTS = ["The cat sat on the mat, the Café was closed.\n", "A dog – and the cat 🐈 – ran to the mat.", "the the the"]
PARAMETERS = {"bpe": {"vocabulary": 300}, "wordpiece": {"vocabulary": 60}}
LOSSLESS = ("bytes", "characters", "bpe")
NAMES = catalog.names("tokenizers")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path))


def component(name, **parameters):
    if name == "hf":  # a folder with a tokeniser that somebody else has learned
        folder = root() / "model"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.json").write_text(learned("wordpiece").content())
        parameters = {"path": str(folder)}
    resolved = resolve("tokenizers", {"name": name, **PARAMETERS.get(name, {}), **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


def learned(name, texts=TEXTS, **parameters):
    return trained(component(name, **parameters), texts)


@pytest.mark.parametrize("name", NAMES)
def test_tokens_are_within_the_vocabulary_and_none_is_special(name):
    tokenizer = learned(name)
    for tokens in tokenizer.encode(TEXTS):
        assert tokens.dtype == np.int32
        assert tokens.min() >= COUNT and tokens.max() < tokenizer.size


@pytest.mark.parametrize("name", LOSSLESS)
def test_decoding_gives_the_text_again(name):
    tokenizer = learned(name)
    assert [tokenizer.decode(tokens.tolist()) for tokens in tokenizer.encode(TEXTS)] == TEXTS


@pytest.mark.parametrize("name", NAMES)
def test_special_tokens_are_no_text(name):
    tokenizer = learned(name)
    assert tokenizer.decode(list(range(COUNT))) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_tokeniser_gives_the_same_tokens(name):
    tokenizer = learned(name)
    again = load(store(name, tokenizer))
    assert again.size == tokenizer.size
    assert all(map(np.array_equal, again.encode(TEXTS), tokenizer.encode(TEXTS)))
    assert np.array_equal(again.word_starts(), tokenizer.word_starts())


@pytest.mark.parametrize("name", NAMES)
def test_learning_twice_from_the_same_texts_gives_the_same_digest(name):
    assert store(name, learned(name)) == store(name, learned(name))


@pytest.mark.parametrize("name", NAMES)
def test_each_word_has_one_token_that_begins_it(name):
    tokenizer = learned(name)
    (tokens,) = tokenizer.encode(["a the cat"])
    starts = tokenizer.word_starts()
    assert len(starts) == tokenizer.size and starts[:COUNT].all()
    first_has_no_space = name not in ("wordpiece", "hf")
    assert starts[tokens].sum() == 3 - first_has_no_space


@pytest.mark.parametrize("name", ["characters", "wordpiece"])
def test_what_the_training_split_does_not_have_is_unknown(name):
    (tokens,) = learned(name).encode(["cat Ω"])
    assert UNKNOWN in tokens


@pytest.mark.parametrize("name", ["characters", "bpe", "wordpiece"])
def test_a_vocabulary_larger_than_the_text_allows_is_one_message(name):
    with pytest.raises(UserError, match=r"data\.tokenizer\.vocabulary: 5000 tokens.* at most"):
        learned(name, vocabulary=5000)


def test_a_vocabulary_smaller_than_the_letters_is_one_message():
    with pytest.raises(UserError, match="at least, for its letters"):
        learned("wordpiece", vocabulary=10)


def test_a_smaller_vocabulary_of_characters_has_the_frequent_ones():
    tokenizer = learned("characters", vocabulary=COUNT + 3)
    assert sorted(tokenizer.characters) == sorted(" at")


def test_bytes_that_are_half_a_character_are_marked():
    tokenizer = learned("bytes")
    (tokens,) = tokenizer.encode(["é"])
    assert tokenizer.decode(tokens[:1].tolist()) == "\N{REPLACEMENT CHARACTER}"


def test_the_tokens_of_a_models_folder_are_its_own_moved_up():
    own, foreign = learned("wordpiece"), learned("hf")
    assert foreign.size == own.size + COUNT
    for theirs, ours in zip(own.encode(TEXTS), foreign.encode(TEXTS), strict=True):
        assert np.array_equal(theirs + COUNT, ours)
    with pytest.raises(UserError, match=r"tokenizer\.json cannot be read.*give a model's folder"):
        trained({"name": "hf", "path": str(root())}, TEXTS)


def test_a_tokeniser_that_the_cache_has_lost_is_one_message():
    with pytest.raises(NotApplicable, match="no longer in the cache"):
        load("0" * 64)
    with pytest.raises(NotApplicable, match="have no tokeniser"):
        load(None)
