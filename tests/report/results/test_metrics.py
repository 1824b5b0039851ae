import math

import pytest
from probeline.report.results.metrics import metric


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("linear_probe/top1", 0.7014, "70.1%"),
        ("linear_probe/top1/rocket", 1.0, "100.0%"),
        ("cost/train_seconds", 12.34, "12.3 s"),
        ("cost/images_per_second", 3104.2, "3,104"),
        ("cost/parameters", 11_181_642, "11.2 M"),
        ("cost/peak_memory_bytes", 2**29, "512 MiB"),
        ("my_protocol/score", 0.5, "0.500"),
        ("knn/top1", math.nan, "—"),
    ],
)
def test_a_value_is_shown_in_its_unit(name, value, text):
    assert metric(name).text(value) == text


def test_a_difference_of_nothing_has_no_sign():
    assert [metric("knn/top1").difference(value) for value in (0.0, -0.0004, 0.0004, -0.0006)] == [
        "0.0 points", "0.0 points", "0.0 points", "−0.1 points"
    ]  # fmt: skip


def test_differences_of_percentages_are_points():
    assert metric("knn/top1").difference(0.052) == "+5.2 points"
    assert metric("knn/top1").difference(-0.052) == "−5.2 points"


def test_lower_is_better_for_errors_and_losses():
    assert not metric("linear_probe/ece").higher_is_better
    assert not metric("train/loss").higher_is_better
    assert metric("knn/top1").higher_is_better


def test_an_interval_ends_where_the_metric_ends():
    assert metric("knn/top1").clip(1.03) == 1.0
    assert metric("my_protocol/score").clip(1.03) == 1.03


def test_knn_keeps_its_small_k():
    assert metric("knn/top1").heading == "kNN top-1 accuracy"
    assert metric("linear_probe/top1").heading == "Linear probe top-1 accuracy"
