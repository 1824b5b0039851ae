import math

import pytest
from probeline.core.metric import Metric, count, described, percentage, probe_metrics, unknown

TOP1 = percentage("kNN top-1 accuracy")


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        (TOP1, 0.7014, "70.1%"),
        (TOP1, math.nan, "—"),
        (TOP1, None, "—"),
        (Metric("training time", "s", digits=1), 12.34, "12.3 s"),
        (Metric("parameters", "M", scale=1e-6), 11_181_642, "11.2 M"),
        (count("neighbours"), 200.0, "200"),
        (Metric("penalty", digits=5), 1e-5, "0.00001"),
    ],
)
def test_a_value_is_shown_in_its_unit(metric, value, text):
    assert metric.text(value) == text


def test_an_exact_name_goes_before_a_pattern_and_a_longer_pattern_before_a_shorter_one():
    declared = {
        "<space>": Metric("rank of <space>"),
        "<space>_ceiling": Metric("largest <space>"),
        "z": Metric("exact"),
    }
    titles = [described(declared, tail, f"rankme/{tail}").title for tail in ("h", "h_ceiling", "z")]
    assert titles == ["rank of h", "largest h", "exact"]


def test_the_last_variable_part_takes_the_rest_and_any_other_one_part():
    declared = probe_metrics("probe on <data>", "<data>/")
    metric = described(declared, "digits/top1/T-shirt/top", "transfer/digits/top1/T-shirt/top")
    assert metric.title == "probe on digits top-1 accuracy, class T-shirt/top"
    assert described(declared, "a/b/top1", "transfer/a/b/top1") is None


@pytest.mark.parametrize("label", ["<class>", "a\nb", "猫", "", ".*", "a:b", "top1/x"])
def test_a_class_of_any_name_is_described_by_that_name(label):
    metric = described({"top1/<class>": Metric("accuracy, class <class>")}, f"top1/{label}", "-")
    assert metric.title == f"accuracy, class {label}"


def test_a_share_in_percent_reads_so():
    declared = {"<share>/top1": Metric("accuracy, <share> of labels")}
    assert described(declared, "10pct/top1", "-").title == "accuracy, 10% of labels"
    assert described(declared, "0.1pct/top1", "-").title == "accuracy, 0.1% of labels"


def test_what_nobody_declares_is_shown_by_its_name_and_not_ranked():
    metric = unknown("my_protocol/score")
    assert (metric.title, metric.direction, metric.ranked) == ("my protocol/score", "none", False)
    assert metric.text(0.5) == "0.500"


def test_a_direction_is_one_of_three():
    with pytest.raises(ValueError, match="direction 'up'; directions: higher, lower, none"):
        Metric("score", direction="up")
