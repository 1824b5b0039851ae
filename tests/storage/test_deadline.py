"""Calls that return in time or raise TimeoutError."""

import threading

import pytest
from probeline.storage.deadline import within


def test_the_result_or_the_error_of_the_call_is_its_callers():
    assert within(60, lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)


def test_a_call_that_does_not_end_is_given_up():
    never = threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        within(0.05, never.wait)
    never.set()
