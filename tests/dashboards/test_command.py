import re
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("dash", reason="the extra [dashboard] is not installed")

DASH = [str(Path(sys.executable).with_name("probeline")), "dash"]
SPEC = str(Path(__file__).parents[2] / "experiments" / "quickstart.yaml")


def test_an_experiment_without_any_run_has_a_page(tmp_path):
    with subprocess.Popen(
        [*DASH, SPEC, "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            with urlopen(address[0], timeout=60) as page:
                assert page.status == 200 and b"_dash" in page.read()
        finally:
            server.terminate()


def test_a_port_in_use_is_one_message_with_a_free_one(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = [*DASH, SPEC, "--port", str(taken.getsockname()[1])]
        process = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert process.returncode == 2
    assert (
        re.search(r"in use on 127\.0\.0\.1; --port \d+ is free", process.stderr) and "Traceback" not in process.stderr
    )
