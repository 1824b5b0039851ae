"""Real, tiny methods and data for protocols to judge."""

from dataclasses import replace

import numpy as np
import torch
from helpers.datasets import dataset_of
from probeline.core.dataset import Split
from probeline.core.events import Artifact, Record
from probeline.core.method import Method
from probeline.core.protocol import Protocol
from probeline.core.settings import components
from probeline.evaluation.base import Embeddings, EvaluationData, HeldOutLabels
from probeline.experiment.components import resolve
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.training.embeddings import representations

CLASSES = ("ant", "bee", "cow")
DIGITS = {"name": "digits", "train_size": 40, "test_size": 20}
SMALL = {
    "fine_tune": {"fractions": [0.2, 1.0], "epochs": [1, 1], "least_steps": 2, "lr": [0.05]},
    "loss_benchmark": {"batch_sizes": [8, 60], "rounds": 1},
}
"""What makes a protocol fast enough to be run in every test; a protocol without an entry is run as it is."""


def stripes(n, channels=3, classes=3, seed=0, side=16):
    """n images whose class is the width of their stripes, with noise; labels 0, 1, 2, 0, ..."""
    random, labels = np.random.default_rng(seed), np.arange(n) % classes
    rows = np.arange(side)[None, :, None, None] // (labels[:, None, None, None] + 1) % 2
    images = 160 * rows + random.integers(0, 96, (n, side, side, channels))
    return Split(images.astype(np.uint8), labels.astype(np.int64))


def unlabelled(part):
    return Split(part.inputs, np.full_like(part.labels, -1))


def dataset(train=48, validation=18, test=24, channels=3, classes=CLASSES, side=16):
    """Three parts of stripes; without classes, none has a label."""
    sizes = enumerate((train, validation, test))
    parts = [stripes(n, channels, max(len(classes), 1), seed, side) for seed, n in sizes]
    return dataset_of(*(parts if classes else map(unlabelled, parts)), classes)


def method(name, data, encoder="resnet", **parameters):
    """An untrained method for a data set, always with the same weights."""
    facts = data.info
    torch.manual_seed(0)
    component = resolve("encoders", {"name": encoder, **({"width": 4} if encoder == "resnet" else {})}).value
    config = catalog.settings("methods", resolve("methods", {"name": name, **parameters}).value)
    built = catalog.plugin_class("methods", name, Method)(config, build_encoder(component, facts.sample), facts)
    return built.to(memory_format=torch.channels_last)


def shape(data):
    return data.train.inputs.shape[1:]


def trained(name="simclr", data=None, seed=0, hidden=False, **parameters):
    """What a trial holds of an untrained method on tiny images."""
    data = data or dataset()
    return representations(method(name, data, **parameters), data, torch.device("cpu"), seed, hidden)


def judged(name="simclr", data=None, seed=0, **parameters):
    """What one protocol gets of it."""
    return trained(name, data, seed, **parameters).evaluation_data()


def protocol(name, **settings):
    """A protocol as a recipe makes it; data sets that it needs are the smallest there are."""
    config = catalog.config("protocols", name)
    needed = {
        field: [DIGITS]
        for field, kind in components(config)
        if kind == "datasets" and config.model_fields[field].is_required()
    }
    results = resolve("protocols", {"name": name, **needed, **settings})
    assert results.value, results.complaints
    return catalog.plugin_class("protocols", name, Protocol)(catalog.settings("protocols", results.value))


def values(events):
    """Records as {name: value}."""
    return {item.name: item.value for item in events if isinstance(item, Record)}


def files(events):
    return [item.path for item in events if isinstance(item, Artifact)]


def of_features(train, validation, test, classes=CLASSES, z=None):
    """Evidence of given features: each part (h, labels); `z` turns h into a projection, None for no projector."""
    given = judged("random_init", dataset(3, 3, 3))
    project = z or (lambda h: None)
    return EvaluationData(
        train=Embeddings(*train, project(train[0])),
        validation=Embeddings(*validation, project(validation[0])),
        test=HeldOutLabels(test[0], lambda name: test[1], project(test[0])),
        info=replace(given.info, classes=classes),
        subject=given.subject,
    )
