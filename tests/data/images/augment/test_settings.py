import pytest
from probeline.data.images.augment.settings import Augment
from probeline.experiment.canonical import canonical_component
from probeline.experiment.grid import cells
from probeline.experiment.load import load
from probeline.experiment.problems import SpecError
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


def experiment(tmp_path, augmentation: str, other: str = "null"):
    file = tmp_path / "one.yaml"
    method = f"{{name: simclr, augment: {augmentation}, augment_other: {other}}}"
    file.write_text(f"name: one\nbase:\n  data: digits\n  encoder: resnet\n  method: {method}\n")
    return cells(load(file))[0].recipe.method.as_dict()


def canonical(method):
    """Without the method's VERSION, which is not the augmentation's."""
    return {key: value for key, value in canonical_component("methods", method).items() if key != "VERSION"}


def test_the_parameters_keep_the_ids_that_they_had(tmp_path):
    assert canonical(experiment(tmp_path, "{}")) == {"name": "simclr"}
    changed = experiment(tmp_path, "{strength: 0.25, blur: 0.5}")
    assert canonical(changed) == {"name": "simclr", "augment": {"strength": 0.25, "blur": 0.5}}


def test_a_list_is_filled_with_defaults_and_hashed_without_them(tmp_path):
    method = experiment(tmp_path, "[crop, {name: flip, p: 0.5}, {name: colour, strength: 1}]", "[crop]")
    assert [op["name"] for op in method["augment"]] == ["crop", "flip", "colour"]
    assert method["augment"][0]["scale"] == [0.08, 1.0] and method["augment"][2]["p"] == 0.8
    assert canonical(method) == {
        "name": "simclr",
        "augment": [{"name": "crop"}, {"name": "flip"}, {"name": "colour", "strength": 1}],
        "augment_other": [{"name": "crop"}],
    }


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        ("[{name: colour, strengt: 1}]", "did you mean 'strength'"),
        ("[crap]", "did you mean 'crop'"),
        ("[{op: crop}]", "missing; name one of the augmentations: "),
        ("[{name: crop, scale: [0.5, 0.2]}]", "the lower end comes first"),
        ("[{name: noise, p: 2}]", "at most 1"),
        ("{strengt: 1}", "did you mean 'strength'"),
        ("crop", "a mapping or a list"),
        ("[3]", "got 3"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(tmp_path, augmentation, message):
    with pytest.raises(SpecError, match=message) as error:
        experiment(tmp_path, augmentation)
    assert "one.yaml:5" in str(error.value)
