"""Tuned cells in words, tables and files."""

import numpy as np
import pandas as pd
import pytest
from probeline.report.formats import exports, markdown
from probeline.report.formats.contents import contents
from probeline.report.results import stored, studies
from probeline.report.results.results import Results

TOP1 = "linear_probe/top1"


def proportional(row):
    best = 0.1 * row["training.batch_size"] / 64
    return [({"training.lr": best}, 0.71), ({"training.lr": 9.0}, None)]


@pytest.fixture
def tuned(make):
    return make.tuned(make.trials(levels={"simclr": 0.7}), proportional)


def told(trials):
    results = Results(trials)
    shape = results.layout()
    return studies.sentences(results.cells(TOP1, shape), shape)


def test_every_choice_is_told_with_its_number_of_trials(tuned):
    said = told(tuned)
    assert said[0] == "simclr batch_size=64: lr 0.1, tuned with 2 trials (linear probe validation accuracy 71.0%)."
    assert said[-1] == "Not tuned: random_init, raw_pixels."


def test_a_rate_in_proportion_to_the_batch_has_the_power_one(tuned):
    (said,) = [sentence for sentence in told(tuned) if "power" in sentence]
    assert "the chosen lr goes as batch size to the power 1.00 (on one line, so no interval, 3 studies)" in said


def test_the_power_and_its_interval_are_those_of_a_regression_of_logarithms():
    rng = np.random.default_rng(0)
    x = np.array([32.0, 64, 128, 256, 512])
    held = 0
    for _ in range(400):
        found = studies.power(x, 0.01 * x**0.5 * np.exp(0.3 * rng.normal(size=5)))
        held += found.interval.low <= 0.5 <= found.interval.high
    assert 0.92 <= held / 400 <= 0.98
    assert studies.power([1.0, 2.0], [1.0, 2.0]) is None


def test_the_table_of_cells_and_that_of_studies_say_how_many_trials_chose(make, tuned):
    page = contents(make.experiment(), Results(tuned, make.history(tuned)))
    parts = {part.id: part for part in page.sections}
    assert [row[0].small for row in parts["results"].tables[0].rows] == ["tuned with 2 trials"] * 3 + ["", ""]
    (table,) = parts["tuning"].tables
    assert table.columns[:4] == ("Cell", "lr", "Score", "Trials")
    assert [entry.text for entry in table.rows[1]][:5] == [
        "simclr batch_size=128", "0.2", "71.0%", "2", "1 judged, 1 given up or diverged"
    ]  # fmt: skip
    text = markdown.render(page)
    assert "tuned with 2 trials" in text.split("## Result")[0] and "## Tuning" in text


def test_a_page_without_tuned_cells_has_no_word_of_tuning(make, trials, history):
    assert "uning" not in markdown.render(contents(make.experiment(), Results(trials, history)))


def test_studies_come_back_from_an_export_and_stand_in_a_csv_of_their_own(make, tuned, tmp_path):
    history = make.history(tuned)
    results = Results(tuned, history)
    exports.write(results, tmp_path)
    before, after = (contents(make.experiment(), each) for each in (results, stored.read(tmp_path)))
    assert after.answer == before.answer
    assert [part.tables for part in after.sections] == [part.tables for part in before.sections]
    tried = pd.read_csv(tmp_path / "studies.csv")
    assert list(tried["training.lr"][tried["chosen"]]) == [0.1, 0.2, 0.4] and len(tried) == 6
    assert "tuned" not in pd.read_csv(tmp_path / "results.csv").columns
    (tmp_path / "plain").mkdir()
    assert len(exports.write(Results(make.trials(), history), tmp_path / "plain")) == 3


def test_a_study_whose_file_is_gone_still_tells_what_it_chose(make, tuned):
    for one in tuned["tuned"].dropna():
        one |= {"trials": [], "importance": {}, "score": None}
    assert told(tuned)[0] == "simclr batch_size=64: lr 0.1, tuned with 2 trials (linear probe validation accuracy —)."
    page = contents(make.experiment(figures=["chosen_values"]), Results(tuned, make.history(tuned)))
    (part,) = (part for part in page.sections if part.id == "tuning")
    assert part.charts[0].message == "No study has chosen yet." and part.tables[0].rows[0][4].text.startswith("not in")
