"""Cards that fail, by their names."""

from probeline.execution.ray.card_failures import CardFailures


def test_a_card_that_fails_three_times_in_a_row_under_two_trials_is_set_aside_once():
    cards = CardFailures()
    assert [cards.add("GPU 0", trial) for trial in ("a", "b", "a", "c")] == [False, False, True, False]
    assert cards.set_aside == {"GPU 0"}


def test_one_trial_alone_sets_no_card_aside_as_it_may_be_at_fault():
    cards = CardFailures()
    assert not any(cards.add("GPU 0", "a") for _ in range(10))
    assert cards.add("GPU 0", "b")


def test_a_card_on_which_a_trial_has_finished_starts_from_nothing():
    cards = CardFailures()
    assert not any(cards.add("GPU 0", trial) for trial in ("a", "b"))
    cards.clear("GPU 0")
    assert not any(cards.add("GPU 0", trial) for trial in ("c", "d"))
    assert cards.set_aside == frozenset()


def test_each_card_counts_for_itself_and_a_program_at_fault_blames_none():
    cards = CardFailures()
    assert not any(cards.add(card, trial) for card in ("GPU 0", "GPU 1") for trial in ("a", "b"))
    assert not any(cards.add("", trial) for trial in "abcdef")
