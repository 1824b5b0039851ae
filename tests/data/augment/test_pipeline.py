"""Views of waveforms, series and vectors: operations of one's own on tensors of any shape, lengths and padding."""

import pytest
import torch
from probeline.core.sample_rng import SampleRNG
from probeline.data.augment.pipeline import steps
from probeline.data.augment.steps import Single
from probeline.data.augment.views import augment, two_views
from probeline.errors import UserError

HEAD = "from probeline.data.augment.settings import Op\nclass Config(Op):\n    by: float = 3.0\n"
OPS = {
    "add": "def add(inputs, config, rng):\n    return inputs + config.by\n",
    "own": "def own(inputs, config, rng):\n"
    "    return inputs + rng.uniform(1).view(-1, *[1] * (inputs.ndim - 1))\n",
    "ends": "import torch\ndef ends(inputs, config, rng, lengths):\n"
    "    return inputs if lengths is None else inputs + lengths[:, None, None]\n",
    "shorter": "def shorter(inputs, config, rng):\n    return inputs[:, 1:]\n",
}  # fmt: skip
INPUTS = [torch.rand(6, 9), torch.rand(6, 9, 2), torch.rand(6, 2, 5, 5)]


@pytest.fixture(scope="module", autouse=True)
def own_ops(tmp_path_factory):
    """The package `series_ops` of operations."""
    import sys

    folder = tmp_path_factory.mktemp("ops")
    (folder / "series_ops").mkdir()
    for name, text in OPS.items():
        (folder / "series_ops" / f"{name}.py").write_text(f'"""An operation."""\n{HEAD}{text}')
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


def rng(count=6, seed=0):
    return SampleRNG(seed, 0, torch.arange(count))


@pytest.mark.parametrize("inputs", INPUTS[:2], ids=["two", "three"])
def test_values_that_are_no_images_are_not_clamped(inputs):
    assert torch.allclose(augment(inputs, [{"name": "series_ops.add"}], rng()), inputs + 3)
    assert augment(INPUTS[2], [{"name": "series_ops.add"}], rng()).max() == 1


@pytest.mark.parametrize("inputs", INPUTS, ids=["two", "three", "four"])
def test_samples_are_chosen_and_drawn_one_by_one(inputs):
    views = augment(inputs, [{"name": "series_ops.own", "p": 0.5}], rng())
    changed = (views != inputs).flatten(1).any(1)
    assert 0 < changed.sum() < 6
    alone = augment(inputs[[4, 1]], [{"name": "series_ops.own", "p": 0.5}], SampleRNG(0, 0, torch.tensor([4, 1])))
    assert torch.equal(alone, views[[4, 1]])


def test_two_views_of_each_differ_and_stand_one_view_after_the_other():
    inputs = INPUTS[1]
    views = two_views(inputs, [{"name": "series_ops.own"}], None, rng())
    assert views.shape == (12, 9, 2) and not torch.equal(views[:6], views[6:])
    second = two_views(inputs, [{"name": "series_ops.own"}], [{"name": "series_ops.add"}], rng())
    assert torch.equal(second[:6], views[:6]) and torch.allclose(second[6:], inputs + 3)


def test_padding_stays_zero_in_every_view():
    lengths = torch.tensor([1, 2, 3, 4, 5, 9])
    real = torch.arange(9) < lengths[:, None]
    padded = INPUTS[1] * real[:, :, None]
    views = two_views(padded, [{"name": "series_ops.add", "p": 0.7}], None, rng(), lengths)
    assert not views[~real.repeat(2, 1)].any() and views[real.repeat(2, 1)].min() > 0
    waves = augment(INPUTS[0] * real, [{"name": "series_ops.add"}], rng(), lengths)
    assert torch.equal(waves != 0, real)


def test_an_operation_may_ask_for_the_lengths():
    lengths = torch.tensor([1, 2, 3, 4, 5, 9])
    inputs = torch.zeros(6, 9, 2)
    views = two_views(inputs, [{"name": "series_ops.ends"}], None, rng(), lengths)
    assert views[:, 0, 0].tolist() == [1, 2, 3, 4, 5, 9] * 2
    assert torch.equal(augment(inputs, [{"name": "series_ops.ends"}], rng()), inputs)


def test_views_are_never_the_inputs_themselves():
    for inputs in INPUTS:
        views = augment(inputs, [], rng())
        assert torch.equal(views, inputs) and views.data_ptr() != inputs.data_ptr()


def test_operations_of_other_samples_are_never_fused():
    kinds = [type(step) for step in steps([{"name": "series_ops.add"}, {"name": "series_ops.own"}])]
    assert kinds == [Single, Single]


def test_views_of_two_sizes_are_refused():
    with pytest.raises(UserError, match="augment, augment_other: views of 8x2 and 9x2; give both the same crop `size`"):
        two_views(INPUTS[1], [{"name": "series_ops.shorter"}], [], rng())
