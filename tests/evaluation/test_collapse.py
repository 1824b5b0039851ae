import pytest
import torch
from helpers.subjects import of_features, protocol, values
from probeline.evaluation.collapse import spread


def gaussian(n=400, dim=64, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def evaluated(h, tmp_path, z=None):
    labels = torch.zeros(len(h), dtype=torch.long)
    data = of_features((h, labels), (h, labels), (h, labels), classes=("a",), z=z)
    return values(protocol("collapse").evaluate(data, tmp_path))


def test_two_opposite_points_have_the_spread_by_hand():
    assert spread(torch.tensor([[3.0, 0.0], [-5.0, 0.0]])) == pytest.approx(0.5)  # stds 1 and 0


def test_an_isotropic_gaussian_is_at_one_over_the_root_of_its_dimension(tmp_path):
    results = evaluated(gaussian(), tmp_path)
    assert results["h/std"] == pytest.approx(1 / 8, rel=0.02)
    assert results["h/ratio"] == pytest.approx(1, rel=0.02)
    assert results["h/collapsed"] == results["collapsed"] == 0


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_one_embedding_for_all_raises_the_alarm_at_any_scale(scale, tmp_path):
    results = evaluated(scale * (torch.ones(50, 8) + 1e-4 * gaussian(50, 8)), tmp_path)
    assert results["h/collapsed"] == results["collapsed"] == 1
    assert results["h/ratio"] < results["threshold"]


def test_a_collapsed_projection_alone_raises_the_alarm(tmp_path):
    results = evaluated(gaussian(), tmp_path, z=lambda h: torch.zeros(len(h), 3))
    assert (results["h/collapsed"], results["z/collapsed"], results["collapsed"]) == (0, 1, 1)


def test_it_is_what_lightly_shows():
    debug = pytest.importorskip("lightly.utils.debug", reason="lightly comes with the extra `bench`")
    x = gaussian(dim=16).abs()
    # lightly's standard deviation divides by N - 1.
    assert spread(x) * (400 / 399) ** 0.5 == pytest.approx(float(debug.std_of_l2_normalized(x)), rel=1e-5)
