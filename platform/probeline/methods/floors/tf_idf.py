"""tf-idf: counts of words, weighted by how few texts have them; a floor for text, fitted in one pass.

Sparck Jones: A Statistical Interpretation of Term Specificity and Its Application in Retrieval, Journal of
Documentation, 1972; ln((1 + N) / (1 + n)) + 1 as scikit-learn has it. Needs the encoder bag_of_words.
"""

import torch
from torch import Tensor

from probeline.core.dataset import DatasetInfo, Split
from probeline.core.encoder import Encoder
from probeline.core.method import Method
from probeline.core.settings import Settings
from probeline.errors import BadData
from probeline.models.encoders.bag_of_words import BagOfWords

TAKES = ("tokens",)


class Config(Settings):
    """No parameters."""


class TfIdf(Method[Config]):
    """Weights of the N training texts' words, each in n of them."""

    trains = False
    closed_form = True

    def __init__(self, config: Config, encoder: Encoder, facts: DatasetInfo) -> None:
        """Raises BadData for another encoder than bag_of_words."""
        super().__init__(config, encoder, facts)
        if not isinstance(encoder, BagOfWords):
            raise BadData(
                f"method tf_idf weighs words: set encoder to bag_of_words; this one is {type(encoder).__name__}"
            )

    @torch.no_grad()
    def fit(self, h: Tensor, split: Split) -> None:
        weights = ((1 + len(h)) / (1 + (h > 0).sum(0))).log() + 1
        self.encoder.weights.copy_(weights)  # type: ignore[operator]  # a buffer of BagOfWords
