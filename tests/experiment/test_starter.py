"""First specs: they load, and fit the data that somebody names."""

import pytest
from probeline.errors import UserError
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError
from probeline.experiment.starter import starter_text


def test_a_first_spec_loads_at_every_scale():
    text = starter_text("first", "digits", ["simclr", "random_init"], 3)
    experiment = load_text(text, "first.yaml", "smoke")
    assert [cell.label for cell in cells(experiment)] == ["simclr", "random_init"]
    assert (len(experiment.seeds), experiment.report.baseline) == (2, "random_init")
    assert [cell.recipe.training.epochs for cell in cells(experiment)] == [2, 2]


def test_a_folder_of_few_images_gets_a_small_batch(tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.png").touch()
    (cell,) = cells(load_text(starter_text("own", str(tmp_path), ["rotation"], 1), "own.yaml"))
    assert cell.recipe.data.name == "image_folder"
    assert cell.recipe.training.batch_size == 8


@pytest.mark.parametrize(
    ("data", "methods", "message"),
    [
        ("digitz", ["simclr"], "did you mean 'digits'"),
        ("digits", ["simclrr"], "did you mean 'simclr'"),
        ("digits", [], "methods: none is named"),
    ],
)
def test_what_is_not_there_is_one_message(data, methods, message):
    with pytest.raises((UserError, SpecError), match=message):
        starter_text("first", data, methods, 1)
