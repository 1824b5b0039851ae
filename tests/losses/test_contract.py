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
from probeline.plugins import catalog

NAMES = catalog.names("losses")
B, D = 6, 5
VARIANT = "NTXentLoss"


def function(name):
    return getattr(catalog.module("losses", name), name)


def config(name):
    """The defaults; a loss of the library is tried as one of its variants."""
    settings = catalog.any_config("losses", name)
    return settings(variant=VARIANT) if "variant" in settings.model_fields else settings()


def literals(annotation):
    if annotation is bool:
        return [True, False]
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []


def choices(name):
    """Settings for every combination of the parameters that have a few values."""
    few = {key: literals(field.annotation) for key, field in type(config(name)).model_fields.items()}
    few = {key: values for key, values in few.items() if values}
    return [dict(zip(few, values, strict=True)) for values in product(*few.values())]


def views(b=B, dtype=torch.float64, seed=0):
    za, zb = torch.randn(2, b, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)
    return za.requires_grad_(), zb.requires_grad_()


def loss(name, za, zb, labels=None, **settings):
    function_ = function(name)
    if "labels" in inspect.signature(function_).parameters:
        settings["labels"] = torch.arange(len(za)) % 3 if labels is None else labels
    own = {key: getattr(config(name), key) for key in type(config(name)).model_fields}
    return function_(za, zb, **(own | settings))


CASES = [pytest.param(name, chosen, id=f"{name}-{i}") for name in NAMES for i, chosen in enumerate(choices(name))]


@pytest.mark.parametrize("name", NAMES)
def test_its_keywords_are_its_parameters_with_their_defaults(name):
    parameters = inspect.signature(function(name)).parameters
    keywords = [key for key in parameters if key not in ("za", "zb", "labels")]
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
    za, zb = views(b=4)
    assert torch.autograd.gradcheck(lambda a, b: loss(name, a, b, **chosen), (za, zb))
    assert torch.autograd.grad(loss(name, za, zb, **chosen), za)[0].abs().sum() > 0


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_neither_the_order_of_samples_nor_of_views_matters(name, chosen):
    za, zb = views()
    labels, order = torch.arange(B) % 3, torch.randperm(B, generator=torch.Generator().manual_seed(1))
    expected = loss(name, za, zb, labels, **chosen)
    torch.testing.assert_close(loss(name, za[order], zb[order], labels[order], **chosen), expected)
    torch.testing.assert_close(loss(name, zb, za, labels, **chosen), expected)


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_bfloat16_is_computed_in_float32_with_autocast_and_without(name, chosen):
    za, zb = views(dtype=torch.bfloat16)
    expected = loss(name, za.float(), zb.float(), **chosen)
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast = loss(name, za, zb, **chosen)
    for value in (under_autocast, loss(name, za, zb, **chosen)):
        assert value.dtype == torch.float32
        assert torch.equal(value, expected)


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_one_sample_has_a_finite_loss_and_gradient(name, chosen):
    za, zb = views(b=1)
    value = loss(name, za, zb, **chosen)
    assert value.ndim == 0
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(value, (za, zb)))
    assert value.isfinite()


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_equal_views_of_all_samples_have_a_finite_loss_and_gradient(name, chosen):
    """A collapsed encoder is a result, not an accident of arithmetic."""
    za, zb = (torch.ones(B, D, dtype=torch.float64, requires_grad=True) for _ in range(2))
    value = loss(name, za, zb, **chosen)
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(value, (za, zb)))


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_what_is_not_a_number_stays_so(name, chosen):
    """A diverged training must not look like one that has nothing left to learn."""
    za, zb = views()
    with torch.no_grad():
        za[2, 1] = math.nan
    assert not loss(name, za, zb, **chosen).isfinite()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shapes", [((2, 3), (3, 3)), ((2,), (2,)), ((2, 3), (2, 4)), ((0, 3), (0, 3))])
def test_views_of_other_shapes_are_refused(name, shapes):
    with pytest.raises(ValueError, match="two views of the same samples"):
        loss(name, *(torch.zeros(shape) for shape in shapes), labels=torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_outside_its_range_is_refused_by_its_name(name):
    for key, field in type(config(name)).model_fields.items():
        bad = ["nonsense"] if get_origin(field.annotation) is Literal else []
        bounds = [mark for mark in field.metadata if hasattr(mark, "gt") or hasattr(mark, "ge")]
        bad += [mark.gt if hasattr(mark, "gt") else mark.ge - 1 for mark in bounds]
        for value in bad:
            with pytest.raises(ValueError, match=rf"^{key} is "):
                loss(name, *views(), **{key: value})


@pytest.mark.parametrize("name", NAMES)
def test_its_text_gives_shapes_and_source(name):
    text = inspect.getdoc(function(name))
    assert "[B, D]" in text
    assert "Raises:" in text
    assert "arXiv" in catalog.module("losses", name).__doc__
