import pandas as pd
import pytest
from probeline.core.metric import Metric, percentage
from probeline.experiment.load import load_text
from probeline.report.formats.contents import contents
from probeline.report.results.results import Results
from probeline.report.sentences import phrases
from probeline.statistics.differences import Scores, paired_difference
from probeline.statistics.intervals import Interval
from probeline.statistics.sequential import Looks

TOP1 = "linear_probe/top1"
SPEC = """
name: waves
base: {{data: digits, encoder: convnet, method: simclr, training: {{epochs: 1}}}}
grid: {{method: [simclr, rotation]}}
arms: {{random_init: {{method: random_init}}}}
seeds: {seeds}
report: {{baseline: random_init}}
"""


def page(seeds, values):
    """The contents of a page; `values`: label -> a value for each seed, None for one that has diverged."""
    rows = [
        {"trial_id": f"{label}{seed}", "encoder_id": "e", "run_id": "r", "cell": label, "seed": seed,
         "arm": label if label == "random_init" else None, "method": None if label == "random_init" else label,
         "status": "failed" if value is None else "finished", "failure": "diverged" if value is None else None,
         "message": None, "notes": {}, "recipe": {}, "started": pd.NaT, "finished": pd.NaT, TOP1: value}
        for label, of in values.items() for seed, value in enumerate(of)
    ]  # fmt: skip
    experiment = load_text(SPEC.format(seeds=seeds), "waves.yaml")
    return contents(experiment, Results(pd.DataFrame(rows)))


def test_a_page_of_two_seeds_opens_with_what_more_would_tell():
    values = {"simclr": [0.7, 0.74], "rotation": [0.5, 0.51], "random_init": [0.4, 0.43]}
    lead = page("2", values).answer.lead
    assert lead.startswith("2 seeds tell differences of ") and "1.0 points would need " in lead
    assert "has the highest" in lead
    assert page("3", {label: [*of, of[0]] for label, of in values.items()}).answer.lead.startswith("simclr has")


def test_one_seed_is_called_a_first_look():
    lead = page("1", {"simclr": [0.7], "rotation": [0.5], "random_init": [0.4]}).answer.lead
    assert lead.startswith("One seed gives no interval")


def test_the_page_says_where_a_comparison_stopped_and_where_it_did_not():
    close = [0.40, 0.44, 0.37, 0.42, 0.41]
    values = {"simclr": [0.70, 0.71, 0.69, 0.705, 0.7], "rotation": close, "random_init": [0.4, 0.41, 0.4, 0.41, 0.4]}
    decided = page("{until: decided, compare: [[simclr, random_init], [rotation, random_init]], most: 9}", values)
    part = decided.answer.sections[0]
    assert part.title == "Seeds until decided"
    stopped, going_on = part.sentences
    assert (
        "stopped after 3 seeds: decided, is higher" in stopped or "stopped after 4 seeds: decided, is high" in stopped
    )
    assert "undecided after 5 seeds" in going_on and "at all looks together" in going_on
    assert "group-sequential" in decided.method


def test_a_diverged_seed_counts_as_run_and_is_in_no_difference():
    values = {"simclr": [0.70, None, 0.69, 0.72], "rotation": [0.4] * 4, "random_init": [0.4, 0.41, 0.4, 0.42]}
    sentence = (
        page("{until: decided, compare: [[simclr, random_init]], most: 9}", values).answer.sections[0].sentences[0]
    )
    assert "3 paired seeds" in sentence


def test_intervals_of_all_looks_are_wider_and_their_p_values_larger():
    ours, theirs = dict(enumerate([0.5, 0.53, 0.51, 0.55])), dict(enumerate([0.45, 0.5, 0.49, 0.48]))
    once = paired_difference(Scores(ours), Scores(theirs))
    looked_at = paired_difference(Scores(ours, looks=Looks(3, 20)), Scores(theirs))
    assert looked_at.estimate.interval.low < once.estimate.interval.low
    assert looked_at.p > once.p and looked_at.estimate.mean == once.estimate.mean


@pytest.mark.parametrize(
    ("metric", "shown"),
    [(percentage("accuracy"), "−100.0 to 100.0"), (Metric("loss", digits=1), "−1.5 to 1.2")],
)
def test_an_interval_of_a_difference_ends_where_none_can_lie(metric, shown):
    assert phrases.span(Interval(-1.48, 1.22), metric) == shown
