import re

from hypothesis import given
from hypothesis import strategies as st
from probeline.tracking import encoding


def test_a_name_that_mlflow_takes_stays_as_it_is():
    for name in ("linear_probe/top1", "train/loss", "training.lr", "top1/grey wolf", "top1/ö"):
        assert encoding.key(name) == name


def test_what_mlflow_refuses_is_written_in_hex():
    assert encoding.key("top1/a+b") == "top1/a:2b:b"
    assert encoding.key("top1/..") == "top1:2f::2e::2e:"


@given(st.text(min_size=1, max_size=20))
def test_every_name_comes_back(name):
    key = encoding.key(name)
    assert re.fullmatch(r"[/\w.\- :]+", key)
    assert encoding.name(key) == name


@given(st.text(min_size=300, max_size=400), st.text(min_size=300, max_size=400))
def test_long_names_are_short_and_differ(one, other):
    assert len(encoding.key(one)) <= 250
    assert (encoding.key(one) == encoding.key(other)) == (one == other)


@given(st.text())
def test_text_is_utf8_without_nul(value):
    assert "\0" not in encoding.text(value).encode().decode()
