"""Resolved recipes: sections are shared, and their JSON is what the file's mapping was."""

from helpers.recipes import recipe_of
from pytest import raises


def test_cells_share_the_sections_in_which_they_agree(cells_of):
    first, second = (cell.recipe for cell in cells_of("grid: {training.lr: [0.1, 0.2]}"))
    assert first.data is second.data and first.encoder is second.encoder and first.evaluation is second.evaluation
    assert (first.training.lr, second.training.lr) == (0.1, 0.2)


def test_its_json_has_every_section_in_order_and_is_one_object(cells_of):
    (cell,) = cells_of()
    assert list(cell.recipe.as_dict()) == ["data", "encoder", "method", "training", "evaluation"]
    assert cell.recipe.as_dict() is cell.recipe.as_dict()
    assert recipe_of(cell.recipe.as_dict()) == cell.recipe


def test_a_protocol_is_asked_for_by_its_name():
    recipe = recipe_of({"evaluation": {"knn": {"k": 5}, "linear_probe": {}}})
    assert recipe.protocols == ("knn", "linear_probe")
    assert recipe.protocol("knn").as_dict() == {"name": "knn", "k": 5}
    with raises(KeyError):
        recipe.protocol("views")
