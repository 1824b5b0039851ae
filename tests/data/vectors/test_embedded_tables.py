import numpy as np
import pytest
from probeline.data import store
from probeline.data.vectors.embedded_tables import standardised
from probeline.experiment.components import resolve

SHAPES = {"iris": (150, 4, 3), "wine": (178, 13, 3), "breast_cancer": (569, 30, 2)}


def component(name: str, **parameters) -> dict:
    resolved = resolve("datasets", {"name": name, **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


@pytest.mark.parametrize("name", SHAPES)
def test_a_table_is_vectors_with_named_classes(name):
    info, opened = store.facts(component(name)), store.open_dataset(component(name))
    rows, columns, classes = SHAPES[name]
    assert info.sample.modality == "vector" and info.sample.shape == (columns,) and len(info.classes) == classes
    assert info.train_size + info.validation_size + info.test_size == rows
    assert opened.test.inputs.dtype == np.float32 and len(opened.test) == pytest.approx(rows / 2, abs=1)


def test_columns_are_standardised_without_the_test_split():
    opened = store.open_dataset(component("wine"))
    known = np.concatenate([opened.train.inputs, opened.validation.inputs])
    np.testing.assert_allclose(known.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(known.std(0), 1, atol=1e-5)
    assert abs(opened.test.inputs.mean(0)).max() > 1e-3


def test_columns_as_they_are():
    assert store.open_dataset(component("wine", scale="none")).train.inputs.max() > 500


def test_a_constant_column_becomes_0():
    values = np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)
    assert standardised(values, values).tolist() == [[-1, 0], [1, 0]]
