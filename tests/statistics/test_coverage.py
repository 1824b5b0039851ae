"""What the intervals and claims of a report hold, by simulation; the slow tests recompute the tables in full."""

import re
from itertools import pairwise

import numpy as np
import pytest
from helpers.simulated_seeds import ACCURACY, CONTINUOUS, DISCRETE, SEEDS, Draw, accuracies, measured
from probeline.statistics import intervals
from probeline.statistics.differences import Scores, paired_difference
from probeline.statistics.intervals import LEVEL, Interval, estimate
from probeline.statistics.multiplicity import holm, is_claimed, ranks

EXPERIMENTS, TABLES = 20_000, 1_000
CELLS = 17
NOMINAL = 1 - LEVEL


def holds(interval: Interval | None, truth: float) -> bool:
    """No interval claims nothing, so it is never wrong."""
    return interval is None or interval.low <= truth <= interval.high


def coverage_of_means(kind: str, n: int, experiments: int) -> float:
    rng = np.random.default_rng(n)
    if kind in CONTINUOUS:
        values = CONTINUOUS[kind](rng, (experiments, n)).tolist()
        return float(np.mean([holds(estimate(each).interval, 0.0) for each in values]))
    samples = int(kind.rpartition(" ")[2])
    scores = [measured(each, samples) for each in DISCRETE[kind](rng, (experiments, n)).tolist()]
    intervals = [estimate(list(each.values.values()), each.measurement).interval for each in scores]
    return float(np.mean([holds(interval, ACCURACY) for interval in intervals]))


def coverage_of_differences(kind: str, n: int, experiments: int) -> float:
    rng = np.random.default_rng(n)
    samples = None if kind in CONTINUOUS else int(kind.rpartition(" ")[2])
    ours, theirs = ({**CONTINUOUS, **DISCRETE}[kind](rng, (2, experiments, n))).tolist()
    pairs = [(measured(a, samples), measured(b, samples)) for a, b in zip(ours, theirs, strict=True)]
    return float(np.mean([holds(paired_difference(*pair).estimate.interval, 0.0) for pair in pairs]))


def printed() -> dict[str, list[float]]:
    """The table in the module's docstring: coverage of means, then of paired differences, for each of SEEDS."""
    rows = re.findall(r"^    (\S.*?)((?:\s+[01]\.\d\d){12})$", intervals.__doc__, re.MULTILINE)
    return {name.strip(): [float(share) for share in shares.split()[:8]] for name, shares in rows}


def null_tables(draw: Draw, n: int, tables: int, samples: int | None) -> list[list[Scores]]:
    """Tables of CELLS cells that do not differ."""
    values = draw(np.random.default_rng(n), (tables, CELLS, n)).tolist()
    return [[measured(cell, samples) for cell in table] for table in values]


def has_a_claim(pairs: list[tuple[Scores, Scores]]) -> bool:
    gaps = [paired_difference(*pair) for pair in pairs]
    return any(is_claimed(gap, p) for gap, p in zip(gaps, holm([gap.p for gap in gaps]), strict=True))


def against_a_baseline(cells: list[Scores]) -> bool:
    return has_a_claim([(cell, cells[0]) for cell in cells[1:]])


def in_order(cells: list[Scores]) -> bool:
    """Each against the next below it, as the page's summary compares lines."""
    ordered = sorted(cells[:8], key=lambda cell: sum(cell.values.values()))
    return has_a_claim(list(pairwise(ordered)))


def by_rank(cells: list[Scores]) -> bool:
    lines = {str(i): cell for i, cell in enumerate(cells[:8])}
    return any(place != (1, 8) for place in ranks(lines).values())


@pytest.mark.parametrize("n", SEEDS)
def test_the_interval_of_normal_seeds_holds_the_true_mean_as_often_as_it_says(n):
    assert coverage_of_means("normal", n, 1_500) == pytest.approx(LEVEL, abs=0.02)


@pytest.mark.parametrize("n", SEEDS)
def test_the_interval_of_an_accuracy_holds_the_true_mean_at_least_as_often_as_it_says(n):
    assert coverage_of_differences("accuracy on 100", n, 800) > LEVEL - 0.02


@pytest.mark.parametrize("samples", [100, None], ids=["size recorded", "size unknown"])
def test_sixteen_equal_cells_of_two_seeds_on_100_test_samples_give_no_claim(samples):
    tables = null_tables(accuracies(100), 2, 100, samples)
    assert np.mean([against_a_baseline(cells) for cells in tables]) <= NOMINAL


def test_the_printed_table_names_every_kind_of_seeds():
    assert list(printed()) == [*CONTINUOUS, *DISCRETE]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*CONTINUOUS, *DISCRETE])
def test_the_printed_coverage_is_what_simulation_gives(kind):
    simulated = [coverage_of_means(kind, n, EXPERIMENTS) for n in SEEDS]
    simulated += [coverage_of_differences(kind, n, EXPERIMENTS) for n in SEEDS]
    print(f"    {kind:<20}" + "".join(f"{share:6.2f}" for share in simulated))
    assert printed()[kind] == pytest.approx(simulated, abs=0.0101)


@pytest.mark.slow
@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("kind", [kind for kind in CONTINUOUS if kind != "two groups"])
def test_tables_of_equal_cells_claim_something_in_at_most_5_percent(kind, n):
    assert_few_claims(null_tables(CONTINUOUS[kind], n, TABLES, None))


@pytest.mark.slow
@pytest.mark.parametrize("n", SEEDS)
@pytest.mark.parametrize("recorded", [True, False], ids=["size recorded", "size unknown"])
@pytest.mark.parametrize("samples", [100, 500, 1000, 5000])
def test_tables_of_equal_accuracies_claim_something_in_at_most_5_percent(samples, recorded, n):
    assert_few_claims(null_tables(accuracies(samples), n, TABLES, samples if recorded else None))


def assert_few_claims(tables: list[list[Scores]]) -> None:
    """At most 5% of tables, as far as their number can tell: three standard errors are allowed."""
    for claimed in (against_a_baseline, in_order, by_rank):
        share = float(np.mean([claimed(cells) for cells in tables]))
        assert share <= NOMINAL + 3 * np.sqrt(NOMINAL * LEVEL / len(tables)), claimed.__name__
