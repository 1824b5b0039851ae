"""What CUDA refuses or waits for, the pretended device refuses or counts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PREPARED = """
import json, torch
from device import PretendedCuda, clear, launches, waits
with PretendedCuda():
    there, here, index = torch.ones(3, 4, device="cuda:0"), torch.ones(3, 4), torch.tensor([0, 1], device="cuda:0")
    reports = []
    for line in json.loads({lines!r}):
        clear()
        try:
            eval(line)
            reports.append({{"launches": sum(launches.values()), "waits": sum(waits.values())}})
        except (RuntimeError, TypeError) as error:
            reports.append({{"refused": str(error)}})
print(json.dumps(reports))
"""
REFUSED = [
    "there + here",
    "here[index]",
    "here[there > 0]",
    "there @ here.T",
    "torch.cat([there, here])",
    "there.__setitem__(index, here[:2])",
    "there.numpy()",
    "torch.rand(3, device='cuda:0', generator=torch.Generator())",
    "torch.nn.Linear(4, 2)(there)",
]
WAITING = [
    "there.sum().item()",
    "bool(there.sum() > 0)",
    "there.tolist()",
    "there.cpu()",
    "here.to('cuda:0')",
    "here.to(there)",
    "torch.tensor([1.0], device='cuda:0')",
    "there.new_tensor([1.0])",
    "there[there > 0]",
    "there[torch.tensor([0])]",
    "index.bincount()",
    "index.unique()",
    "there.nonzero()",
]
FREE = {
    "there + 1": 1,
    "there * torch.tensor(2.0)": 1,
    "there.T": 0,
    "there.to('cuda:0')": 0,
    "there[index]": 1,
    "here.to('cuda:0', non_blocking=True)": 1,
    "torch._foreach_add([there, there], 1)": 1,
    "torch.nn.functional.softmax(there, 1)": 1,
}


@pytest.fixture(scope="module")
def reports():
    """By line: its launches and waits, or the refusal."""
    lines = [*REFUSED, *WAITING, *FREE]
    command = [sys.executable, "-c", PREPARED.format(lines=json.dumps(lines))]
    here = Path(__file__).parent
    printed = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120, check=True).stdout
    return dict(zip(lines, json.loads(printed), strict=True))


@pytest.mark.parametrize("line", REFUSED)
def test_it_refuses_what_cuda_refuses(reports, line):
    assert "refused" in reports[line]


@pytest.mark.parametrize("line", WAITING)
def test_it_counts_what_waits(reports, line):
    assert reports[line]["waits"] >= 1


@pytest.mark.parametrize("line", FREE)
def test_it_counts_launches_and_no_wait_where_there_is_none(reports, line):
    assert reports[line] == {"launches": FREE[line], "waits": 0}
