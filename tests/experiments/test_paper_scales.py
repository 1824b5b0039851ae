"""The `paper` scale of each shipped experiment of a paper has the paper's recipe, field by field.

SimCLR: Chen, Kornblith, Norouzi, Hinton, ICML 2020, arXiv 2002.05709, appendices A (augmentation), B.1 (learning
rates), B.5 (fine-tuning), B.10 (what is tuned), and the authors' code where the paper is silent: temperature 0.1, no
bias in the projector's last norm, residual blocks that start as the identity. RotNet: Gidaris, Singh, Komodakis, ICLR
2018, arXiv 1803.07728, section 3.1, and the authors' CIFAR-10 recipe.
"""

import math
from functools import cache
from pathlib import Path

import pytest
from helpers.paper_recipes import METHODS, OF_NO_PAPER, RECIPES
from probeline.experiment.grid import cells
from probeline.experiment.load import load
from probeline.experiment.match import MISSING, value_at
from probeline.training.schedules import peak_rate

PAPERS = Path(__file__).parents[2] / "experiments" / "papers"


@cache
def recipes(name, method):
    """The recipes of the method's cells at the scale `paper`."""
    every = [cell.recipe for cell in cells(load(PAPERS / f"{name}.yaml", "paper"))]
    return [recipe for recipe in every if recipe.method.name == method]


def values(recipe, key):
    """The value of a dotted key of a recipe in a list; nothing where the recipe has no such key."""
    if key == "peak rate":
        return [peak_rate(recipe.training)]
    value = value_at(recipe.as_dict(), key)
    return [] if value is MISSING else [value]


def distinct(items):
    """The distinct items as text, numbers to nine digits."""
    return {f"{item:.9g}" if type(item) in (int, float) else repr(item) for item in items}


@pytest.mark.parametrize(("name", "key"), [(name, key) for name, recipe in RECIPES.items() for key in recipe])
def test_the_paper_scale_has_the_papers_values(name, key):
    given = [value for recipe in recipes(name, METHODS.get(name, "simclr")) for value in values(recipe, key)]
    assert distinct(given) == distinct(RECIPES[name][key])


def test_every_experiment_of_a_paper_is_held_to_a_recipe():
    assert {path.stem for path in PAPERS.glob("*.yaml")} == {*RECIPES} | OF_NO_PAPER


def test_figure_5_distorts_colours_at_imagenets_strength_and_crops_both_branches():
    for recipe in recipes("simclr_fig5", "simclr"):
        assert [operation["name"] for operation in recipe.method.parameters["augment"]] == ["crop"]
        other = recipe.method.parameters["augment_other"]
        assert (other[0]["name"], other[0]["scale"]) == ("crop", [0.08, 1.0])
        assert {operation["strength"] for operation in other if operation["name"] == "colour"} <= {1.0}
        assert {operation["p"] for operation in other if operation["name"] == "blur"} <= {1.0}


def test_figure_5_has_every_ordered_pair_of_seven_transformations_in_the_papers_order():
    names = ["crop", "cutout", "color", "sobel", "noise", "blur", "rotate"]
    pairs = {(a, b) for a in names for b in names}
    labels = [cell.label.removeprefix("augment_other=") for cell in cells(load(PAPERS / "simclr_fig5.yaml", "paper"))]
    both = [(first, second or first) for first, _, second in (label.partition(" then ") for label in labels)]
    assert (set(both), len(both)) == (pairs, 49)
    assert list(dict.fromkeys(first for first, _ in both)) == list(dict.fromkeys(b for _, b in both)) == names


def test_each_square_root_rate_stands_with_its_own_batch_size():
    for recipe in recipes("simclr_fig9", "simclr"):
        training = recipe.training
        rules = {"linear": 0.3 * training.batch_size / 256, "sqrt": 0.075 * math.sqrt(training.batch_size)}
        assert peak_rate(training) == pytest.approx(rules[training.scaling])
