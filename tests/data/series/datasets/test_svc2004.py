import numpy as np
import pytest
from helpers.signatures import signatures
from probeline.data import store
from probeline.data.series.datasets import svc2004
from probeline.errors import BadData, UserError
from probeline.experiment.components import resolve


def component(path, **parameters) -> dict:
    resolved = resolve("datasets", {"name": "svc2004", "path": str(path), **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


@pytest.fixture
def folder(tmp_path):
    return signatures(tmp_path / "signatures", writers=5)


def test_whole_writers_are_held_out_and_the_lists_speak_of_their_split(folder):
    opened = store.open_dataset(component(folder))
    remarks = " ".join(store.facts(component(folder)).remarks)
    assert "whole writers are in one split each, the same for every seed" in remarks
    people = [set(split.label("writer").tolist()) for split in (opened.train, opened.validation, opened.test)]
    assert sorted(map(len, people)) == [1, 1, 3] and len(set.union(*people)) == 5
    for split, genuine in ((opened.train, 3 * 21), (opened.test, 5 * 2)):
        pairs = split.lists["skilled"]
        assert pairs.same.sum() == genuine
        writers, real = split.label("writer"), split.label("genuine") == 1
        assert (writers[pairs.first] == writers[pairs.second]).all() and real[pairs.first].all()
        assert (real[pairs.second] == pairs.same).all() and (pairs.groups == writers[pairs.first]).all()
    random = opened.train.lists["random"]
    assert (
        (opened.train.label("writer")[random.first] == opened.train.label("writer")[random.second]) == random.same
    ).all()


def test_references_are_the_first_five_in_every_split(folder):
    splits = svc2004.read(svc2004.Config(path=str(folder))).splits
    for split in (splits["validation"], splits["test"]):
        pairs = split.lists["skilled"]
        assert sorted(set(pairs.first.tolist())) == [0, 1, 2, 3, 4]  # rows are by writer, then by number


def test_a_forgery_is_a_class_of_its_own_or_has_no_label(folder):
    config = component(folder)
    info, train = store.facts(config), store.open_dataset(config).train
    forged = train.label("genuine") == 0
    assert info.classes[:1] == ("U1",) and info.classes[5] == "U1 forged"
    assert (train.labels[forged] == train.label("writer")[forged] + 5).all()
    unlabelled = store.open_dataset(component(folder, forgeries="no_label")).train
    assert ((unlabelled.labels == -1) == (unlabelled.label("genuine") == 0)).all()


def test_channels_are_in_units_of_the_signature(folder):
    first = svc2004.read(svc2004.Config(path=str(folder))).splits["train"].inputs.row(0)
    assert first.dtype == np.float32 and first.shape[1] == 7
    np.testing.assert_allclose(first[:, [0, 1, 4, 5, 6]].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(first[:3, 2], [0, 0.01, 0.02], atol=1e-6)
    assert first[:2, 3].tolist() == [0, 1]


def test_buttons_of_the_pen_are_not_its_touching(folder):
    points = np.array([[0, 0, 0, 3, 1, 1, 1], [1, 1, 10, 2, 1, 1, 1], [2, 2, 20, 5, 1, 1, 1]], float)
    config = svc2004.Config(channels=("pen",), scale="none")
    assert svc2004.channels(points, config)[:, 0].tolist() == [1, 0, 1]


def test_chosen_channels_as_they_are_stored_and_resampled(folder):
    config = component(folder, channels=["y", "x"], scale="none", points=6)
    inputs = store.open_dataset(config).train.inputs
    assert inputs.values.shape[1] == 2 and set(inputs.lengths.tolist()) == {6}
    assert 2000 < inputs.values.mean() < 4000


def test_a_damaged_file_is_named_with_its_line(folder):
    path = folder / "U2S3.TXT"
    path.write_text(path.read_text().rsplit("\n", 2)[0] + "\n")
    with pytest.raises(BadData, match=r"(?s)1 of 45 trajectories are damaged:\n  U2S3.TXT:1: .* announced .* torn"):
        store.facts(component(folder))


def test_a_writer_without_forgeries_is_named(folder):
    for number in (21, 22):
        (folder / f"U4S{number}.TXT").unlink()
    with pytest.raises(BadData, match="writer U4 has no forgeries"):
        store.facts(component(folder))


def test_another_folder_or_none_is_one_message(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "x.txt").write_text("1")
    with pytest.raises(UserError, match="no file is named U<writer>S<number>"):
        store.facts(component(tmp_path / "empty"))
    monkeypatch.setenv("PROBELINE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"data set svc2004: .* it is not downloaded: give the archive"):
        svc2004.files(svc2004.Config())


def test_without_groups_a_share_of_every_class_is_held_out(folder):
    opened = store.open_dataset(component(folder, split_by="none"))
    assert not opened.test.lists and len(set(opened.test.label("writer").tolist())) == 5


@pytest.mark.slow
def test_the_real_signatures(shared_data):
    info = store.facts(component(shared_data / "svc2004_task2", validation=0.25))
    assert (info.train_size, info.validation_size, info.test_size) == (960, 320, 320)
    assert "13 points had a time before" in " ".join(info.remarks) and info.sample.longest == 713
