"""Leaderboards over experiments: what is ranked with what, and what is said of ties."""

from types import SimpleNamespace

import numpy as np
import pytest
from probeline.errors import UserError
from probeline.report.tables import board
from probeline.report.tables.contests import contests

NOISE = (0.001, -0.002, 0.003, 0.0, -0.001)


def trial(method, seed, top1, experiment="first", **recipe):
    """One finished trial of a method on digits, judged by a linear probe and kNN."""
    given = {
        "data.name": "digits",
        "encoder.name": "resnet",
        "method.name": method,
        "training.epochs": "10",
        "evaluation.linear_probe.grid": "[0.1]",
        "evaluation.knn.k": "20",
    }
    tags = {
        "trial_id": f"{method}{seed}{experiment}".ljust(16, "0"),
        "cell": method,
        "seed": str(seed),
        "data_digest": "d1",
    }
    metrics = {"linear_probe/top1": top1, "linear_probe/l2": 0.1, "knn/top1": top1 - 0.1}
    return SimpleNamespace(experiment=experiment, tags=tags, recipe=given | recipe, metrics=metrics)


def arm(method, level, experiment="first", seeds=5, **recipe):
    rng = np.random.default_rng(sum(map(ord, method)))
    return [trial(method, seed, level + 0.002 * rng.normal(), experiment, **recipe) for seed in range(seeds)]


def test_what_shares_data_protocol_and_epochs_is_one_contest_across_experiments():
    made = contests([*arm("simclr", 0.7), *arm("byol", 0.7, "second"), *arm("rotation", 0.6)], {})
    assert [each.metric.name for each in made] == ["linear_probe/top1", "knn/top1"]
    (tied, last) = made[0].groups
    assert [each.label for each in tied] == ["byol", "simclr"] and [each.label for each in last] == ["rotation"]
    assert made[0].ranks == {"simclr": (1, 2), "byol": (1, 2), "rotation": (3, 3)}
    assert board.sentence(made[0]) == (
        "These two cannot be told apart: byol, simclr; then, each beaten by at least one of those before, rotation."
    )
    assert [row[2].text for row in board.table(made[0], 1).rows] == ["second", "first", "first"]


@pytest.mark.parametrize(
    "other",
    [{"training.epochs": "20"}, {"data.limit": "5"}, {"evaluation.linear_probe.grid": "[1]", "evaluation.knn.k": "1"}],
)
def test_another_budget_data_setting_or_protocol_setting_is_another_contest(other):
    assert contests([*arm("simclr", 0.7), *arm("byol", 0.7, **other)], {}) == []


def test_seeds_of_one_recipe_from_two_experiments_are_one_entrant():
    more = [trial("simclr", seed, 0.7 + NOISE[seed - 5], "second") for seed in range(5, 8)]
    (best, _) = contests([*arm("simclr", 0.7), *more, *arm("rotation", 0.5, seeds=8)], {}, "knn/top1")[0].groups
    assert best[0].estimate.n == 8 and best[0].experiments == ("first", "second")


def test_cells_of_one_label_with_other_recipes_keep_apart():
    made = contests([*arm("simclr", 0.7), *arm("simclr", 0.6, "second", **{"method.temperature": "0.1"})], {})
    assert {each.label for group in made[0].groups for each in group} == {"simclr (first)", "simclr (second)"}


def test_filters_choose_by_recipe_and_experiment():
    every = [*arm("simclr", 0.7), *arm("byol", 0.7), *arm("rotation", 0.6, "second")]
    assert contests(every, {"experiment": "first", "encoder": "resnet"})[0].entrants == 2
    assert contests(every, {"method": "byol"}) == []
    with pytest.raises(UserError, match="has no direction"):
        contests(every, {}, "linear_probe/l2")


def test_many_that_cannot_be_told_apart_are_counted_and_not_ordered():
    names = [f"method {letter}" for letter in "hgfedcbaj"]
    every = [trial(name, seed, 0.6 + NOISE[(seed + n) % 5]) for n, name in enumerate(names) for seed in range(5)]
    made = contests(every, {}, "knn/top1")[0]
    assert board.sentence(made).startswith("These nine cannot be told apart: method a, method b")
    assert board.sentence(made).endswith("and 1 more.")
    assert set(made.ranks.values()) == {(1, 9)}
    assert board.as_dict(made)["groups"][0][0]["trials"]["0"]
