"""Grafana's JSON: whole, and asking only for what Ray or Probeline exports."""

import json
import re
from pathlib import Path

import pytest
from probeline.execution.ray import prometheus

BOARD = json.loads((Path(__file__).parents[2] / "dashboards" / "grafana" / "probeline.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
SUFFIXES = r"_(total|bucket|sum|count)$"
OF_CORE = {"ray_object_store_used_memory"}  # of Ray's C++ core; scraped from Ray 2.60


def test_every_expression_asks_for_a_metric_that_ray_or_we_export():
    agent = pytest.importorskip("ray.dashboard.modules.reporter.reporter_agent", reason="no extra [cluster]")
    rays = {f"ray_{name}" for name in agent.METRICS_GAUGES} | OF_CORE
    ours = {f"ray_{name}" for name in re.findall(r'"(probeline_\w+)"', Path(prometheus.__file__).read_text())}
    asked = {name for panel in PANELS for each in panel["targets"] for name in re.findall(r"ray_\w+", each["expr"])}
    assert len(ours) == 6
    assert {name for name in asked if name not in rays and re.sub(SUFFIXES, "", name) not in ours} == set()
    assert {re.sub(SUFFIXES, "", name) for name in asked} >= ours  # nothing is exported that nobody looks at


def test_panels_have_their_own_ids_and_places_and_say_what_they_show():
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken = set()
    for panel in BOARD["panels"]:
        x, y, w, h = (panel["gridPos"][key] for key in "xywh")
        cells = {(column, line) for column in range(x, x + w) for line in range(y, y + h)}
        assert x + w <= 24 and not cells & taken
        taken |= cells
    assert all(panel["description"] and panel["title"] for panel in PANELS)


def test_whoever_imports_it_chooses_the_source_and_the_experiment():
    names = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert names == {"datasource", "experiment"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(PANELS))) - {"__rate_interval"}
    assert used == names
    assert all(each["datasource"]["uid"] == "${datasource}" for panel in PANELS for each in panel["targets"])
