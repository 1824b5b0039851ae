import pytest
from probeline.statistics.measurement import binomial_variance, error_of, is_deterministic, measurement

PIXELS = {"method": {"name": "random_init"}, "encoder": {"name": "raw_pixels"}}


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("linear_probe/top1", True),
        ("fine_tune/1pct/top1", True),
        ("linear_probe/ece", False),
        ("linear_probe/validation_top1", False),
        ("linear_probe/top1/cat", False),
        ("transfer/digits/top1", False),
        ("online_probe/top1", False),
        ("train/loss", False),
        ("contrastive/accuracy", False),
        ("gone/top1", False),
    ],
)
def test_shares_of_the_test_split_are_known_by_their_declaration(name, share):
    assert (measurement(name, {}, 100, [0.5]).variance is not None) is share


def test_a_protocol_may_record_the_standard_error_of_a_metric():
    assert error_of("phone_probe/top1") == error_of("phone_probe/error") == "phone_probe/standard_error"
    assert error_of("phone_probe/mlp/top1") == "phone_probe/mlp/standard_error"
    assert error_of("linear_probe/top1") is None and error_of("gone/top1") is None
    assert measurement("phone_probe/top1", {}, 85, [0.4, 0.5], [0.01, 0.02]).variance == pytest.approx(2.5e-4)
    assert measurement("phone_probe/top1", {}, 85, [0.4, 0.5]).variance is None  # frames, of clips, are no coins


def test_the_noise_of_a_share_is_binomial():
    assert binomial_variance([0.5, 0.5], 10_000) == pytest.approx(0.25 / 10_000)
    assert binomial_variance([0.2, 0.4], 10_000) == pytest.approx((0.16 + 0.24) / 2 / 10_000, rel=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_the_noise_of_a_share_is_at_least_its_step(share):
    assert binomial_variance([share], 100) ** 0.5 >= 0.01


def test_a_metric_that_is_no_share_or_a_split_of_unknown_size_has_no_known_noise():
    assert measurement("linear_probe/top1", {}, 100, [0.5]).variance is not None
    assert measurement("linear_probe/ece", {}, 100, [0.5]).variance is None
    assert measurement("linear_probe/top1", {}, None, [0.5]).variance is None
    assert measurement("linear_probe/top1", {}, float("nan"), [0.5]).variance is None


@pytest.mark.parametrize(
    ("change", "metric", "deterministic"),
    [
        ({}, "linear_probe/top1", True),
        ({}, "knn/top1", True),
        ({}, "map_2d/trust", False),
        ({}, "fine_tune/1pct/top1", False),
        ({"method": {"name": "simclr"}}, "knn/top1", False),
        ({"encoder": {"name": "resnet"}}, "knn/top1", False),
        ({"encoder": {"name": "resnet", "weights": "encoder.safetensors"}}, "knn/top1", True),
        ({"encoder": {"name": "lab.net"}}, "knn/top1", False),
        ({"encoder": None}, "knn/top1", False),
    ],
)
def test_raw_pixels_are_deterministic_by_their_recipe(change, metric, deterministic):
    assert is_deterministic(metric, PIXELS | change) is deterministic
