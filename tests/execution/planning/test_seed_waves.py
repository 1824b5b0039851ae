import json

from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.execution.planning.plan_text import as_dict, text
from probeline.execution.planning.seed_waves import is_settled_without_value
from probeline.experiment.load import load
from probeline.tracking.reading.results import TrialStatus
from probeline.tracking.writing.experiments import describe
from probeline.tracking.writing.writer import Writer

SEEDS = "seeds: {until: decided, compare: [[simclr, raw_pixels]], most: 8}"


def recorded(plan, uri, folder, values):
    """Writes (label, seed) -> value as finished trials."""
    with Writer(uri, describe(plan.experiment, "", {}), folder) as writer:
        for trial in plan.trials:
            if (trial.cell.label, trial.seed) in values:
                writer.started(trial)
                writer.records(trial.id, [Record("linear_probe/top1", values[trial.cell.label, trial.seed])])
                writer.finished(trial.id)
        assert writer.flush(300)


def test_a_plan_wants_the_first_seeds_then_one_more_of_what_is_undecided(spec, uri, tmp_path):
    spec.write_text(spec.read_text().replace("seeds: 2", SEEDS))
    plan = make(load(spec), uri)
    assert [len(plan.todo), len(plan.trials)] == [9, 9] and "0 of 1 comparisons are over" in text(plan)
    values = {("simclr", seed): 0.5 + 0.1 * (-1) ** seed for seed in range(3)}
    values |= {("raw_pixels", seed): 0.5 for seed in range(3)} | {("rotation", seed): 0.4 for seed in range(3)}
    recorded(plan, uri, tmp_path, values)
    later = make(load(spec), uri)
    assert [(trial.cell.label, trial.seed) for trial in later.todo] == [("simclr", 3), ("raw_pixels", 3)]
    assert "simclr against raw_pixels: undecided after 3 seeds" in text(later)
    (comparison,) = json.loads(json.dumps(as_dict(later)))["comparisons"]
    assert (comparison["seeds"], comparison["wanted"], comparison["most"]) == (3, 4, 8)


def test_two_cells_that_depend_on_no_seed_want_the_first_seeds_and_no_more(spec, uri, tmp_path):
    text_ = spec.read_text().replace("seeds: 2", "seeds: {until: decided, compare: [[raw_pixels, normed]], most: 8}")
    other = "{method: random_init, encoder: raw_pixels, evaluation: [{name: linear_probe, l2: [1.0]}]}"
    spec.write_text(text_.replace("arms:\n", f"arms:\n  normed: {other}\n"))
    recorded(make(load(spec), uri), uri, tmp_path, {
        (label, seed): value for label, value in (("raw_pixels", 0.5), ("normed", 0.4)) for seed in range(3)
    })  # fmt: skip
    later = make(load(spec), uri)
    assert {trial.cell.label for trial in later.todo} == {"simclr", "rotation"}
    assert "raw_pixels against normed: stopped after 3 seeds: decided (higher)" in text(later)


def test_only_what_never_runs_again_is_settled_without_a_value():
    assert is_settled_without_value(TrialStatus("r", "failed", "diverged"))
    assert is_settled_without_value(TrialStatus("r", "finished"))
    assert not is_settled_without_value(TrialStatus("r", "finished", protocols=("knn",)))
    assert not is_settled_without_value(TrialStatus("r", "failed", "error"))
    assert not is_settled_without_value(TrialStatus("r", "running"))
