"""Two real processes (gloo): batch norm over the rows of both is that of one: value, gradients, statistics."""

import pytest
import torch
from helpers.gloo import on_two_workers
from probeline.models.norm_groups import Groups, in_groups
from probeline.models.shared_norm import SharedNorms, batch_rows
from torch import nn

SIZES = [5, 2]
GROUPS = {"neighbours": Groups(7, 3), "apart": Groups(7, 3, apart=True)}
"""The second worker has no row of the first of neighbours, and one of two groups apart."""

CASES = {
    "maps": lambda: nn.BatchNorm2d(3),
    "vectors": lambda: nn.BatchNorm1d(3),
    "no affine": lambda: nn.BatchNorm2d(3, affine=False),
    "cumulative": lambda: nn.BatchNorm2d(3, momentum=None),
    "untracked": lambda: nn.BatchNorm2d(3, track_running_stats=False),
    "bfloat16": lambda: nn.BatchNorm2d(3),
    "neighbours": lambda: nn.BatchNorm2d(3),
    "apart": lambda: nn.BatchNorm2d(3),
    "frozen": lambda: nn.BatchNorm2d(3).eval(),
}


def norm(case):
    """A norm before a network in which its result is changed in place, and its inputs and the upstream gradient."""
    torch.manual_seed(0)
    made, shape = CASES[case](), (7, 3) if case == "vectors" else (7, 3, 4, 4)
    for weight in made.parameters():
        nn.init.normal_(weight)
    x = 3 + torch.randn(shape)
    if len(shape) == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    return made, x.bfloat16() if case == "bfloat16" else x, torch.randn(shape)


def passed(case, rows, shared=None):
    """Twice through the norm: the last y and dL/dx of these rows, dL/dweights, and the buffers."""
    made, x, upstream = norm(case)
    for _ in range(2):
        made.zero_grad()
        own = x[rows].detach().requires_grad_()
        if shared is None:
            y = in_groups(made, own, GROUPS[case]) if case in GROUPS else made(own)
        else:
            with shared:
                assert batch_rows(own) == 7
                y = in_groups(made, own, GROUPS[case]) if case in GROUPS else made(own)
        (y.clone().relu_() * upstream[rows]).sum().backward()
    weights = {f"d {name}": weight.grad for name, weight in made.named_parameters()}
    return {"y": y.detach(), "d x": own.grad, **weights, **dict(made.named_buffers())}


def _work(rank, folder):
    start = sum(SIZES[:rank])
    rows, shared = slice(start, start + SIZES[rank]), SharedNorms(7, start)
    return {case: passed(case, rows, shared) for case in CASES}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return on_two_workers(_work, tmp_path_factory.mktemp("workers"))


@pytest.mark.parametrize("case", CASES)
def test_it_is_that_of_one_process(found, case):
    expected, both = passed(case, slice(None)), [each[case] for each in found]
    close = {"rtol": 0.01, "atol": 0.02} if case == "bfloat16" else {"rtol": 1e-5, "atol": 1e-5}
    for key, value in expected.items():
        if key in ("y", "d x"):
            torch.testing.assert_close(torch.cat([one[key] for one in both]), value, **close)
        elif key.startswith("d "):  # of each worker's own rows
            torch.testing.assert_close(both[0][key] + both[1][key], value, **close)
        else:
            assert all(torch.equal(one[key], both[0][key]) for one in both)
            torch.testing.assert_close(both[0][key], value, rtol=1e-5, atol=1e-6)
