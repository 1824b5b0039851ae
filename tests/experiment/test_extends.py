"""Experiments that extend others: what wins, where a mistake stands, and what is refused."""

import pytest
from probeline.experiment import extends
from probeline.experiment.canonical import canonical_json
from probeline.experiment.grid import cells
from probeline.experiment.load import load
from probeline.experiment.problems import SpecError

CHILD = "name: child\nextends: base.yaml\n"


@pytest.fixture
def write(tmp_path, base):
    """Writes files beside a sound `base.yaml`; returns the path of the first."""
    (tmp_path / "base.yaml").write_text(base)

    def written(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path / f"{next(iter(files))}.yaml"

    return written


def mistakes(path):
    with pytest.raises(SpecError) as caught:
        load(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_what_the_file_says_wins_and_the_rest_is_the_others(write):
    child = write(child=CHILD + "base: {training: {epochs: 3}, encoder: {width: 9}}\nseeds: 2\n")
    experiment = load(child)
    (cell,) = cells(experiment)
    assert (experiment.name, experiment.seeds) == ("child", (0, 1))
    assert (cell.recipe.training.epochs, cell.recipe.training.batch_size) == (3, 128)
    assert cell.recipe.encoder.as_dict() == {"name": "lab.net", "width": 9, "weights": None}


def test_of_several_files_the_later_one_wins(write):
    one, two = "base: {training: {epochs: 1, lr: 1.0}}\n", "base: {training: {epochs: 2}}\n"
    child = write(child="name: child\nextends: [base.yaml, one.yaml, two.yaml]\n", one=one, two=two)
    (cell,) = cells(load(child))
    assert (cell.recipe.training.epochs, cell.recipe.training.lr) == (2, 1.0)


def test_a_named_component_an_axis_and_a_list_replace_what_was_there(write, base):
    parent = base.replace("method: lab.contrast", "method: {name: lab.contrast, temperature: 0.9}")
    parent += "grid: {training.lr: [1, 2, 3], training.epochs: [4]}\nexclude: [{training.lr: 3}]\n"
    child = write(
        child="name: child\nextends: parent.yaml\nbase: {method: {name: lab.contrast, projector: none}}\n"
        "grid: {training.lr: [5, 6]}\nexclude: [{training.lr: 6}]\n",
        parent=parent,
    )
    (cell,) = cells(load(child))
    assert cell.recipe.method.parameters["temperature"] == 0.5
    assert cell.coordinates == {"training.lr": 5, "training.epochs": 4}


def test_a_protocols_parameters_go_to_one_of_a_list(write):
    (cell,) = cells(load(write(child=CHILD + "base: {evaluation: {lab.score: {k: 3}}}\n")))
    assert cell.recipe.as_dict()["evaluation"] == {"lab.score": {"k": 3}}


def test_scales_are_merged_key_by_key(write, base):
    parent = base + "scales: {big: {set: {training.epochs: 7, training.lr: 1.0}, seeds: 2}}\n"
    child = write(child="name: child\nextends: parent.yaml\nscales: {big: {set: {training.lr: 2.0}}}\n", parent=parent)
    experiment = load(child, "big")
    (cell,) = cells(experiment)
    assert (cell.recipe.training.epochs, cell.recipe.training.lr, experiment.seeds) == (7, 2.0, (0, 1))


def test_a_path_is_relative_to_the_file_that_names_it(write, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "middle.yaml").write_text("extends: ../base.yaml\n")
    tree = extends.read(write(child="name: child\nextends: deep/middle.yaml\n"))
    assert [path.name for path in tree.files] == ["child.yaml", "middle.yaml", "base.yaml"]
    assert tree.value["base"]["data"] == "lab.scans" and not tree.problems


def test_each_mistake_is_told_in_the_file_where_it_stands(write, base):
    parent = base.replace("width: 8", "widht: 8") + "extends: other.yaml\n"
    child = write(
        child="name: child\nextends: parent.yaml\nbase: {training: {epochs: -1}}\n",
        parent=parent,
        other="base:\n  training: {lr: -5}\n",
    )
    assert mistakes(child) == [
        "child.yaml:3 base.training.epochs: got -1; allowed: at least 0",
        "other.yaml:2 base.training.lr: got -5; allowed: at least 0",
        "parent.yaml:4 base.encoder.widht: unknown to lab.net; did you mean 'width'?",
    ]


def test_a_mistake_in_what_was_replaced_is_none(write, base):
    parent = base.replace("{name: lab.net, width: 8}", "{name: lab.nothing, width: -8}")
    (cell,) = cells(load(write(child="name: child\nextends: p.yaml\nbase: {encoder: {name: lab.net}}\n", p=parent)))
    assert cell.recipe.encoder.parameters["width"] == 64


@pytest.mark.parametrize(
    ("child", "message"),
    [
        ("extends: no.yaml", "child.yaml:2 extends: no.yaml: no such file"),
        ("extends: [base.yaml, child.yaml]", "child.yaml:2 extends[1]: extends itself: child.yaml -> child.yaml"),
        ("extends: loop.yaml", "loop.yaml:1 extends: extends itself: child.yaml -> loop.yaml -> child.yaml"),
        ("extends: 3", "child.yaml:2 extends: got 3; allowed: text or a list"),
        ("extends: [3]", "child.yaml:2 extends[0]: got 3; allowed: text"),
        ("extends: list.yaml", "list.yaml:1: got [1, 2]; allowed: a mapping with base, grid, ..."),
        ("extends: broken.yaml", "broken.yaml:1: not YAML: "),
        ("extend: base.yaml", "child.yaml:2 extend: unknown; did you mean 'extends'?"),
    ],
)
def test_what_cannot_be_extended_is_refused(write, child, message):
    path = write(child=f"name: child\n{child}\n", loop="extends: child.yaml\n", list="[1, 2]\n", broken="}")
    assert any(mistake.startswith(message) for mistake in mistakes(path))


def test_a_chain_a_doubling_and_a_mass_of_text_are_refused(write):
    chain = {f"c{n}": f"extends: c{n + 1}.yaml\n" for n in range(20)}
    assert "a chain of more than 10 files" in mistakes(write(**chain))[0]
    double = {f"d{n}": f"extends: [d{n + 1}.yaml, d{n + 1}.yaml]\n" for n in range(8)} | {"d8": "seeds: 1\n"}
    assert "more than 30 files" in mistakes(write(**double))[0]
    large = {"child": "name: child\nextends: [large.yaml, large.yaml]\n", "large": f"question: {'x' * 600_000}\n"}
    assert "larger than 1 MB together" in mistakes(write(**large))[0]


def test_a_file_and_its_parts_have_the_same_recipe(write, base):
    part = write(child=CHILD + "base: {training: {lr: 3.0}}\n")
    whole = write(whole=base.replace("epochs: 10", "epochs: 10, lr: 3.0"))
    one, other = (canonical_json(cells(load(path))[0].recipe.as_dict()) for path in (part, whole))
    assert one == other
