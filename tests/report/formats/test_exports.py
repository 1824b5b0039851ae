import json

import pandas as pd
from probeline.report.formats import exports


def test_frames_come_back_from_parquet_as_they_were(tmp_path, trials, history):
    exports.write(trials, history, tmp_path)
    back = pd.read_parquet(tmp_path / "results.parquet")
    assert list(back.columns) == list(trials.columns)
    assert list(back["linear_probe/top1"]) == list(trials["linear_probe/top1"])
    assert json.loads(back["recipe"][0]) == trials["recipe"][0]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "history.parquet"), history, check_dtype=False)


def test_a_csv_has_a_line_for_every_trial(tmp_path, make, trials, history):
    exports.write(make.fail(trials, 0), history, tmp_path)
    assert list(pd.read_csv(tmp_path / "results.csv")["trial_id"]) == list(trials["trial_id"])


def test_an_axis_of_mixed_values_becomes_text(trials, tmp_path, history):
    frame = trials.astype({"training.batch_size": object})
    frame.loc[0, "training.batch_size"] = "auto"
    exports.write(frame, history, tmp_path)
    assert pd.read_parquet(tmp_path / "results.parquet")["training.batch_size"][0] == "auto"


def test_an_empty_plan_is_written(trials, history, tmp_path):
    exports.write(trials.iloc[:0], history.iloc[:0], tmp_path)
    assert len(pd.read_parquet(tmp_path / "results.parquet")) == 0


def test_no_text_of_a_csv_begins_as_a_formula_does_and_parquet_keeps_it_as_it_is(trials, tmp_path, history):
    frame = trials.assign(
        message=["=cmd|' /C calc'!A0", "+1", "-1", "@sum", "\tx", "plain"] + [None] * (len(trials) - 6)
    )
    exports.write(frame.rename(columns={"method": "=method"}), history, tmp_path)
    back = pd.read_csv(tmp_path / "results.csv")
    assert list(back["message"][:6]) == ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@sum", "'\tx", "plain"]
    assert "'=method" in back.columns and back["linear_probe/top1"].dtype == float
    assert list(pd.read_parquet(tmp_path / "results.parquet")["message"][:2]) == ["=cmd|' /C calc'!A0", "+1"]
