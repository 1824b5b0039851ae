"""The committed notebook, its cells run in one process as a kernel runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "experiments" / "notebook.ipynb"
RUN = """
import ast, json, sys
names = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop().value
        exec(compile(tree, "cell", "exec"), names)
        shown = eval(compile(ast.Expression(last), "cell", "eval"), names)
        print(">>>", repr(shown))
"""


@pytest.mark.slow
def test_every_cell_of_the_notebook_runs_and_shows_what_its_text_says(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PROBELINE_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", RUN, str(NOTEBOOK)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = done.stdout.split(">>> ")[1:]
    assert shown[1].startswith("{'new': 4}") and shown[2].startswith("0")
    assert "'unit': '%'" in shown[4] and "'scale': 100" in shown[4]
    assert shown[6].startswith("'index.html'") and "(200, " in shown[7]
    assert (tmp_path / ".probeline/notebook/reports/notebook/index.html").is_file()
    assert (tmp_path / ".probeline/notebook/reports/notebook/results.parquet").is_file()


def test_the_notebook_is_committed_as_it_is_written_without_a_kernel_of_its_own():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert all(cell["source"] for cell in notebook["cells"])
