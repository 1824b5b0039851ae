import numpy as np
import pytest
from helpers.omniglot_archives import archive, backgrounds, runs
from probeline.data import store
from probeline.errors import BadData, UserError
from probeline.experiment.components import resolve


def component(path, **parameters) -> dict:
    resolved = resolve("datasets", {"name": "omniglot", "path": str(path), **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


@pytest.fixture
def folder(tmp_path):
    return runs(backgrounds(tmp_path / "omniglot"))


def test_the_runs_are_the_test_split_with_their_questions(folder):
    info, opened = store.facts(component(folder)), store.open_dataset(component(folder))
    assert (info.train_size, info.validation_size, info.test_size) == (20, 4, 20) and info.lists == ("one_shot",)
    assert info.sample.shape == (12, 12, 1) and len(info.classes) == 6 + 10
    assert not set(opened.test.labels.tolist()) & set(opened.train.labels.tolist())
    episodes, labels = opened.test.lists["one_shot"], opened.test.labels
    assert (labels[episodes.support[np.arange(10), episodes.answer, 0]] == labels[episodes.query]).all()


@pytest.mark.parametrize("split_by", ["class", "alphabet", "writer"])
def test_whole_groups_are_held_out(folder, split_by):
    test_on = "runs" if split_by == "alphabet" else "held_out"  # two alphabets make no three splits
    opened = store.open_dataset(component(folder, split_by=split_by, test_on=test_on))
    splits = [opened.train, opened.validation] + ([opened.test] if test_on == "held_out" else [])
    groups = [set(split.label(None if split_by == "class" else split_by).tolist()) for split in splits]
    assert sum(map(len, groups)) == len(set.union(*groups)) == {"class": 6, "alphabet": 2, "writer": 8}[split_by]


def test_two_alphabets_make_no_three_splits(folder):
    with pytest.raises(UserError, match=r"2 group\(s\) cannot be divided; 3 are needed"):
        store.facts(component(folder, split_by="alphabet", test_on="held_out"))


def test_ink_is_bright_and_images_may_be_smaller(folder):
    opened = store.open_dataset(component(folder, size=6))
    assert opened.train.inputs.shape[1:] == (6, 6, 1)
    whole = store.open_dataset(component(folder)).train.inputs
    assert set(np.unique(whole).tolist()) == {0, 255}


def test_strokes_are_points_with_the_pen_up_where_a_stroke_begins(folder):
    strokes = component(folder, form="strokes", test_on="held_out")
    info, opened = store.facts(strokes), store.open_dataset(strokes)
    assert info.sample.modality == "series" and info.sample.shape == (None, 4)
    first = opened.train.inputs.row(0)
    assert first[:, 3].tolist() == [1, 1, 1, 0, 1, 1]
    np.testing.assert_allclose(first[:, 2], np.arange(6) * 0.015, atol=1e-6)
    np.testing.assert_allclose(first[:, :2].mean(0), 0, atol=1e-5)


def test_images_and_strokes_are_the_same_drawings_of_the_same_splits(folder):
    images, strokes = (store.facts(component(folder, form=form, test_on="held_out")) for form in ("images", "strokes"))
    assert images.label_names == strokes.label_names and images.train_size == strokes.train_size


def test_a_drawing_of_two_sets_is_read_once(folder):
    backgrounds(folder, "small2")
    both = store.facts(component(folder, sets=["small1", "small2"]))
    assert both.train_size + both.validation_size == 24


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"form": "strokes"}, "the runs have no strokes; set test_on: held_out"),
        ({"sets": ["evaluation"]}, "the runs are of the evaluation set's alphabets"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(tmp_path, parameters, message):
    resolved = resolve("datasets", {"name": "omniglot", "path": str(tmp_path), **parameters})
    assert not resolved.value and message in str(resolved.complaints)


def test_damaged_drawings_are_named(folder):
    name = "images_background_small1/Greek/character01/0000_0{}.png"
    archive(folder / "images_background_small1.zip", {name.format(1): b"x", name.format(2): b""})
    with pytest.raises(BadData, match=r"(?s)2 of 2 drawings are damaged:.*0000_01.png: not an image"):
        store.facts(component(folder))


def test_an_empty_trajectory_is_named(folder):
    name = "strokes_background_small1/Greek/character01/0000_01.txt"
    archive(folder / "strokes_background_small1.zip", {name: b"START\nBREAK"})
    with pytest.raises(BadData, match=r"1 of 1 trajectories are damaged:\n .*0000_01.txt: an empty trajectory"):
        store.facts(component(folder, form="strokes", test_on="held_out"))


@pytest.mark.slow
def test_the_real_drawings(shared_data):
    opened = store.open_dataset(component(shared_data / "omniglot"))
    episodes, images = opened.test.lists["one_shot"], opened.test.inputs.reshape(800, -1).astype(np.float64)
    distances = ((images[episodes.support[:, :, 0]] - images[episodes.query][:, None]) ** 2).sum(-1)
    assert (distances.argmin(1) == episodes.answer).mean() == pytest.approx(0.217, abs=0.03)  # Koch et al. 2015: 21.7
