"""The live dashboard over 5,000 finished runs in sqlite: what a browser waits for when one trial has changed."""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.finished import fill, touch
from tests.benchmarks.row import Row

PACE = 1.2  # s: the dashboard asks MLflow once a second at most


class Page:
    """Asks a dashboard's server what the page in a browser asks; `held`: what the page has of each property."""

    def __init__(self, address: str) -> None:
        self.address, self.held = address, {"clock.n_intervals": 0, "slow.n_intervals": 0}
        self.callbacks = self._get("_dash-dependencies")

    def ask(self, output: str) -> tuple[float, dict[str, Any]]:
        """Seconds until the callback that gives `output` has answered, and its answer."""
        asked = next(each for each in self.callbacks if output in each["output"] and not each["clientside_function"])
        outputs = [self._end(each) for each in asked["output"].strip(".").split("...")]
        body = {
            "output": asked["output"],
            "outputs": outputs if asked["output"].startswith("..") else outputs[0],
            "inputs": [self._with_value(each) for each in asked["inputs"]],
            "state": [self._with_value(each) for each in asked["state"]],
            "changedPropIds": [f"{asked['inputs'][0]['id']}.{asked['inputs'][0]['property']}"],
        }
        start = time.perf_counter()
        answer = self._get("_dash-update-component", body)["response"]
        spent = time.perf_counter() - start
        self.held |= {f"{id}.{name}": value for id, values in answer.items() for name, value in values.items()}
        return spent, answer

    def _end(self, text: str) -> dict[str, str]:
        id, _, name = text.rpartition(".")
        return {"id": id, "property": name}

    def _with_value(self, end: dict[str, str]) -> dict[str, Any]:
        return {**end, "value": self.held.get(f"{end['id']}.{end['property']}")}

    def _get(self, path: str, body: dict | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.address}/{path}", data, headers)) as reply:
            return json.load(reply)


def measured(address: str, folder: Path) -> Iterator[Row]:
    page = Page(address)
    spent, answer = page.ask("delta.data")
    assert len(answer["delta"]["data"]["cells"]) == 100
    yield Row("dashboard, 5,000 runs: the first look", spent, "s")
    page.held["at.data"] = answer["delta"]["data"]["at"]
    page.held["experiment.value"] = "many"
    for output in ("title.children", "curves-figure.data", "money.children"):
        page.ask(output)
    time.sleep(PACE)
    touch(folder)
    spent, answer = page.ask("delta.data")
    assert len(answer["delta"]["data"]["cells"]) == 1, "one cell has changed, and only its state is sent"
    yield Row("the same after one trial has changed", spent, "s", target="under 1 s", met=spent < 1)
    for output, name in (("curves-figure.data", "its curves, 60 of them"), ("money.children", "its cost")):
        spent, _ = page.ask(output)
        yield Row(f"{name}, drawn again", spent, "s", target="under 1 s", met=spent < 1)
    time.sleep(PACE)
    spent, _ = page.ask("delta.data")
    yield Row("a look when nothing has changed", spent, "s", target="under 1 s", met=spent < 1)


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = fill(Path(name) / "many", 50).parent
        command = [str(Path(sys.executable).with_name("probeline")), "dash", "spec.yaml", "--port", "0"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
            try:
                address = re.search(r"http://\S+:\d+", server.stdout.readline())[0]
                yield from measured(address, folder)
            finally:
                server.terminate()
