"""Every loss found in the catalogue keeps one contract, a new file included: pure, exact, told when it is misused."""

import doctest
import inspect
import math
import subprocess
import sys
from itertools import product
from typing import Literal, get_args, get_origin

import pytest
import torch
from helpers.loss_inputs import config, function, inputs, takes
from probeline.plugins import catalog
from pydantic import ValidationError

NAMES = catalog.names("losses")
POSITIONAL = {"views": ("za", "zb", "labels"), "pairs": ("za", "zb", "same"), "classes": ("z", "labels")}


def literals(annotation):
    if annotation is bool:
        return [True, False]
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []


def choices(name):
    """Settings for every combination, of those that fit each other, of the parameters that have a few values."""
    few = {key: literals(field.annotation) for key, field in type(config(name)).model_fields.items()}
    few = {key: values for key, values in few.items() if values}
    combinations = [dict(zip(few, values, strict=True)) for values in product(*few.values())]
    return [chosen for chosen in combinations if accepted(name, chosen)]


def accepted(name, chosen):
    try:
        type(config(name)).model_validate({**config(name).model_dump(), **chosen})
    except ValidationError:
        return False
    return True


CASES = [pytest.param(name, chosen, id=f"{name}-{i}") for name in NAMES for i, chosen in enumerate(choices(name))]


@pytest.mark.parametrize("name", NAMES)
def test_its_keywords_are_its_parameters_with_their_defaults(name):
    parameters = inspect.signature(function(name)).parameters
    given = (*POSITIONAL[takes(name)], *getattr(catalog.module("losses", name), "LEARNS", ()))
    keywords = [key for key in parameters if key not in given]
    fields = type(config(name)).model_fields
    assert sorted(keywords) == sorted(fields)
    for key in keywords:
        default = fields[key].get_default(call_default_factory=True, validated_data={})
        assert parameters[key].default == (inspect.Parameter.empty if fields[key].is_required() else default)


@pytest.mark.parametrize("name", NAMES)
def test_the_example_in_its_text_runs(name):
    examples = doctest.DocTestFinder().find(function(name), name, globs={"torch": torch})
    runner = doctest.DocTestRunner(verbose=False)
    assert len(examples[0].examples) == 3
    assert runner.run(examples[0]).failed == 0


def test_no_config_needs_torch():
    script = "import sys; from probeline.plugins import catalog\n"
    script += "for name in catalog.names('losses'): catalog.any_config('losses', name)\n"
    script += "assert not {'torch', 'pytorch_metric_learning'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_its_gradient_is_that_of_finite_differences(name, chosen):
    if chosen.get("mining") == "distance_weighted":
        pytest.skip("its weights stand for a draw, which has no gradient; test_triplet.py has the gradient")
    given = inputs(name, b=4, seed=5)
    tensors = (*given.z, *given.learned)

    def value(*changed):
        remaining = iter(changed)
        return given.of(lambda _: next(remaining)).loss(**chosen)

    assert torch.autograd.gradcheck(value, tensors)
    assert torch.autograd.grad(given.loss(**chosen), given.z[0])[0].abs().sum() > 0


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_neither_the_order_of_samples_nor_of_views_matters(name, chosen):
    given = inputs(name)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(1))
    expected = given.loss(**chosen)
    torch.testing.assert_close(given.permuted(order).loss(**chosen), expected)
    torch.testing.assert_close(given.exchanged().loss(**chosen), expected)


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_bfloat16_is_computed_in_float32_with_autocast_and_without(name, chosen):
    given = inputs(name, dtype=torch.bfloat16)
    expected = given.of(torch.Tensor.float).loss(**chosen)
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast = given.loss(**chosen)
    for value in (under_autocast, given.loss(**chosen)):
        assert value.dtype == torch.float32
        assert torch.equal(value, expected)


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_one_sample_has_a_finite_loss_and_gradient(name, chosen):
    given = inputs(name, b=1)
    value = given.loss(**chosen)
    assert value.ndim == 0
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(value, given.z))
    assert value.isfinite()


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_equal_views_of_all_samples_have_a_finite_loss_and_gradient(name, chosen):
    """A collapsed encoder is a result, not an accident of arithmetic."""
    given = inputs(name).of(torch.ones_like).differentiable()
    value = given.loss(**chosen)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(value, given.z))


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_what_is_not_a_number_stays_so(name, chosen):
    """A diverged training must not look like one that has nothing left to learn."""
    given = inputs(name)
    with torch.no_grad():
        given.z[0][2, 1] = math.nan
    assert not given.loss(**chosen).isfinite()


REFUSED = {
    "views": "two views of the same samples",
    "pairs": "two samples of B pairs",
    "classes": r"z is \[N, D\] and labels \[N\]",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shapes", [((2, 3), (3, 3)), ((2,), (2,)), ((2, 3), (2, 4)), ((0, 3), (0, 3))])
def test_embeddings_of_other_shapes_are_refused(name, shapes):
    given = inputs(name, b=2)
    if takes(name) == "classes":
        shapes = {(3, 3): [(2, 3, 1)], (2,): [(2,)], (2, 4): [(3, 4)], (0, 3): [(0, 3)]}[shapes[1]]
    wrong = iter(torch.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match=REFUSED[takes(name)]):
        type(given)(name, tuple(wrong), given.labels, given.learned).loss()


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_outside_its_range_is_refused_by_its_name(name):
    for key, field in type(config(name)).model_fields.items():
        bad = ["nonsense"] if get_origin(field.annotation) is Literal else []
        bounds = [mark for mark in field.metadata if hasattr(mark, "gt") or hasattr(mark, "ge")]
        bad += [mark.gt if hasattr(mark, "gt") else mark.ge - 1 for mark in bounds]
        for value in bad:
            with pytest.raises(ValueError, match=rf"^{key} is "):
                inputs(name).loss(**{key: value})


@pytest.mark.parametrize("name", NAMES)
def test_its_text_gives_shapes_and_source(name):
    text, shape = inspect.getdoc(function(name)), "[N, D]" if takes(name) == "classes" else "[B, D]"
    assert shape in text
    assert "Raises:" in text
    assert "arXiv" in catalog.module("losses", name).__doc__
