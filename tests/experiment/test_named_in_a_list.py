"""A parameter of one operation of a list is an axis: the operation's name stands for its place."""

import pytest
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError

LISTED = """name: listed
base:
  data: photos
  encoder: {name: resnet, width: 4}
  method: {name: simclr, augment: [{name: crop}, {name: colour, p: 0.5}, {name: noise}, {name: noise}, flip]}
"""


def augments(more, sets=()):
    return [
        cell.recipe.method.parameters["augment"] for cell in cells(load_text(LISTED + more, "listed.yaml", None, sets))
    ]


def test_one_operations_parameter_changes_and_nothing_else():
    weak, strong = augments("grid: {method.augment.colour.p: [0.2, 0.9]}\n")
    (plain,) = augments("grid: {training.epochs: [1]}\n")
    assert [op["name"] for op in weak] == ["crop", "colour", "noise", "noise", "flip"]
    assert (weak[1]["p"], strong[1]["p"], plain[1]["p"]) == (0.2, 0.9, 0.5)
    assert [op for op in weak if op["name"] != "colour"] == [op for op in plain if op["name"] != "colour"]


def test_two_axes_and_a_bare_name():
    made = augments("grid: {method.augment.colour.p: [0.2, 0.9], method.augment.flip.p: [0.1]}\n")
    assert [(ops[1]["p"], ops[4]["p"]) for ops in made] == [(0.2, 0.1), (0.9, 0.1)]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("method.augment.colou.p", "listed.yaml:6 grid.method.augment.colou.p: unknown; did you mean 'colour'?"),
        (
            "method.augment.noise.p",
            "listed.yaml:6 grid.method.augment.noise.p: unknown which 'noise' of 2; give the whole list",
        ),
        (
            "method.augment.colour.q",
            "listed.yaml:6 grid.method.augment.colour.q: unknown to colour; allowed: p, strength, brightness, "
            "contrast, saturation, hue; an axis for some of the cells goes under `when`",
        ),
    ],
)
def test_what_it_does_not_hold_is_told_with_its_line(key, told):
    with pytest.raises(SpecError) as caught:
        augments(f"grid: {{{key}: [0.1]}}\n")
    assert str(caught.value) == told


def test_from_the_command_line():
    ((*_, flip),) = augments("grid: {training.epochs: [1]}\n", ["method.augment.flip.p=0.25"])
    assert (flip["name"], flip["p"]) == ("flip", 0.25)


def test_a_whole_operation_takes_parameters():
    ((_, colour, *_),) = augments("grid: {training.epochs: [1]}\n", ["method.augment.colour={p: 0.2}"])
    assert (colour["name"], colour["p"]) == ("colour", 0.2)


def test_a_list_of_numbers_holds_no_names():
    numbers = LISTED.replace("augment: [{name: crop}", "augment: {crop_scale: [0.1, 1.0]}} #")
    with pytest.raises(SpecError, match=r"crop_scale\.low: unknown; allowed: nothing here"):
        load_text(f"{numbers}grid: {{method.augment.crop_scale.low: [0.2]}}\n", "listed.yaml")
