import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from probeline.core.lists import PairList
from probeline.data import pair_lists
from probeline.errors import BadData


def pairs(*listed: tuple[int, int, int]) -> PairList:
    first, second, same = np.array(listed, np.int64).reshape(-1, 3).T
    return PairList(first, second, same.astype(bool))


def distinct(drawn: PairList) -> set[tuple[int, int]]:
    return {(min(a, b), max(a, b)) for a, b in zip(drawn.first.tolist(), drawn.second.tolist(), strict=True)}


@given(st.lists(st.integers(-1, 3), min_size=6, max_size=40), st.integers(2, 12), st.integers(0, 99))
def test_balanced_pairs_are_distinct_and_their_answers_right(labels, count, seed):
    labels = np.array(labels)
    try:
        drawn = pair_lists.balanced_pairs(labels, count, seed)
    except BadData:
        return
    assert len(distinct(drawn)) == count and int(drawn.same.sum()) == (count + 1) // 2
    assert ((labels[drawn.first] == labels[drawn.second]) == drawn.same).all() and labels[drawn.first].min() >= 0
    assert (drawn.first != drawn.second).all() and (drawn.groups == labels[drawn.first]).all()


def test_all_pairs_can_be_asked_for():
    drawn = pair_lists.balanced_pairs(np.array([0, 0, 1, 1, -1]), 4, 0)
    assert len(distinct(drawn)) == 4 and distinct(drawn) >= {(0, 1), (2, 3)}


def test_pairs_depend_on_the_seed_alone():
    labels = np.arange(60) % 7
    first, again, other = (pair_lists.balanced_pairs(labels, 20, seed) for seed in (1, 1, 2))
    assert distinct(first) == distinct(again) != distinct(other)


def test_pairs_of_one_class_have_the_same_chance_in_a_large_class_and_a_small_one():
    labels = np.repeat([0, 1], [30, 6])
    drawn = pair_lists.balanced_pairs(labels, 200, 0)
    in_small = (labels[drawn.first[drawn.same]] == 1).mean()
    assert in_small == pytest.approx(15 / 450, abs=0.05)


def test_many_samples_need_no_list_of_all_pairs():
    labels = np.arange(200_000) % 10
    drawn = pair_lists.balanced_pairs(labels, 1000, 0)
    assert ((labels[drawn.first] == labels[drawn.second]) == drawn.same).all()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 2, 3], r"2 pairs of one class are asked for and 0 are there \(4 classes, 4 of them with one sample\)"),
        ([0, 0, 0, 0], "2 pairs of two classes are asked for and 0 are there"),
        ([0, 0, 0, 1, 1, 2], r"6 pairs of one class .* 4 are there \(3 classes, 1 of them with one sample\)"),
    ],
)
def test_too_few_samples_a_class_are_reported(labels, message):
    with pytest.raises(BadData, match=message):
        pair_lists.balanced_pairs(np.array(labels), 4 if len(labels) == 4 else 12, 0)


def test_constraints_are_a_count_or_a_share_of_all_pairs():
    labels = np.arange(40) % 4
    assert len(pair_lists.drawn_pairs(labels, 50, 0)) == 50
    drawn = pair_lists.drawn_pairs(labels, 0.1, 0)
    assert len(distinct(drawn)) == 78 and ((labels[drawn.first] == labels[drawn.second]) == drawn.same).all()


@pytest.mark.parametrize(("count", "message"), [(0.0, "0 constraints"), (11, r"11 constraints .* make 10 pairs")])
def test_no_constraints_or_more_than_there_are_pairs_are_refused(count, message):
    with pytest.raises(BadData, match=message):
        pair_lists.drawn_pairs(np.array([0, 0, 1, 1, 2]), count, 0)


def test_constraints_of_one_kind_are_refused():
    with pytest.raises(BadData, match="all 2 constraints are cannot-link"):
        pair_lists.drawn_pairs(np.arange(9), 2, 0)


def test_a_cannot_link_pair_within_a_must_link_chain_is_a_contradiction():
    listed = pairs((0, 1, 1), (1, 2, 1), (2, 3, 1), (4, 5, 1), (0, 4, 0), (0, 3, 0), (1, 3, 0))
    assert pair_lists.contradiction(listed) in ([1, 2, 3], [3, 2, 1])
    with pytest.raises(BadData, match="sample 1 = sample 2 = sample 3 by must-link pairs, and sample 1 != sample 3"):
        pair_lists.checked(listed)


def test_one_pair_of_both_kinds_is_a_contradiction_and_samples_have_names():
    with pytest.raises(
        BadData, match=r"contradict each other: b\.png = a\.png by must-link pairs, and b\.png != a\.png"
    ):
        pair_lists.checked(pairs((0, 1, 1), (1, 0, 0)), ["a.png", "b.png"])


def test_pairs_that_agree_are_given_back():
    listed = pairs((0, 1, 1), (1, 2, 0), (2, 0, 0))
    assert pair_lists.checked(listed) is listed and pair_lists.contradiction(pairs()) is None
