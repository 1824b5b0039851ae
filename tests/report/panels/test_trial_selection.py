import pandas as pd
import pytest
from helpers.panel_files import asking, frame, picture
from probeline.experiment.schema import Panels
from probeline.report.panels import trial_selection
from probeline.report.panels.trial_selection import BYTES, MOST, choose
from probeline.report.results.results import Results
from probeline.report.results.trial_files import TrialFiles

MAIN = "linear_probe/top1"


def choice_of(trials, asked=None):
    results = Results(trials)
    return choose(results, MAIN, results.layout(), asked or Panels())


def test_each_cells_first_finished_seed_is_shown_and_a_cell_without_one_says_so(make, trials):
    gone = make.fail(make.fail(make.fail(trials, 3), 4), 5)
    found = choice_of(asking(make.fail(gone, 0))).shown
    assert [(one.cell, one.seed) for one in found[:3]] == [
        ("simclr batch_size=64", 1), ("simclr batch_size=128", None), ("simclr batch_size=256", 0)
    ]  # fmt: skip
    assert found[0].trial_id == trials["trial_id"][1] and found[0].run_id == trials["run_id"][1]
    assert found[1].why == "no trial has finished"
    assert found[0].protocols == ("linear_probe", "views", "neighbours", "map_2d")


def test_cells_and_a_seed_can_be_asked_for(trials):
    asked = Panels(cells=["raw_pixels", "simclr batch_size=64"], seed=2)
    found = choice_of(trials, asked).shown
    assert [(one.cell, one.seed) for one in found] == [("simclr batch_size=64", 2), ("raw_pixels", 2)]
    assert "no trial of seed 7" in choice_of(trials, Panels(seed=7)).shown[0].why


def test_of_many_cells_twelve_are_shown_one_of_each_line_first_in_the_plans_order(make):
    trials = asking(make.trials(sizes=(1, 2, 4, 8, 16, 32)))
    found = choice_of(trials)
    labels = [one.cell for one in found.shown]
    assert len(labels) == MOST and found.of == 3 * 6 + 2
    assert {"random_init", "raw_pixels", "simclr batch_size=1", "rotation batch_size=1"} <= set(labels)
    assert labels == [cell for cell in dict.fromkeys(trials["cell"]) if cell in labels]
    told = found.with_files(frame(trials)).omissions()
    assert told[0].startswith("12 of 20 cells are shown") and "report: {panels:" in told[0]


def test_a_file_that_several_trials_left_counts_once_and_what_is_too_much_is_left_out_whole(trials, monkeypatch):
    same = pd.DataFrame({"trial_id": trials["trial_id"], "name": "neighbours/neighbours.jpg"})
    same["content"] = [picture(30)] * len(same)
    monkeypatch.setattr(trial_selection, "BYTES", len(picture(30)))
    assert choice_of(trials).with_files(TrialFiles(same)).left_out == ()
    same["content"] = [picture(30, shade=20 + place) for place in range(len(same))]
    few = choice_of(trials).with_files(TrialFiles(same))
    assert len(few.shown) == 1 and len(few.left_out) == 10 and "For want of room" in few.omissions()[0]


def test_a_page_of_many_cells_with_pictures_has_room_below_ten_megabytes():
    assert BYTES * 4 / 3 + 4_900_000 < 8_000_000


def test_a_file_of_another_format_is_no_fact():
    one = trial_selection.SelectedTrial("a", files={"views/views.json": b'{"format": 99}'})
    assert one.facts("views/none.json") is None
    with pytest.raises(ValueError, match="format"):
        one.facts("views/views.json")
