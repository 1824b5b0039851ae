import json

import pandas as pd
from probeline.experiment.trial import NULL
from probeline.report.formats import exports
from probeline.report.results.parquet import json_columns
from probeline.report.results.results import Results


def test_frames_come_back_from_parquet_as_they_were(tmp_path, trials, history):
    exports.write(Results(trials, history), tmp_path)
    back = pd.read_parquet(tmp_path / "results.parquet")
    assert list(back.columns) == list(trials.columns)
    assert list(back["linear_probe/top1"]) == list(trials["linear_probe/top1"])
    assert json.loads(back["recipe"][0]) == trials["recipe"][0]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "history.parquet"), history, check_dtype=False)


def test_a_csv_has_a_line_for_every_trial(tmp_path, make, trials, history):
    exports.write(Results(make.fail(trials, 0), history), tmp_path)
    assert list(pd.read_csv(tmp_path / "results.csv")["trial_id"]) == list(trials["trial_id"])


def test_an_axis_of_values_of_several_kinds_becomes_json_text_and_the_file_says_so(trials, tmp_path, history):
    frame = trials.astype({"training.batch_size": object})
    frame.loc[0, "training.batch_size"] = "auto"
    exports.write(Results(frame, history), tmp_path)
    parquet = pd.read_parquet(tmp_path / "results.parquet")
    assert parquet["training.batch_size"][0] == '"auto"' and parquet["training.batch_size"][3] == "128"
    assert json_columns(tmp_path / "results.parquet") == {"training.batch_size"}
    assert pd.read_csv(tmp_path / "results.csv")["training.batch_size"][0] == "auto"


def test_whole_numbers_and_others_are_one_type(trials, tmp_path, history):
    frame = trials.assign(**{"training.lr": pd.Series([0.1, 0.5, 1] * (len(trials) // 3), dtype=object)})
    exports.write(Results(frame, history), tmp_path)
    assert pd.read_parquet(tmp_path / "results.parquet")["training.lr"].dtype == "Float64"


def test_a_null_is_written_and_a_missing_value_is_not(trials, tmp_path, history):
    values = [NULL, 16, None] + [16] * (len(trials) - 3)
    exports.write(Results(trials.assign(micro=pd.Series(values, dtype=object)), history), tmp_path)
    cells = pd.read_csv(tmp_path / "results.csv", keep_default_na=False)["micro"]
    assert list(cells[:3]) == ["null", "16", ""]
    parquet = pd.read_parquet(tmp_path / "results.parquet")["micro"]
    assert list(parquet[:2]) == ["null", "16"] and pd.isna(parquet[2])


def test_an_empty_plan_is_written(trials, history, tmp_path):
    exports.write(Results(trials.iloc[:0], history.iloc[:0]), tmp_path)
    assert len(pd.read_parquet(tmp_path / "results.parquet")) == 0


def test_no_text_of_a_csv_begins_as_a_formula_does_and_parquet_keeps_it_as_it_is(trials, tmp_path, history):
    frame = trials.assign(message=["=cmd|' /C calc'!A0", "+1", "-1", "@sum", "\tx", "＝1"] + [None] * (len(trials) - 6))
    exports.write(Results(frame.rename(columns={"method": "=method"}), history), tmp_path)
    back = pd.read_csv(tmp_path / "results.csv")
    assert list(back["message"][:6]) == ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@sum", "'\tx", "'＝1"]
    assert "'=method" in back.columns and back["linear_probe/top1"].dtype == float
    assert list(pd.read_parquet(tmp_path / "results.parquet")["message"][:2]) == ["=cmd|' /C calc'!A0", "+1"]
