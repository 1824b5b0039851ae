"""The GPUs of a machine, from files like those of NVIDIA's driver."""

import pytest
from probeline.tracking.writing.gpus import Gpu, installed_gpus, visible

INFORMATION = """Model: \t\t NVIDIA H100 80GB HBM3
IRQ:   \t\t 16
GPU UUID: \t GPU-{minor}1a2b3c4-0000-1111-2222-333344445555
Video BIOS: \t 96.00.5e.00.01
Bus Location: \t 0000:{minor}b:00.0
Device Minor: \t {minor}
GPU Firmware: \t 535.129.03
"""


@pytest.fixture
def machine(tmp_path):
    """A driver that knows three cards, of which this container was given two."""
    proc, dev = tmp_path / "gpus", tmp_path / "dev"
    dev.mkdir()
    for minor in range(3):
        (proc / f"0000:{minor}b:00.0").mkdir(parents=True)
        (proc / f"0000:{minor}b:00.0/information").write_text(INFORMATION.format(minor=minor))
    for minor in (0, 2):
        (dev / f"nvidia{minor}").touch()
    return proc, dev


def test_the_cards_whose_devices_are_here_are_read_from_the_drivers_files(machine):
    cards = installed_gpus(*machine)
    assert [card.model for card in cards] == ["NVIDIA H100 80GB HBM3"] * 2
    assert [card.uuid[:6] for card in cards] == ["GPU-01", "GPU-21"]


CARDS = [Gpu("A", "GPU-aa11"), Gpu("B", "GPU-bb22"), Gpu("C", "GPU-cc33")]


@pytest.mark.parametrize(
    ("setting", "models"),
    [
        (None, "ABC"),
        *(("", ""), ("-1", ""), ("NoDevFiles", "")),
        *(("1", "B"), ("2,0", "CA"), ("0, 1", "AB"), ("0,7,1", "A"), ("GPU-bb", "B"), ("GPU-cc33,GPU-zz", "C")),
    ],
)
def test_the_environment_chooses_among_them_as_cuda_does(setting, models):
    assert [card.model for card in visible(CARDS, setting)] == list(models)


def test_a_slice_of_a_card_counts_as_one():
    assert len(visible(CARDS, "MIG-1234,MIG-5678")) == 2
