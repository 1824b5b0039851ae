import numpy as np
import pytest
from probeline.data import store
from probeline.errors import BadData, UserError
from probeline.experiment.components import resolve


def component(path, **parameters) -> dict:
    resolved = resolve("datasets", {"name": "pendigits", "path": str(path), **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    for name, count in (("pendigits.tra", 40), ("pendigits.tes", 20)):
        rows = np.concatenate([random.integers(0, 101, (count, 16)), np.arange(count)[:, None] % 10], axis=1)
        (tmp_path / name).write_text("\n".join(",".join(map(str, row)) for row in rows))
    return tmp_path


def test_digits_are_eight_points_between_minus_1_and_1(folder):
    info, opened = store.facts(component(folder)), store.open_dataset(component(folder))
    assert info.sample.modality == "series" and info.sample.longest == 8 and info.test_size == 20
    assert set(opened.train.inputs.lengths.tolist()) == {8} and opened.train.inputs.values.shape[1] == 2
    assert opened.train.inputs.values.min() >= -1 and opened.train.inputs.values.max() <= 1


def test_digits_may_be_vectors_of_the_same_numbers(folder):
    series, vectors = (store.open_dataset(component(folder, form=form)).test for form in ("series", "vectors"))
    assert vectors.inputs.shape == (20, 16)
    np.testing.assert_array_equal(series.inputs.row(3).ravel(), vectors.inputs[3])


def test_a_torn_line_is_named(folder):
    (folder / "pendigits.tes").write_text("1,2,3\n")
    with pytest.raises(BadData, match=r"pendigits\.tes:1: 3 values; a row has 17"):
        store.facts(component(folder))


def test_without_the_files_it_says_what_to_give(tmp_path):
    with pytest.raises(UserError, match=r"data set pendigits: .* has none of pendigits.tra"):
        store.facts(component(tmp_path / "nowhere"))


@pytest.mark.slow
def test_the_real_digits(shared_data):
    info = store.facts(component(shared_data / "pendigits"))
    assert info.train_size + info.validation_size == 7494 and info.test_size == 3498 and len(info.classes) == 10
