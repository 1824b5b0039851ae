import numpy as np
import torch
from probeline.core.columns import Ragged
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT
from probeline.methods.floors.tf_idf import Config as TfIdfConfig
from probeline.methods.floors.tf_idf import TfIdf
from probeline.models.encoders.bag_of_words import BagOfWords, Config, build
from sklearn.feature_extraction.text import TfidfVectorizer
from torch.nn import functional as F

WORDS = 6
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=COUNT + WORDS, longest=8)
TEXTS = [[0, 1, 1, 5], [1, 2], [1, 1, 1, 3, 4, 0, 0, 2]]


def encoder(counts="linear") -> BagOfWords:
    built = build(Config(counts=counts), SAMPLE)
    assert isinstance(built, BagOfWords)
    return built


def padded(texts=TEXTS):
    longest = max(map(len, texts))
    rows = [[COUNT + word for word in text] + [0] * (longest - len(text)) for text in texts]
    return torch.tensor(rows), torch.tensor([len(text) for text in texts])


def test_h_counts_words_and_has_unit_length() -> None:
    wanted = torch.zeros(3, WORDS)
    for row, text in enumerate(TEXTS):
        for word in text:
            wanted[row, word] += 1
    torch.testing.assert_close(encoder()(*padded()).h, F.normalize(wanted, dim=1))
    torch.testing.assert_close(encoder("presence")(*padded()).h, F.normalize((wanted > 0).float(), dim=1))


def test_the_order_of_words_does_not_matter_and_special_tokens_do_not_count() -> None:
    x = torch.tensor([[COUNT, 2, COUNT + 3, 3], [3, COUNT + 3, COUNT, 1]])
    h = encoder()(x).h
    torch.testing.assert_close(h[0], h[1])


def test_a_text_without_words_is_zero() -> None:
    assert not encoder("logarithmic")(torch.tensor([[2, 3]])).h.any()


def test_tf_idf_is_scikit_learns() -> None:
    texts = [" ".join(f"w{word}" for word in text) for text in TEXTS]
    vectorizer = TfidfVectorizer(vocabulary=[f"w{word}" for word in range(WORDS)])
    wanted = torch.from_numpy(vectorizer.fit_transform(texts).toarray()).float()
    made = encoder()
    method = TfIdf(TfIdfConfig(), made, DatasetInfo("-", 3, 1, 1, (), SAMPLE))
    x, lengths = padded()
    split = Split(Ragged.of([np.array(text, np.int32) for text in TEXTS]), np.full(3, -1))
    method.fit(made(x, lengths).h, split)
    torch.testing.assert_close(made(x, lengths).h, wanted)
