"""Verification: whether two samples are of one class, decided by a threshold on how alike they are.

Bromley, Guyon, LeCun, Säckinger, Shah, NIPS 1993, report the forgeries that are detected where 95.5% of the genuine
signatures are accepted. Error rates are those of ISO/IEC 19795-1. The validation split chooses the threshold of
`accuracy`; nothing else is chosen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact, Record
from probeline.core.lists import PairList
from probeline.core.metric import Metric, count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.data.pair_lists import balanced_pairs
from probeline.errors import BadData, NotApplicable
from probeline.evaluation import _error_rates as rates_of
from probeline.evaluation._comparison import SampleComparison
from probeline.evaluation._score_histogram import write_histogram
from probeline.evaluation.base import EvaluationData, Protocol

DETERMINISTIC = True
NEEDS = ("labels | pairs",)
METRICS = {
    "eer": percentage("equal error rate", "lower"),
    "eer_low": percentage("equal error rate, lower end of the bootstrap", "none"),
    "eer_high": percentage("equal error rate, upper end of the bootstrap", "none"),
    "eer_per_group": percentage("equal error rate with a threshold for each group", "lower"),
    "min_dcf": Metric("least detection cost", direction="lower", bounds=(0.0, 1.0)),
    "auc": percentage("area under the ROC curve"),
    "fnmr/<fmr>": percentage("false non-match rate at a false match rate of <fmr>", "lower"),
    "detected/<accepted>": percentage("unequal pairs detected, <accepted> of the equal ones accepted"),
    "accuracy": percentage("verification accuracy"),
    "validation_eer": percentage("equal error rate on validation pairs", "lower"),
    "threshold": Metric("threshold of the verification accuracy", digits=4),
    "equal": count("equal pairs"),
    "unequal": count("unequal pairs"),
}
PRIMARY = "eer"

FMRS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""At which FNMR is recorded: the points of a DET curve."""

SEED = 0
"""Of the pairs that are drawn: every trial on the same data is judged on the same ones."""

ACCEPTED = 0.955
"""Bromley et al.: the share of genuine signatures that their best network accepted."""


class Config(Settings):
    """Pairs are those of the data's `list`, or `pairs` drawn from labels, half of them equal, the same in every trial.

    `references`: where several first samples of a list stand for one claim (the reference signatures of a
    writer, who is the pair's group), the claim's score is their `min` or `mean` distance; `each`: pairs are apart.
    """

    list: Annotated[str | None, NameOf("pairs")] = None
    label: Annotated[str | None, NameOf("labels")] = None
    pairs: int = Field(10_000, ge=2)
    compare: Literal["euclidean", "cosine", "learned", "dtw"] = "euclidean"
    space: Literal["h", "z"] = "h"
    references: Literal["each", "min", "mean"] = "each"
    target: float = Field(0.01, gt=0, lt=1, description="Share of equal pairs that the detection cost supposes.")
    resamples: int = Field(1000, ge=0, description="Of the bootstrap over groups; 0: no interval.")


@dataclass(frozen=True)
class Scored:
    """Pairs or claims with their scores [P], answers bool [P] and groups int [P] or None."""

    scores: np.ndarray
    same: np.ndarray
    groups: np.ndarray | None


def combined(scores: np.ndarray, pairs: PairList, references: str) -> Scored:
    """Scores [P] of pairs, or of claims: all pairs of one group with one sample on the right.

    Raises:
        NotApplicable: claims are asked for and the pairs have no groups, or one claim is both true and false.
    """
    same = np.asarray(pairs.same, bool)
    if references == "each":
        return Scored(scores, same, pairs.groups)
    if pairs.groups is None:
        raise NotApplicable("several references are combined by groups, whom a pair claims to be, and these have none")
    claims, of_claim, size = np.unique(
        np.stack([pairs.groups, pairs.second]), axis=1, return_inverse=True, return_counts=True
    )
    equal = np.bincount(of_claim, same)
    if not np.isin(equal / size, (0, 1)).all():
        raise NotApplicable("some samples are compared as equal and as unequal with references of one group")
    if references == "mean":
        joined = np.bincount(of_claim, scores) / size
    else:
        joined = np.full(len(size), -np.inf)
        np.maximum.at(joined, of_claim, scores)
    return Scored(joined, equal > 0, claims[0])


class Verification(Protocol[Config]):
    """Each pair of the test split is accepted or not by its score."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record | Artifact]:
        threshold = None
        validation = self._validation(data)
        if validation is not None:
            yield Record(
                "validation_eer", rates_of.equal_error_rate(rates_of.error_rates(validation.scores, validation.same))
            )
            threshold = rates_of.best_threshold(validation.scores, validation.same)
            yield Record("threshold", threshold)
        test = self._test(data)
        yield from self._of_test(test)
        if threshold is not None:
            yield Record("accuracy", rates_of.accuracy_at(test.scores, test.same, threshold))
        yield Artifact("scores.json", write_histogram(test.scores, test.same, folder / "scores.json"))

    def _of_test(self, test: Scored) -> Iterator[Record]:
        rates = rates_of.error_rates(test.scores, test.same)
        yield Record("equal", float(test.same.sum()))
        yield Record("unequal", float((~test.same).sum()))
        yield Record("eer", rates_of.equal_error_rate(rates))
        yield Record("min_dcf", rates_of.min_detection_cost(rates, self.config.target))
        yield Record("auc", rates_of.area_under_curve(test.scores, test.same))
        for fmr in FMRS:
            yield Record(f"fnmr/{_percent(fmr)}", rates_of.fnmr_at(rates, fmr))
        yield Record(f"detected/{_percent(ACCEPTED)}", rates_of.rejected_at(rates, ACCEPTED))
        if test.groups is None:
            return
        mean = rates_of.mean_over_groups(test.scores, test.same, test.groups)
        if mean is not None:
            yield Record("eer_per_group", mean)
        if self.config.resamples:
            ends = rates_of.bootstrap_interval(test.scores, test.same, test.groups, self.config.resamples)
            yield from () if ends is None else (Record("eer_low", ends[0]), Record("eer_high", ends[1]))

    def _validation(self, data: EvaluationData) -> Scored | None:
        """The pairs of the validation split; None where it has none, or only of one kind."""
        try:
            if self.config.list is None:
                pairs = self._sampled(data.validation.label(data.label_name(self.config.label)))
            else:
                pairs = data.pairs("validation", self.config.list)[1]
            scored = self._scored(data, "validation", pairs, pairs)
            rates_of.require_both(scored.scores, scored.same)
        except NotApplicable:
            return None
        return scored

    def _test(self, data: EvaluationData) -> Scored:
        """Those of the test split, whose answers are revealed here."""
        if self.config.list is None:
            pairs = self._sampled(data.test.reveal(data.label_name(self.config.label)))
            return self._scored(data, "test", pairs, pairs)
        name, hidden = data.pairs("test", self.config.list)
        return self._scored(data, "test", hidden, data.test.reveal(name))

    def _sampled(self, labels: Tensor) -> PairList:
        """Pairs of labels [N], fewer where there are fewer. Raises NotApplicable where there are none of a kind."""
        labelled = labels[labels >= 0].cpu().numpy()
        sizes = np.unique(labelled, return_counts=True)[1]
        within = int((sizes * (sizes - 1) // 2).sum())
        number = 2 * min(within, len(labelled) * (len(labelled) - 1) // 2 - within, self.config.pairs // 2)
        try:
            return balanced_pairs(labels.cpu().numpy(), number, SEED)
        except BadData as error:
            raise NotApplicable(f"no pairs can be drawn: {error}") from error

    def _scored(self, data: EvaluationData, split: str, pairs: PairList, answers: PairList) -> Scored:
        comparison = SampleComparison(data, split, self.config.compare, self.config.space)
        sides = (torch.from_numpy(side).to(comparison.z.device) for side in (pairs.first, pairs.second))
        scores = comparison.of_pairs(*sides).double().cpu().numpy()
        return combined(scores, answers, self.config.references)


def _percent(share: float) -> str:
    return f"{100 * share:g}pct"
