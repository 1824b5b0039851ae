import re

from hypothesis import given
from hypothesis import strategies as st
from probeline.tracking.server import mlflow_names


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
