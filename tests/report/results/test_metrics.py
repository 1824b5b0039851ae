import pandas as pd
import pytest
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results


def test_a_difference_of_nothing_has_no_sign():
    assert [metric("knn/top1").difference(value) for value in (0.0, -0.0004, 0.0004, -0.0006)] == [
        "0.0 points", "0.0 points", "0.0 points", "−0.1 points"
    ]  # fmt: skip


def test_differences_of_percentages_are_points():
    assert metric("knn/top1").difference(0.052) == "+5.2 points"
    assert metric("knn/top1").difference(-0.052) == "−5.2 points"


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
    ],
)
def test_a_stored_value_is_shown_in_the_unit_of_its_declaration(name, value, text):
    assert metric(name).text(value) == text


def test_an_interval_ends_where_the_metric_ends():
    assert metric("knn/top1").clip(1.03) == 1.0
    assert metric("my_protocol/score").clip(1.03) == 1.03


def test_knn_keeps_its_small_k():
    assert metric("knn/top1").heading == "kNN top-1 accuracy"
    assert metric("linear_probe/top1").heading == "Linear probe top-1 accuracy"


@pytest.mark.parametrize(
    ("evaluation", "expected"),
    [
        ({"knn": {}, "linear_probe": {}}, "knn/top1"),
        ({"views": {}, "bits_per_dim": {}}, "bits_per_dim/elbo"),
        ({"transfer": {"data": []}}, "transfer/mnist/top1"),
        ({"fine_tune": {}}, "fine_tune/<share>/top1"),
        ({"views": {}}, "train/loss"),
    ],
)
def test_results_without_a_named_metric_are_about_the_first_protocols_primary_one(evaluation, expected):
    trials = pd.DataFrame({"recipe": [{"evaluation": evaluation}], "transfer/mnist/top1": [0.5]})
    assert Results(trials).main_metric == expected
