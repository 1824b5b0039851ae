"""A data set of a few texts, spelt by characters; its tokeniser is in the cache that PROBELINE_CACHE names."""

from collections.abc import Sequence

import numpy as np
from helpers.datasets import dataset_of
from probeline.core.columns import Ragged
from probeline.core.dataset import Dataset, Split
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import SEPARATOR
from probeline.data.text.tokenizer import store, trained


def spelt_texts(texts: Sequence[str], labels: Sequence[int], classes: tuple[str, ...]) -> Dataset:
    """The same texts in every split."""
    tokenizer = trained({"name": "characters", "vocabulary": None}, texts)
    longest = 1 + max(map(len, texts))
    sample = SampleSpec(
        "tokens", "int32", (None,), vocabulary=tokenizer.size, longest=longest, tokenizer=store("characters", tokenizer)
    )
    column = Ragged.of([np.append(tokens, SEPARATOR).astype(np.int32) for tokens in tokenizer.encode(texts)])
    split = Split(column, np.array(labels))
    return dataset_of(split, split, split, sample=sample, classes=classes)
