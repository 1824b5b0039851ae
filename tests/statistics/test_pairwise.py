"""All pairs at once give what pairs one by one give."""

import numpy as np
import pytest
from probeline.statistics.differences import Scores
from probeline.statistics.intervals import Measurement
from probeline.statistics.multiplicity import ranks
from probeline.statistics.pairwise import layers, wins
from probeline.statistics.pairwise import ranks as rank_pairs


def cells(seed, measured):
    """Twelve cells at three levels: of some a seed is missing, two are the same, and some depend on no seed."""
    rng = np.random.default_rng(seed)
    made = {}
    for number in range(12):
        level, fixed = 0.5 + 0.1 * (number // 4), measured and number % 5 == 0
        values = {s: level + (0 if fixed else 0.01 * rng.normal()) for s in range(5) if rng.random() > 0.1}
        variance = 0.0001 if measured and number % 3 else None
        made[f"cell {number}"] = Scores(values, Measurement(variance, fixed))
    made["cell 11"] = made["cell 10"]
    return made


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_ranks_are_those_of_the_pairs_one_by_one(seed, measured, higher):
    made = cells(seed, measured)
    expected = ranks(made, higher)
    assert dict(zip(made, rank_pairs(wins(list(made.values()), higher)), strict=True)) == expected


def test_a_cell_without_a_pair_of_seeds_beats_nobody():
    apart = [Scores({0: 0.1, 1: 0.1}), Scores({2: 0.9, 3: 0.9}), Scores({})]
    assert not wins(apart).any()


def test_a_layer_has_no_member_that_beats_another_and_the_unbeaten_come_first():
    beats = np.zeros((5, 5), bool)
    beats[0, 3] = beats[1, 3] = beats[3, 4] = beats[0, 4] = True  # 2 is beaten by nobody, though it beats nobody
    assert layers(beats) == [[0, 1, 2], [3], [4]]
    assert layers(np.zeros((0, 0), bool)) == []
