import pytest
from probeline.experiment.cell_pairs import pairs
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError

SPEC = """
name: waves
base: {{data: digits, encoder: convnet, method: simclr, training: {{epochs: 1}}}}
grid: {{method: [simclr, rotation], training.batch_size: [64, 128]}}
arms:
  random_init: {{method: random_init}}
  photos: {{method: random_init, data: photos}}
seeds: {seeds}
"""


def labels(compare):
    experiment = load_text(SPEC.format(seeds=f"{{until: decided, compare: {compare}}}"), "waves.yaml")
    return [pair.labels for pair in pairs(experiment.until_decided, cells(experiment))]


def refused(seeds):
    with pytest.raises(SpecError) as error:
        load_text(SPEC.format(seeds=seeds), "waves.yaml")
    return str(error.value)


def test_a_value_of_an_axis_is_compared_with_an_arm_at_each_of_the_other_axes():
    small, large = "simclr batch_size=64", "simclr batch_size=128"
    assert labels("[[simclr, random_init]]") == [(small, "random_init"), (large, "random_init")]


def test_two_values_are_compared_where_all_other_axes_agree():
    assert labels("[[simclr, rotation]]") == [
        (f"simclr batch_size={size}", f"rotation batch_size={size}") for size in (64, 128)
    ]


def test_a_side_may_be_what_cells_match_and_each_pair_counts_once():
    compare = "[[{method: simclr, training.batch_size: 64}, random_init], [random_init, simclr batch_size=64]]"
    assert labels(compare) == [("simclr batch_size=64", "random_init")]


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ("{until: decided, compare: [[simclr, random]]}", "waves.yaml:8 seeds.compare[0][1]: got 'random'; no arm"),
        ("{until: decided, compare: [[simclr, photos]]}", "are of different data, so their seeds are no pairs"),
        ("{until: decided, compare: [[simclr, rotation]], most: 1}", "seeds.most: got 1; allowed: at least 2"),
        ("{until: decided, compare: [[simclr, rotation]], smallest: 0}", "seeds.smallest: got 0; allowed: above 0"),
        ("{until: decided, compare: [[simclr]]}", 'seeds.compare[0]: got ["simclr"]; allowed: at least 2 entries'),
        ("{until: decided, compare: []}", "seeds.compare"),
        ("{until: bored, compare: [[simclr, rotation]]}", "seeds.until: got 'bored'; allowed: 'decided'"),
        ("{until: decided}", "seeds.compare: missing"),
        ("{until: decided, compare: [[simclr, rotation]], least: 3}", "seeds.least: unknown"),
        ("yes please", "seeds: got 'yes please'; allowed: a count from 1"),
    ],
)
def test_mistakes_are_told_with_their_line(seeds, message):
    assert message in refused(seeds)


def test_tuning_and_seeds_until_decided_are_refused_together():
    tuned = "{until: decided, compare: [[simclr, rotation]]}\ntune: {space: {training.lr: {choice: [0.1, 0.2]}}}"
    assert "does not go with tune" in refused(tuned)


def test_the_command_line_may_fix_the_number_of_seeds():
    text = SPEC.format(seeds="{until: decided, compare: [[simclr, rotation]], most: 9}")
    assert load_text(text, "waves.yaml").seed_values == tuple(range(9))
    fixed = load_text(text, "waves.yaml", sets=["seeds=2"])
    assert (fixed.seed_values, fixed.until_decided) == ((0, 1), None)
