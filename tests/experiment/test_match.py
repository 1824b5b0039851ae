"""Conditions of `when`, `exclude` and `baseline` mean what a person would."""

import pytest
from probeline.experiment.match import MISSING, matches, value_at

RECIPE = {
    "method": {"name": "simclr", "temperature": 0.5, "augment": {"flip": True}},
    "training": {"epochs": 10, "optimizer": "sgd"},
    "evaluation": {"my.protocol": {"k": 20}, "knn": {"k": 1}},
}


@pytest.mark.parametrize(
    "condition",
    [
        {"method": "simclr"},
        {"method": ["rotation", "simclr"]},
        {"method": {"temperature": 0.5}},
        {"method": {"augment": {"flip": True}}},
        {"method.augment.flip": True},
        {"training.epochs": 10.0},
        {"evaluation": "knn"},
        {"evaluation.my.protocol.k": 20},
        {"method": "warm"},
        {"training.optimizer": "sgd", "method": "simclr"},
    ],
)
def test_a_condition_that_holds(condition):
    assert matches(RECIPE, {"method": "warm"}, condition)


@pytest.mark.parametrize(
    "condition",
    [
        {"method": "rotation"},
        {"method": []},
        {"method": {"temperature": 0.5, "dim": 3}},
        {"method.augment.flip": 1},
        {"method.augment.flip.x": 1},
        {"training.epochs": "10"},
        {"evaluation": "linear_probe"},
        {"nothing": None},
        {"training.optimizer": "sgd", "method": "rotation"},
    ],
)
def test_a_condition_that_does_not_hold(condition):
    assert not matches(RECIPE, {}, condition)


def test_a_key_that_the_recipe_lacks_is_missing():
    assert value_at(RECIPE, "method.dim") is MISSING
    assert value_at(RECIPE, "method.temperature.x") is MISSING
