import numpy as np
import pytest
from probeline.statistics.seed_comparison import seedless_state, state
from probeline.statistics.sequential import Looks

LOOKS = Looks(3, 10)


def cells(differences):
    return dict(enumerate(differences)), dict.fromkeys(range(len(differences)), 0.0)


def test_before_the_first_look_the_first_seeds_are_wanted():
    now = state({}, {}, LOOKS, None)
    assert (now.seeds, now.wanted, now.over, now.words()) == (0, 3, False, "undecided after 0 seeds")


def test_an_undecided_comparison_wants_one_seed_more():
    now = state(*cells([0.1, -0.2, 0.15]), LOOKS, None)
    assert (now.seeds, now.wanted, now.over) == (3, 4, False)


def test_a_decided_one_stops_where_it_was_decided_whatever_has_run_since():
    values = [1.0, 1.1, 0.9, 1.05, 0.95]
    first = state(*cells(values), LOOKS, None)
    later = state(*cells([*values, -50.0, 70.0]), LOOKS, None)
    assert first == later and first.over
    assert first.words() == f"stopped after {first.seeds} seeds: decided"


def test_a_seed_that_is_missing_in_the_middle_is_waited_for():
    ours, theirs = cells([1.0, 1.1, 0.9, 1.05, 0.95])
    ours.pop(1)
    assert state(ours, theirs, LOOKS, None).seeds == 1


def test_a_diverged_seed_is_in_no_difference_and_is_not_run_again():
    ours, theirs = cells([0.1, -0.2, 0.15])
    ours[1] = None
    now = state(ours, theirs, LOOKS, None)
    assert (now.decision.n, now.seeds, now.wanted) == (2, 3, 4)


def test_the_last_seed_ends_a_comparison_that_is_not_decided():
    now = state(*cells(np.random.default_rng(0).normal(size=10)), LOOKS, None)
    assert now.over and now.words() == "not decided after 10 seeds, the most"


@pytest.mark.slow
@pytest.mark.parametrize("smallest", [None, 0.3])
def test_of_all_comparisons_of_an_experiment_5_percent_claim_what_is_not_there(smallest):
    """Four cells against one baseline, no difference among them, each comparison stopped by itself."""
    rng, looks = np.random.default_rng(5), Looks(3, 15, comparisons=4)
    claims = 0
    for _ in range(1500):
        theirs, *others = (dict(enumerate(row)) for row in rng.normal(size=(5, 15)).tolist())
        ended = [state(ours, theirs, looks, smallest) for ours in others]
        claims += any(now.decision.verdict in ("higher", "lower") for now in ended)
    assert claims / 1500 <= 0.05


@pytest.mark.parametrize(
    ("difference", "smallest", "verdict"),
    [(0.2, None, "higher"), (-0.2, 0.1, "lower"), (0.0, None, "no difference"), (0.05, 0.1, "no difference")],
)
def test_cells_that_depend_on_no_seed_are_decided_at_the_first_look(difference, smallest, verdict):
    now = seedless_state(*cells([difference] * 3), LOOKS, smallest)
    assert (now.seeds, now.wanted, now.over, now.decision.verdict) == (3, 3, True, verdict)
    assert seedless_state(*cells([difference] * 2), LOOKS, smallest) == state(*cells([difference] * 2), LOOKS, smallest)


def test_cells_that_turn_out_to_depend_on_the_seed_are_tested_as_others():
    varied = cells([0.1, -0.2, 0.15])
    assert seedless_state(*varied, LOOKS, None) == state(*varied, LOOKS, None)
    varied[0][1] = None
    assert seedless_state(*varied, LOOKS, None) == state(*varied, LOOKS, None)
