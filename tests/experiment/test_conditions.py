"""The index of conditions finds what comparing every cell with every condition finds."""

import random

import pytest
from probeline.experiment.conditions import Conditions
from probeline.experiment.match import matches

VALUES = [None, 0, 1, True, False, 1.0, "a", "simclr", "1", [], [1], [True], ["a", 1], {"name": "simclr"}, {"k": 1}]
KEYS = ["method", "method.t", "training.lr", "training.none", "evaluation.my.score.k", "evaluation"]


def _recipe(draw):
    method = {"name": draw.choice(["simclr", "a"]), "t": draw.choice(VALUES), "k": draw.choice([1, None])}
    evaluation = {"my.score": {"k": draw.choice(VALUES)}} if draw.random() < 0.7 else {"a": {}}
    return {"method": method, "training": {"lr": draw.choice(VALUES)}, "evaluation": evaluation}


def _wanted(draw):
    single = draw.choice([*VALUES, {"name": "simclr", "k": 1}, {"t": None}, {}])
    return [single, draw.choice(VALUES)] if draw.random() < 0.3 else single


@pytest.mark.parametrize("seed", range(20))
def test_the_first_match_is_that_of_a_search_through_all(seed):
    draw = random.Random(seed)
    conditions = [{key: _wanted(draw) for key in draw.sample(KEYS, draw.randint(1, 3))} for _ in range(40)]
    index = Conditions(conditions)
    for _ in range(60):
        recipe, coordinates = _recipe(draw), draw.choice([{}, {"method": "1"}, {"training.lr": "a"}])
        after = draw.randint(-1, 39)
        expected = [n for n, one in enumerate(conditions) if n > after and matches(recipe, coordinates, one)]
        assert index.first(recipe, coordinates, after) == next(iter(expected), None)


def test_no_condition_holds_where_there_is_none():
    assert Conditions([]).first({"training": {"lr": 1}}, {}) is None
