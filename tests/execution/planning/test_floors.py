import pytest
from probeline.execution.planning import floors as module
from probeline.execution.planning.floors import as_json, floors, nearest, shipped
from probeline.execution.planning.training_budget import _verdict
from probeline.tracking.reading.budgets import Trained


def trials(method, updates, gains, data="photos"):
    """One a seed, above the untrained encoder's 0.5 by `gains`."""
    return [Trained(method, data, "resnet", seed, 64, 64 * updates, 0.5 + gain) for seed, gain in enumerate(gains)]


UNTRAINED = trials("random_init", 0, [0.0, 0.001, -0.001])
NOTHING, CLEAR = [0.02, -0.01, 0.005], [0.1, 0.11, 0.12]


def test_needed_is_the_fewest_updates_from_which_on_all_beat_the_untrained_encoder():
    recorded = [*UNTRAINED, *trials("simclr", 20, NOTHING), *trials("simclr", 80, CLEAR), *trials("simclr", 320, CLEAR)]
    (floor,) = floors(recorded, "here")
    assert (floor.needed, floor.stuck, floor.seeds) == (80, 20, 3)


def test_a_budget_that_fails_again_later_moves_it_up():
    recorded = [*UNTRAINED, *trials("simclr", 20, CLEAR), *trials("simclr", 80, NOTHING), *trials("simclr", 320, CLEAR)]
    assert floors(recorded, "here")[0].needed == 320


def test_a_method_that_never_did_has_none_and_one_seed_says_nothing():
    (floor,) = floors([*UNTRAINED, *trials("byol", 80, NOTHING), *trials("simclr", 80, CLEAR[:1])], "here")
    assert (floor.method, floor.needed, floor.stuck) == ("byol", None, 80)


def test_without_an_untrained_trial_of_the_same_data_there_is_no_floor():
    assert floors([*UNTRAINED, *trials("simclr", 80, CLEAR, "digits")], "here") == []


def test_the_same_data_go_before_others_and_recorded_trials_before_the_shipped_table(tmp_path, monkeypatch):
    recorded = floors([*UNTRAINED, *trials("simclr", 80, CLEAR)], "here")
    table = tmp_path / "floors.json"
    table.write_text(as_json(floors([*UNTRAINED, *trials("byol", 320, CLEAR)], "shipped")))
    monkeypatch.setattr(module, "TABLE", table)
    shipped.cache_clear()
    assert nearest("simclr", "digits", recorded).source == "here"
    assert (nearest("byol", "digits", recorded).source, nearest("byol", "digits", []).needed) == ("shipped", 320)
    assert nearest("vicreg", "digits", recorded) is None
    shipped.cache_clear()


def test_the_shipped_table_is_readable():
    assert all(floor.needed is None or floor.needed > floor.stuck for floor in shipped())


@pytest.mark.parametrize(("updates", "verdict"), [(10, "too few"), (40, "may be too few"), (80, "enough")])
def test_a_verdict_follows_from_what_was_and_was_not_enough(updates, verdict):
    recorded = [*UNTRAINED, *trials("simclr", 20, NOTHING), *trials("simclr", 80, CLEAR)]
    assert _verdict(updates, floors(recorded, "here")[0]) == verdict
