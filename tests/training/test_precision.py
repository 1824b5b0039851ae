import pytest
import torch
from probeline.training.precision import autocast, evaluation_precision, float32_arithmetic, training_precision

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def tf32():
    """Whether products of matrices and convolutions may round to TF32."""
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


@pytest.fixture
def settings():
    """TF32 everywhere, as another program in this process may have set it; put back afterwards."""
    before = tf32()
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = True, True
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@pytest.mark.parametrize(
    ("precision", "inside"), [("fp32", (False, False)), ("auto", (False, True)), ("bf16", (False, True))]
)
def test_float32_is_what_the_recipe_says_whatever_was_set_before_and_after_it(settings, precision, inside):
    with float32_arithmetic(precision, CUDA):
        assert tf32() == inside
    assert tf32() == (True, True)


def test_settings_stand_again_after_an_error(settings):
    with pytest.raises(ValueError), float32_arithmetic("fp32", CUDA):
        raise ValueError
    assert tf32() == (True, True)


def test_without_a_gpu_nothing_is_set(settings):
    with float32_arithmetic("fp32", CPU):
        assert tf32() == (True, True)


def test_precisions_are_told_as_they_are_on_the_device():
    assert [training_precision(precision, CPU) for precision in ("auto", "fp32", "bf16")] == [
        "float32",
        "float32",
        "bfloat16 autocast",
    ]
    assert training_precision("fp32", CUDA) == evaluation_precision("fp32", CUDA) == "float32"
    assert training_precision("auto", CUDA) == "bfloat16 autocast"


def test_autocast_is_on_where_training_is_said_to_be_in_bfloat16():
    for precision in ("auto", "fp32", "bf16"):
        with autocast(precision, CPU):
            made = torch.ones(2, 2) @ torch.ones(2, 2)
        assert (made.dtype == torch.bfloat16) == (training_precision(precision, CPU) == "bfloat16 autocast")
