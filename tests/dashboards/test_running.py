"""The page while `probeline run` works at the grid that it shows: real trials, real workers, a real browser."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from helpers.dashboard_server import dashboard
from helpers.faults.driver import end, start

pytest.importorskip("dash", reason="the extra [dashboard] is not installed")
pytestmark = pytest.mark.slow

SPEC = """
name: running
question: Does the page follow?
base:
  data: {name: digits, train_size: 400, test_size: 100}
  encoder: {name: resnet, width: 4}
  training: {epochs: 8, batch_size: 64, lr: 0.1}
  evaluation: [linear_probe]
grid:
  method: [simclr, rotation]
  training.batch_size: [16, 64]
arms:
  broken: {method: {name: my_plugins.faulty, fault: exception}}
seeds: 1
report: {metric: linear_probe/top1}
"""
POINTS = "() => (document.getElementById('curves').figure || {data: []}).data.flatMap((each) => each.x).length"
# Asked of the page at one moment: two trials may end between two looks of the page, or of this test.
CONSISTENT = """() => {
  const cells = [...document.querySelectorAll('.cell')];
  const done = cells.filter((cell) => cell.textContent.includes('%')).length;
  const empty = cells.filter((cell) => cell.classList.contains('empty')).length;
  return done > 0 && done + empty === 5 && document.title.startsWith(`${done}/5`);
}"""
COSTS = "() => document.querySelector('.money dd').innerText !== '0 s of one worker'"
PATIENCE = 240_000  # ms: a shared machine starts Ray slowly


def test_the_page_follows_a_grid_while_it_runs(visit, tmp_path):
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "my_plugins").mkdir()
    shutil.copy(Path(__file__).parents[1] / "helpers/faults/faulty.py", tmp_path / "my_plugins")
    with dashboard(tmp_path) as address, closing(visit(address)) as page:
        page.get_by_text("Nothing has started yet: 5 trials").wait_for(timeout=PATIENCE)
        page.get_by_text("0 s of one worker").wait_for(timeout=PATIENCE)
        driver = start(tmp_path)
        try:
            page.locator(".cell .mark.running").first.wait_for(timeout=PATIENCE)
            page.wait_for_function(f"() => ({POINTS})() > 1", timeout=PATIENCE)
            before = page.evaluate(POINTS)
            page.wait_for_function(f"() => ({POINTS})() > {before}", timeout=PATIENCE)  # nobody reloads the page
            page.wait_for_function(CONSISTENT, timeout=PATIENCE)
            page.wait_for_function(COSTS, timeout=PATIENCE)
            page.get_by_text("4 of 5 trials finished, 1 failed.").wait_for(timeout=PATIENCE)
        finally:
            end(driver)
        assert page.locator(".cell .value", has_text="%").count() == 4
        assert page.locator(".cell.failed").inner_text() == "error"
        page.locator(".failure summary", has_text="ZeroDivisionError: a mistake in a user's file").click()
        page.locator(".failure pre", has_text="faulty.py").wait_for(timeout=PATIENCE)
        assert "Traceback (most recent call last)" in page.locator(".failure pre").inner_text()
