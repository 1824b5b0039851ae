import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from probeline.data import disk_arrays


@pytest.fixture(params=["memory", "disk"])
def where(request, monkeypatch) -> str:
    """Both kinds of arrays."""
    monkeypatch.setattr(disk_arrays, "IN_MEMORY_BYTES", 0 if request.param == "disk" else 2**30)
    monkeypatch.setattr(disk_arrays, "CHUNK_BYTES", 50)
    return request.param


def test_an_array_holds_what_is_written_after_its_memory_was_let_go(where, tmp_path):
    array = disk_arrays.zeros((100, 3, 2, 1), np.uint16, tmp_path)
    assert not array.any()
    array[:] = np.arange(600).reshape(array.shape)
    disk_arrays.release(array[5:])
    assert np.array_equal(array.ravel(), np.arange(600))
    assert list(tmp_path.iterdir()) == []


def test_rows_are_chosen_in_place(where, tmp_path):
    array = disk_arrays.zeros((100, 1, 1, 1), np.uint8, tmp_path)
    array[:, 0, 0, 0] = np.arange(100)
    chosen = np.arange(100) % 3 == 1
    assert disk_arrays.chosen_rows(array, chosen).ravel().tolist() == list(range(1, 100, 3))


def test_channels_are_repeated(where, tmp_path):
    array = disk_arrays.zeros((20, 2, 2, 1), np.uint8, tmp_path)
    array[:] = np.arange(80).reshape(array.shape)
    assert np.array_equal(disk_arrays.repeated_channels(array, 3, tmp_path), np.repeat(array, 3, axis=-1))


def test_a_large_array_takes_little_memory(tmp_path):
    program = (
        "import numpy as np, re, sys; from pathlib import Path; from probeline.data import disk_arrays\n"
        "array = disk_arrays.zeros((300, 2**20), np.uint8, Path(sys.argv[1]))\n"
        "for row in range(300):\n"
        "    array[row] = row % 256\n"
        "    disk_arrays.release(array)\n"
        "assert array[299, 5] == 43\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    result = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 200


def test_a_disk_without_space_is_a_message_before_anything_is_written(tmp_path):
    program = (
        "import numpy as np, resource, signal, sys; from pathlib import Path\n"
        "from probeline.data import disk_arrays\n"
        "from probeline.errors import DiskFull\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))\n"
        "try:\n"
        "    disk_arrays.zeros((300, 2**20), np.uint8, Path(sys.argv[1]))\n"
        "except DiskFull as error:\n"
        "    print(error)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{tmp_path}: cannot be written" in result.stdout
    assert list(Path(tmp_path).iterdir()) == []
