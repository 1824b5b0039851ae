import pytest
from probeline_dashboard.live import colour_scale


@pytest.mark.parametrize(
    ("name", "worst", "best"),
    [
        ("linear_probe/top1", 0.4, 0.6),
        ("bits_per_dim/elbo", 0.6, 0.4),
        ("linear_probe/ece", 0.6, 0.4),
        ("collapse/h/ratio", 0.4, 0.6),  # no direction: from the lowest to the highest
        ("retired_protocol/score", 0.4, 0.6),
    ],
)
def test_colours_run_from_the_worst_to_the_best_value(name, worst, best):
    scale = colour_scale(name, [0.5, 0.4, 0.6])
    assert (scale["worst"], scale["best"]) == (worst, best)


def test_without_a_value_there_are_no_colours():
    assert colour_scale("linear_probe/top1", []) is None
