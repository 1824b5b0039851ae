"""Vectors of three classes, told apart by their first two values only, and methods that learn a map of them."""

import numpy as np
import torch
from probeline.core.dataset import DatasetInfo, Split
from probeline.core.lists import PairList
from probeline.core.method import Method
from probeline.core.sample_spec import SampleSpec
from probeline.models.build import build_encoder
from probeline.plugins import catalog

DIM, CLASSES = 5, 3
SAMPLE = SampleSpec("vector", "float32", (DIM,))
INFO = DatasetInfo("-", 60, 6, 60, tuple("abc"), SAMPLE)


def vectors(seed: int = 0, count: int = 60, pairs: PairList | None = None) -> Split:
    """Values 2 to 4 vary much and say nothing."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    centres = np.array([[0, 0], [1, 0], [0, 1]])[labels]
    values = np.concatenate([centres + random.normal(0, 0.1, (count, 2)), random.normal(0, 3, (count, DIM - 2))], 1)
    return Split(values.astype(np.float32), labels.astype(np.int64), lists={"links": pairs} if pairs else {})


def learner(name: str, seed: int = 0, **parameters) -> Method:
    torch.manual_seed(seed)
    encoder = build_encoder({"name": "raw_values"}, SAMPLE)
    config = catalog.config("methods", name)(**parameters)
    return catalog.plugin_class("methods", name, Method)(config, encoder, INFO)


def fitted(name: str, split: Split | None = None, seed: int = 0, **parameters) -> Method:
    """The method after its one look at the training split."""
    method, split = learner(name, seed, **parameters), split or vectors()
    method.fit(method.encoder(torch.from_numpy(np.array(split.inputs))).h, split)
    return method


def separation(method: Method | None, split: Split | None = None) -> float:
    """Mean distance between classes over mean distance within, of unseen vectors; None: as they are."""
    split = split or vectors(1)
    x = torch.from_numpy(np.array(split.inputs))
    h = x if method is None else method.encoder(x).h
    distances, labels = torch.cdist(h, h), torch.from_numpy(split.labels)
    same = labels[:, None] == labels[None]
    return float(distances[~same].mean() / distances[same & ~torch.eye(len(h), dtype=torch.bool)].mean())
