import pytest
from probeline.data.augment.settings import Augment
from pydantic import ValidationError


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop_scale": (0.5, 0.2)},
        {"crop_scale": (0.0, 1.0)},
        {"crop_scale": (0.5, 1.5)},
        {"crop_ratio": (2.0, 1.0)},
        {"crop_ratio": (-1.0, 1.0)},
        {"flip": 1.1},
        {"strength": -0.1},
        {"strength": float("nan")},
        {"jitter": -0.1},
        {"grey": 2},
        {"blur": -1},
        {"blurr": 0.5},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        Augment(**wrong)


def test_ranges_come_from_yaml_lists():
    assert Augment.model_validate_json('{"crop_scale": [0.2, 1]}', strict=True).crop_scale == (0.2, 1.0)
