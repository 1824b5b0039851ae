import re

import pytest
from helpers.hostile import CLASSES
from helpers.trial_events import info, trial
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name
from probeline.core.events import Record
from probeline.tracking.reading.results import frame
from probeline.tracking.server import mlflow_names
from probeline.tracking.writing.writer import Writer


def test_a_name_that_mlflow_takes_stays_as_it_is():
    for name in ("linear_probe/top1", "train/loss", "training.lr", "top1/grey wolf", "top1/ö"):
        assert mlflow_names.key(name) == name


def test_what_mlflow_refuses_is_written_in_hex():
    assert mlflow_names.key("top1/a+b") == "top1/a:2b:b"
    assert mlflow_names.key("top1/..") == "top1:2f::2e::2e:"


@given(st.text(min_size=1, max_size=20))
def test_every_name_comes_back(name):
    key = mlflow_names.key(name)
    assert re.fullmatch(r"[/\w.\- :]+", key)
    assert mlflow_names.name(key) == name


@given(st.text(min_size=300, max_size=400), st.text(min_size=300, max_size=400))
def test_long_names_are_short_and_differ(one, other):
    assert len(mlflow_names.key(one)) <= 250
    assert (mlflow_names.key(one) == mlflow_names.key(other)) == (one == other)


@given(st.text())
def test_text_is_utf8_without_nul(value):
    assert "\0" not in mlflow_names.text(value).encode().decode()


@pytest.mark.parametrize("label", CLASSES)
def test_a_class_of_any_name_has_a_key_of_its_own_that_reads_back(label):
    key = mlflow_names.key(f"linear_probe/top1/{label}")
    assert len(key) <= mlflow_names.LONGEST_KEY
    _validate_metric_name(key)
    assert sum(mlflow_names.key(f"linear_probe/top1/{other}") == key for other in CLASSES) == 1
    if len(label) < 200:
        assert mlflow_names.name(key) == f"linear_probe/top1/{label}"


def test_half_of_a_surrogate_pair_reads_back_as_text_that_can_be_written():
    key = mlflow_names.key("top1/b\udcff")
    assert mlflow_names.name(key) == "top1/b:dcff:" and mlflow_names.name(key).encode("utf-8")


def test_every_hostile_class_is_in_mlflow_and_comes_back_under_its_name(uri, tmp_path):
    records = [Record(f"knn/top1/{label}", 0.01 * place) for place, label in enumerate(CLASSES)]
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial())
        writer.events(trial().id, records)
        writer.finished(trial().id)
        assert writer.flush()
    rows, _ = frame(uri, [trial()])
    short = [record for record in records if len(record.name) < 200]
    assert {record.name: rows[record.name][0] for record in short} == {each.name: each.value for each in short}
    assert sum(str(name).startswith("knn/top1/") for name in rows) == len(CLASSES)
