"""One-shot classification: which of N classes a sample is of, from k examples of each that no training has seen.

Lake, Salakhutdinov, Gross, Tenenbaum 2011 and Koch, Zemel, Salakhutdinov 2015 ask 400 questions of 20 classes with one
example; Vinyals et al. 2016, arXiv 1606.04080, have N classes and k examples. Nothing is chosen.
Settings are chosen by `validation_accuracy`: where only the test has a list, its questions are drawn from labels, of as
many classes as the list's or as the validation split has.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Record
from probeline.core.lists import EpisodeList
from probeline.core.metric import count, percentage
from probeline.core.settings import NameOf, Settings
from probeline.errors import NotApplicable
from probeline.evaluation._comparison import SampleComparison
from probeline.evaluation._episodes import classes_with, sampled_episodes
from probeline.evaluation.base import EvaluationData, Protocol

DETERMINISTIC = True
NEEDS = ("labels | episodes",)
METRICS = {
    "accuracy": percentage("one-shot accuracy"),
    "accuracy_low": percentage("one-shot accuracy, lower end of the bootstrap", "none"),
    "accuracy_high": percentage("one-shot accuracy, upper end of the bootstrap", "none"),
    "validation_accuracy": percentage("one-shot accuracy on the validation split"),
    "episodes": count("one-shot questions"),
    "chance": percentage("one-shot accuracy by chance", "none"),
}
PRIMARY = "accuracy"


class Config(Settings):
    """Episodes are those of the data's `list`, or `episodes` drawn from labels, the same in every trial.

    `within`: a label that the classes of a drawn episode share, such as the alphabet. `shots`: of several examples of a
    class the `nearest` counts, or the `mean` of their scores.
    """

    list: Annotated[str | None, NameOf("episodes")] = None
    label: Annotated[str | None, NameOf("labels")] = None
    within: Annotated[str | None, NameOf("labels")] = None
    way: int = Field(20, ge=2)
    shot: int = Field(1, ge=1)
    episodes: int = Field(400, ge=1)
    compare: Literal["euclidean", "cosine", "learned", "dtw"] = "euclidean"
    space: Literal["h", "z"] = "h"
    shots: Literal["nearest", "mean"] = "nearest"
    resamples: int = Field(1000, ge=0, description="Of the bootstrap over runs, or questions; 0: no interval.")


class OneShot(Protocol[Config]):
    """The class whose examples are most like the query is the answer; classes at a tie share it."""

    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Record]:
        of_validation = self._validation(data)
        if of_validation is not None:
            yield Record("validation_accuracy", of_validation)
        episodes, credit = self._test(data)
        yield Record("episodes", float(len(episodes)))
        yield Record("chance", 1 / episodes.support.shape[1])
        yield Record("accuracy", float(credit.mean()))
        if self.config.resamples and len(credit) > 1:
            low, high = mean_interval(credit, episodes.groups, self.config.resamples)
            yield Record("accuracy_low", low)
            yield Record("accuracy_high", high)

    def _validation(self, data: EvaluationData) -> float | None:
        """None where the validation split has too few samples to ask."""
        try:
            episodes = self._of_validation(data)
            return float(self._credit(data, "validation", episodes, episodes).mean())
        except NotApplicable:
            return None

    def _of_validation(self, data: EvaluationData) -> EpisodeList:
        """Listed questions, or questions drawn from the validation labels."""
        config = self.config
        if config.list is None:
            label, within = map(data.label_name, (config.label, config.within))
            shared = data.validation.label(within) if config.within else None
            return self._sampled(data.validation.label(label), shared)
        try:
            return data.episodes("validation", config.list)[1]
        except NotApplicable:
            hidden = data.episodes("test", config.list)[1]
            labels = data.validation.label(data.label_name(config.label)).cpu().numpy()
            way, shot = hidden.support.shape[1:]
            return sampled_episodes(labels, min(way, classes_with(labels, shot + 1)), shot, config.episodes)

    def _test(self, data: EvaluationData) -> tuple[EpisodeList, np.ndarray]:
        """The episodes of the test split with their answers, revealed here, and the credit of each."""
        if self.config.list is None:
            label, within = map(data.label_name, (self.config.label, self.config.within))
            shared = data.test.reveal(within) if self.config.within else None
            episodes = self._sampled(data.test.reveal(label), shared)
            return episodes, self._credit(data, "test", episodes, episodes)
        name, hidden = data.episodes("test", self.config.list)
        episodes = data.test.reveal(name)
        return episodes, self._credit(data, "test", hidden, episodes)

    def _sampled(self, labels: Tensor, within: Tensor | None) -> EpisodeList:
        config, shared = self.config, None if within is None else within.cpu().numpy()
        return sampled_episodes(labels.cpu().numpy(), config.way, config.shot, config.episodes, shared)

    def _credit(self, data: EvaluationData, split: str, episodes: EpisodeList, answers: EpisodeList) -> np.ndarray:
        if not len(episodes):
            raise NotApplicable(f"the {split} split has an empty list of episodes")
        comparison = SampleComparison(data, split, self.config.compare, self.config.space)
        device = comparison.z.device
        support = torch.from_numpy(episodes.support)
        query = torch.from_numpy(episodes.query)[:, None, None].expand_as(support)
        scores = comparison.of_pairs(support.flatten().to(device), query.flatten().to(device)).cpu()
        scores = scores.double().reshape(support.shape)
        of_class = scores.amax(2) if self.config.shots == "nearest" else scores.mean(2)
        return credit(of_class, torch.from_numpy(np.asarray(answers.answer))).numpy()


def credit(scores: Tensor, answers: Tensor) -> Tensor:
    """[E] 1 where the answer's score is the highest of [E, way], 1 / n where n classes share the highest, else 0.

    A score that is not a number is never the highest: the answer of an encoder that diverged is wrong.
    """
    scores = torch.where(scores.isnan(), -torch.inf, scores)
    best = (scores == scores.amax(1, keepdim=True)) & scores.isfinite()
    return best.gather(1, answers[:, None])[:, 0].double() / best.sum(1).clamp(min=1)


def mean_interval(
    values: np.ndarray, groups: np.ndarray | None, resamples: int, level: float = 0.95
) -> tuple[float, float]:
    """The percentile interval of the mean of values [E] over groups, or single values, drawn with replacement."""
    own = np.arange(len(values)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sums, sizes = np.bincount(own, values), np.bincount(own)
    random = np.random.Generator(np.random.PCG64(0))
    chosen = random.integers(len(sums), size=(resamples, len(sums)))
    low, high = np.quantile(sums[chosen].sum(1) / sizes[chosen].sum(1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
