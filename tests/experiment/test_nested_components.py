"""A component may hold components of other kinds, checked and hashed like any other."""

import jsonschema
import pytest
from probeline.experiment import canonical as canonical_forms
from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.json_schema import spec_schema
from probeline.experiment.load import load_text


def recipe(cells_of, base, method, more=""):
    return [cell.recipe.method.as_dict() for cell in cells_of(more, base=base.replace("method: lab.contrast", method))]


CONTRAST = {
    "name": "lab.contrast",
    "temperature": 0.5,
    "projector": "nonlinear",
    "augment": {"strength": 0.3, "flip": False},
}


def test_its_defaults_are_filled_in_from_both_configs(cells_of, base):
    (mixed,) = recipe(cells_of, base, "method: lab.mixed")
    assert mixed == {
        "name": "lab.mixed",
        "width": 3,
        "part": {**CONTRAST, "temperature": 0.7},
        "rest": [],
        "maybe": None,
    }


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("part: {temperature: 0.1}", {**CONTRAST, "temperature": 0.1}),
        ("temperature: 0.1", {**CONTRAST, "temperature": 0.1}),
        ("part: lab.contrast", CONTRAST),
        ("part: {name: lab.contrast, projector: none}", {**CONTRAST, "projector": "none"}),
        ("part: lab.turn", {"name": "lab.turn", "turns": 4}),
        ("part: lab.turn, turns: 8", {"name": "lab.turn", "turns": 8}),
    ],
)
def test_it_may_be_a_name_a_whole_component_or_parameters_alone(cells_of, base, written, part):
    (mixed,) = recipe(cells_of, base, f"method: {{name: lab.mixed, {written}}}")
    assert mixed["part"] == part


def test_lists_and_absent_ones(cells_of, base):
    (mixed,) = recipe(cells_of, base, "method: {name: lab.mixed, rest: [lab.turn, {name: lab.turn, turns: 2}]}")
    assert mixed["rest"] == [{"name": "lab.turn", "turns": 4}, {"name": "lab.turn", "turns": 2}]
    (mixed,) = recipe(cells_of, base, "method: {name: lab.mixed, maybe: lab.turn}")
    assert mixed["maybe"] == {"name": "lab.turn", "turns": 4}


def test_it_and_its_parameters_are_axes(cells_of, base):
    grid = "grid: {method.part: [lab.turn, {name: lab.turn, turns: 2}]}\n"
    assert [one["part"]["turns"] for one in recipe(cells_of, base, "method: lab.mixed", grid)] == [4, 2]
    grid = "grid: {method.part.turns: [1, 2]}\n"
    assert [one["part"] for one in recipe(cells_of, base, "method: {name: lab.mixed, part: lab.turn}", grid)] == [
        {"name": "lab.turn", "turns": 1},
        {"name": "lab.turn", "turns": 2},
    ]
    grid = "grid: {method.temperature: [0.1, 0.2]}\n"
    assert [one["part"]["temperature"] for one in recipe(cells_of, base, "method: lab.mixed", grid)] == [0.1, 0.2]


MISTAKES = [
    ("part: lab.trun", "demo.yaml:5 base.method.part: got 'lab.trun'; no such module"),
    ("part: {temprature: 1}", "demo.yaml:5 base.method.part.temprature: unknown to lab.contrast; did you mean 'temp"),
    ("temperature: -1", "demo.yaml:5 base.method.part.temperature: got -1; allowed: above 0"),
    ("temprature: 1", "demo.yaml:5 base.method.temprature: unknown to lab.mixed;"),
    ("rest: [lab.turn, {turns: 2}]", "demo.yaml:5 base.method.rest[1]: missing; name one of the methods"),
    ("rest: [{name: lab.turn, turns: x}]", "demo.yaml:5 base.method.rest[0].turns: got 'x'; allowed: a whole number"),
    ("part: 3", "demo.yaml:5 base.method.part: got 3; allowed:"),
]


@pytest.mark.parametrize(("written", "said"), MISTAKES, ids=[written for written, _ in MISTAKES])
def test_its_mistakes_are_told_at_their_place(mistakes, base, written, said):
    told = mistakes(base=base.replace("method: lab.contrast", f"method: {{name: lab.mixed, {written}}}"))
    assert [line[: len(said)] for line in told] == [said]


def ids(text, digests):
    experiment = load_text(text, "demo.yaml")
    made, _ = identity.trials(cells(experiment), [0], digests)
    return made[0].encoder_id, made[0].id


class Digests(dict):
    def __missing__(self, key):
        return "d1"


def test_a_default_written_out_keeps_the_id_and_another_value_changes_it(base):
    def of(written):
        return ids(base.replace("method: lab.contrast", f"method: {written}"), Digests())

    plain = of("lab.mixed")
    assert of("{name: lab.mixed, part: {name: lab.contrast, temperature: 0.7}}") == plain
    assert of("{name: lab.mixed, part: {augment: {flip: false}}, rest: []}") == plain
    others = ["part: lab.contrast", "rest: [lab.turn]", "temperature: 0.2", "maybe: lab.turn", "part: lab.turn"]
    assert len({of(f"{{name: lab.mixed, {other}}}") for other in others} | {plain}) == len(others) + 1


def test_the_content_of_data_that_a_protocol_names_enters_the_trials_id_alone(base):
    text = base.replace("[lab.score]", "[{name: lab.moved, data: [{name: lab.scans, validation: 0.3}]}]")
    (cell,) = cells(load_text(text, "demo.yaml"))
    data, other = identity.all_data(cell.recipe)
    assert (data.parameters["validation"], other.parameters["validation"]) == (0.1, 0.3)
    before = ids(text, Digests())
    after = ids(text, Digests({canonical_forms.canonical_json(other.as_dict()): "d2"}))
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_editors_know_it(base):
    validator = jsonschema.Draft202012Validator(spec_schema())
    simclr = {"name": "simclr", "loss": {"name": "margin_triplet", "margin": 0.4}}
    assert validator.is_valid({"name": "a", "base": {"method": simclr}})
    assert validator.is_valid({"name": "a", "base": {"method": {"name": "simclr", "loss": {"temperature": 0.4}}}})
    assert not validator.is_valid({"name": "a", "base": {"method": {"name": "simclr", "loss": "nt_xnet"}}})
