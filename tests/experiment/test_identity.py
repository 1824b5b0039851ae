"""An id depends on what decides a trial's numbers, and on nothing else."""

import hashlib
import os
import subprocess
import sys
from pathlib import PurePosixPath
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probeline.core.settings import Settings
from probeline.experiment import canonical as canonical_forms
from probeline.experiment import identity
from probeline.experiment.grid import cells
from probeline.experiment.load import load, load_text
from probeline.experiment.schema import Training
from pydantic import Field


class Digests(dict):
    """Content digests of data and weights, all alike unless said."""

    def __missing__(self, key):
        return "d1"


def ids(text, digests=None, **chosen):
    experiment = load_text(text, "demo.yaml", **chosen)
    made, _ = identity.trials(cells(experiment), experiment.seeds, Digests() if digests is None else digests)
    return [trial.id for trial in made]


def test_the_ids_of_this_recipe_are_these_on_every_platform_and_release(base):
    experiment = load_text(base + "grid: {method: [lab.contrast, {temperature: 0.25}, lab.turn]}\n", "demo.yaml")
    made, _ = identity.trials(cells(experiment), [0, 1], Digests())
    assert [(trial.encoder_id, trial.id) for trial in made] == GOLDEN


GOLDEN = [
    ("fb60c24f3dac97da", "7bd3ba3c74ef44f6"),
    ("8c70a73c206c383a", "ff1727fc61610a08"),
    ("9545866e15104d58", "cfbecbb0ff0db284"),
    ("511f5164643fc3df", "d962dae737863932"),
    ("9f521ea4ad59be7d", "1b4098b414436a09"),
    ("32e09eb18ec29a0d", "94d6f10b5602657a"),
]


def test_the_first_of_them_by_hand():
    encoder = (
        '{"data":{"name":"lab.scans"},"data_digest":"d1","encoder":{"name":"lab.net","width":8},"format":1,'
        '"method":{"name":"lab.contrast"},"seed":0,"training":{"batch_size":128,"epochs":10}}'
    )
    encoder_id = hashlib.sha256(encoder.encode()).hexdigest()[:16]
    trial = '{"encoder_id":"' + encoder_id + '","evaluation":{"lab.score":{"name":"lab.score"}}}'
    assert (encoder_id, hashlib.sha256(trial.encode()).hexdigest()[:16]) == GOLDEN[0]


def test_what_is_hashed_is_only_what_differs_from_the_defaults(base):
    (cell,) = cells(load_text(base.replace("lab.contrast", "{name: lab.turn, turns: 3}"), "demo.yaml"))
    assert canonical_forms.canonical_component("methods", cell.recipe.method.as_dict()) == {
        "name": "lab.turn",
        "VERSION": 2,
        "turns": 3,
    }
    assert canonical_forms.canonical_component("encoders", cell.recipe.encoder.as_dict()) == {
        "name": "lab.net",
        "width": 8,
    }
    assert canonical_forms.canonical_component("datasets", cell.recipe.data.as_dict()) == {"name": "lab.scans"}


REORDERED = """\
seeds: [0]
base:
  evaluation: {lab.score: {}}
  training:
    batch_size: 128
    epochs: 10
  method: {name: lab.contrast}
  encoder:
    width: 8
    name: lab.net
  data: {name: lab.scans}
name: another-name
question: Other words?
resources: {cpus: 3, gpus: 0.5}
"""


def test_an_id_does_not_depend_on_key_order_names_words_or_resources(base):
    assert ids(base) == ids(REORDERED)


def test_an_id_does_not_depend_on_file_or_folder(tmp_path, base):
    def id_in(path):
        path.parent.mkdir(exist_ok=True)
        path.write_text(base)
        (cell,) = cells(load(path))
        return identity.trial(cell, 0, Digests()).id

    assert id_in(tmp_path / "a.yaml") == id_in(tmp_path / "folder" / "b.yml") == ids(base)[0]


def test_an_id_does_not_depend_on_labels_axes_or_how_a_value_came(base):
    direct = ids(base.replace("epochs: 10", "epochs: 3"))
    assert direct == ids(base + "grid: {training.epochs: [3]}\n")
    assert direct == ids(base + "grid: {training.epochs: {few: 3}}\n")
    assert direct == ids(base + "arms: {few: {training: {epochs: 3}}}\n")
    assert direct == ids(base, sets=["training.epochs=3"])
    assert direct == ids(base + "scales: {smoke: {set: {training.epochs: 3}}}\n", scale="smoke")
    assert direct == ids(base + "when: [{if: {method: lab.contrast}, set: {training.epochs: 3}}]\n")


@pytest.mark.parametrize(
    ("sound", "written_out"),
    [
        ("epochs: 10", "epochs: 10, optimizer: sgd, lr: 0.05, momentum: 0.90, precision: auto"),
        ("epochs: 10", "epochs: 10, weight_decay: 1e-4, warmup_epochs: 0"),
        ("epochs: 10", "epochs: 10, online_probe: false"),
        ("epochs: 10", "epochs: 10, micro_batch: null"),
        ("data: lab.scans", "data: {name: lab.scans, validation: 0.1, path: /somewhere/else}"),
        ("method: lab.contrast", "method: {name: lab.contrast, temperature: 0.5, augment: {strength: 0.3}}"),
        ("method: lab.contrast", "method: {name: lab.contrast, augment: {flip: false, strength: 3e-1}}"),
        ("[lab.score]", "{lab.score: {k: 20}}"),
        ("[lab.score]", "lab.score"),
    ],
)
def test_a_default_written_out_and_what_is_outside_identity_keep_the_id(base, sound, written_out):
    assert ids(base) == ids(base.replace(sound, written_out))


def test_a_count_of_seeds_and_its_list_are_the_same_trials(base):
    assert ids(base + "seeds: 3\n") == ids(base + "seeds: [0, 1, 2]\n")


@pytest.mark.parametrize(
    ("sound", "changed"),
    [
        ("epochs: 10", "epochs: 11"),
        ("epochs: 10", "epochs: 10, lr: 0.0500001"),
        ("epochs: 10", "epochs: 10, precision: fp32"),
        ("batch_size: 128", "batch_size: 129"),
        ("batch_size: 128", "batch_size: 128, micro_batch: 64"),
        ("width: 8", "width: 9"),
        ("{name: lab.net, width: 8}", "lab.family/a"),
        ("data: lab.scans", "data: {name: lab.scans, validation: 0.2}"),
        ("method: lab.contrast", "method: {name: lab.contrast, temperature: 0.51}"),
        ("method: lab.contrast", "method: {name: lab.contrast, augment: {strength: 1.0}}"),
        ("method: lab.contrast", "method: {name: lab.contrast, augment: {flip: true}}"),
        ("method: lab.contrast", "method: lab.turn"),
        ("[lab.score]", "[{name: lab.score, k: 21}]"),
        ("[lab.score]", "[lab.score, knn]"),
        ("base:", "seeds: [1]\nbase:"),
    ],
)
def test_every_number_that_matters_changes_the_id(base, sound, changed):
    assert ids(base.replace(sound, changed)) != ids(base)


def test_evaluation_changes_the_trial_but_not_its_encoder(base):
    (one,), (other,) = (cells(load_text(text, "demo.yaml")) for text in (base, base.replace("[lab.score]", "[knn]")))
    first, second = (identity.trial(cell, 0, Digests()) for cell in (one, other))
    assert first.encoder_id == second.encoder_id
    assert first.id != second.id


def test_the_content_of_data_and_weights_decides_not_their_path(base):
    def with_weights(path, digest):
        text = base.replace("width: 8", f"width: 8, weights: {path}")
        (cell,) = cells(load_text(text, "demo.yaml"))
        return identity.trial(cell, 0, Digests({identity.weights_key(cell.recipe.encoder): digest})).id

    assert with_weights("a.safetensors", "w1") == with_weights("b.safetensors", "w1")
    assert with_weights("a.safetensors", "w1") != with_weights("a.safetensors", "w2")
    (cell,) = cells(load_text(base, "demo.yaml"))
    assert identity.weights_key(cell.recipe.encoder) is None
    key = identity.data_key(cell.recipe)
    assert identity.trial(cell, 0, {key: "d2"}).id != identity.trial(cell, 0, {key: "d1"}).id
    with pytest.raises(KeyError):
        identity.trial(cell, 0, {})


def test_one_seed_of_every_cell_runs_before_the_second_of_any(base):
    experiment = load_text(base + "grid: {training.lr: [1, 2]}\nseeds: [5, 3]\n", "demo.yaml")
    made, notes = identity.trials(cells(experiment), experiment.seeds, Digests())
    assert [(trial.cell.label, trial.seed) for trial in made] == [("lr=1", 5), ("lr=2", 5), ("lr=1", 3), ("lr=2", 3)]
    assert notes == []
    assert made[0] == identity.trial(made[0].cell, 5, Digests())


def test_twins_run_once_with_a_note_that_names_both(base):
    more = "grid: {training.lr: [0.05, 1]}\narms: {same: {}, probed: {training.online_probe: false}}\nseeds: 2\n"
    experiment = load_text(base + more, "demo.yaml")
    made, notes = identity.trials(cells(experiment), experiment.seeds, Digests())
    assert [trial.cell.label for trial in made] == ["lr=0.05", "lr=1"] * 2
    assert notes == [
        "'same' is the same trial as 'lr=0.05': it runs once, as 'lr=0.05'",
        "'probed' is the same trial as 'lr=0.05': it runs once, as 'lr=0.05'",
    ]


def test_an_id_does_not_depend_on_the_hash_seed_of_python(tmp_path, lab, base):
    path = tmp_path / "demo.yaml"
    path.write_text(base + "grid: {method: [lab.contrast, lab.turn]}\n")
    code = f"""
import collections
from probeline.experiment import identity, grid, load
cells = grid.cells(load.load({str(path)!r}))
print([t.id for t in identity.trials(cells, [0], collections.defaultdict(lambda: "d1"))[0]])
"""
    said = set()
    for seed in ("0", "1", "4242"):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(lab), *filter(None, sys.path)]),
        }
        run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        said.add(run.stdout.strip())
    assert said == {str(ids(path.read_text()))}


numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False)


@given(one=numbers, other=numbers)
def test_two_learning_rates_share_an_id_only_when_they_are_equal(one, other):
    canonical = [canonical_forms.canonical_json(canonical_forms.canonical(Training(lr=lr))) for lr in (one, other)]
    assert (canonical[0] == canonical[1]) == (one == other)


class Sized(Settings):
    size: int = 1


class Shaped(Settings):
    shape: int = 1


class Odd(Settings):
    rate: float = 1
    loss: Sized | Shaped = Sized()
    parts: tuple[Sized, ...] = ()
    words: dict[str, float] = Field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    where: PurePosixPath = PurePosixPath("a")
    mode: Literal[1, "1"] = 1


def test_a_default_in_another_spelling_is_still_the_default():
    assert (
        canonical_forms.canonical(Odd(rate=1.0, loss=Sized(size=1), parts=(), words={}, where=PurePosixPath("a"))) == {}
    )


def test_members_of_a_union_are_told_apart():
    assert canonical_forms.canonical(Odd(loss=Shaped())) == {"loss": {"class": "Shaped"}}


def test_values_of_every_kind_have_one_form():
    odd = Odd(parts=(Sized(size=2), Sized()), words={"b": 1.0, "a": 0.5}, kinds={"z", "y"}, mode="1")
    assert canonical_forms.canonical_json(canonical_forms.canonical(odd)) == (
        '{"kinds":["y","z"],"mode":"1","parts":[{"size":2},{}],"words":{"a":0.5,"b":1}}'
    )


def test_what_has_no_canonical_form_has_no_id():
    class Strange(Settings):
        value: object = None

    with pytest.raises(TypeError, match="no canonical form"):
        canonical_forms.canonical(Strange(value=object()))
    with pytest.raises(ValueError, match="JSON"):
        canonical_forms.canonical_json(float("nan"))
