import re

from probeline.report.results.metrics import metric
from probeline.report.sentences import phrases
from probeline.statistics.differences import Scores, paired_difference
from probeline.statistics.intervals import Measurement, estimate

TOP1, ECE = metric("linear_probe/top1"), metric("linear_probe/ece")


def compare(ours, theirs, about=TOP1):
    gap = paired_difference(Scores(dict(enumerate(ours))), Scores(dict(enumerate(theirs))))
    return phrases.comparison("simclr", "random_init", gap, about)


def test_a_clear_difference_is_a_claim_with_its_interval_and_n():
    said = compare([0.700, 0.712, 0.705], [0.650, 0.658, 0.654])
    pattern = r"simclr beats random_init by 5\.2 points \(95% interval [\d.]+ to [\d.]+, 3 paired seeds\)\."
    assert re.fullmatch(pattern, said)


def test_an_unclear_difference_is_said_to_be_unclear():
    said = compare([0.70, 0.64, 0.69], [0.66, 0.70, 0.64])
    assert said.startswith("Cannot tell simclr from random_init: the difference is +1.0 points (95% interval −")


def test_one_seed_supports_no_claim():
    assert compare([0.9], [0.1]) == (
        "Cannot tell simclr from random_init: +80.0 points on 1 paired seed, which has no interval."
    )


def test_no_common_seed_supports_no_comparison():
    gap = paired_difference(Scores({0: 0.7}), Scores({1: 0.6}))
    said = phrases.comparison("a", "b", gap, TOP1)
    assert said == "Cannot compare a with b: no seed finished on both sides; seeds 0, 1 finished on one side only."


def test_a_worse_result_is_worse_and_its_interval_is_turned_round():
    said = compare([0.650, 0.658, 0.654], [0.700, 0.712, 0.705])
    assert said.startswith("simclr is worse than random_init by 5.2 points (95% interval ") and "−" not in said


def test_a_lower_error_beats_a_higher_one():
    assert compare([0.05, 0.06, 0.055], [0.15, 0.16, 0.156], ECE).startswith("simclr beats random_init by")


def test_identical_numbers_are_called_the_same():
    said = compare([0.5, 0.5], [0.5, 0.5])
    assert said == "simclr and random_init give the same linear probe top-1 accuracy on all 2 paired seeds."


def test_a_level_says_its_interval_or_why_it_has_none():
    assert phrases.level("simclr", estimate([0.7]), TOP1) == "simclr: 70.0% (1 seed, so no interval)"
    assert phrases.level("y", estimate([0.5, 0.5]), TOP1) == "y: 50.0% (the same for all 2 seeds, so no interval)"
    raw = estimate([0.5, 0.5], Measurement(deterministic=True))
    assert phrases.level("raw", raw, TOP1) == "raw: 50.0% (depends on no seed, 2 seeds)"
    coarse = estimate([0.5, 0.5], Measurement(0.05**2))
    assert phrases.level("z", coarse, TOP1) == "z: 50.0% (95% interval 43.1 to 56.9 from test-set noise, 2 seeds)"
    assert phrases.level("x", estimate([]), TOP1) == "x: — (no finished seed)"


def test_an_accuracys_interval_does_not_pass_100_percent():
    assert "to 100.0, 2 seeds" in phrases.interval(estimate([0.97, 0.99]), TOP1)


def test_equal_differences_support_no_claim():
    assert compare([0.71, 0.70], [0.70, 0.69]) == (
        "Cannot tell simclr from random_init: the difference is +1.0 points (the same for every seed, so no interval, "
        "2 paired seeds)."
    )


def test_a_difference_that_depends_on_no_seed_says_so():
    sides = (Scores(dict.fromkeys(range(3), value), Measurement(deterministic=True)) for value in (0.5, 0.4))
    said = phrases.comparison("knn", "probe", paired_difference(*sides), TOP1)
    assert said == "knn beats probe by 10.0 points (depends on no seed, 3 paired seeds)."


def gap(ours, theirs):
    return paired_difference(Scores(dict(enumerate(ours))), Scores(dict(enumerate(theirs))))


def test_a_claim_that_holds_alone_is_withdrawn_among_many():
    weak = gap([0.70, 0.72, 0.71, 0.74], [0.66, 0.70, 0.68, 0.69])
    none = gap([0.70, 0.64, 0.69, 0.66], [0.66, 0.70, 0.64, 0.69])
    assert phrases.comparisons([("a", "b", weak)], TOP1)[0].startswith("a beats b by")
    among = phrases.comparisons([("a", "b", weak)] + [("c", "d", none)] * 8, TOP1)[0]
    assert re.match(r"Cannot tell a from b among 9 comparisons \(Holm-corrected p = 0\.\d\d\): the difference", among)


def test_a_strong_claim_stands_among_many():
    strong = gap([0.700, 0.712, 0.705, 0.709, 0.707], [0.650, 0.662, 0.655, 0.658, 0.658])
    none = gap([0.70, 0.64, 0.69, 0.66], [0.66, 0.70, 0.64, 0.69])
    assert phrases.comparisons([("a", "b", strong)] + [("c", "d", none)] * 8, TOP1)[0].startswith("a beats b by")
