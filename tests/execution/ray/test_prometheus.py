"""What Prometheus would scrape from Ray while a real grid runs."""

import json
import re
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
import ray
from helpers.runs import go

pytestmark = pytest.mark.slow
pytest.importorskip("ray.dashboard.modules.reporter.reporter_agent", reason="the extra [cluster] is not installed")

GRAFANA = Path(__file__).parents[3] / "dashboards" / "grafana" / "probeline.json"
ARM = "  broken: {method: {name: faults.faulty, fault: exception}}\n"


class Scraper(threading.Thread):
    """Reads the metrics port of the driver's node for as long as Ray runs; `text` is the last page with ours."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.text, self.done = "", threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            try:
                (node,) = ray.nodes()
                address = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
                text = urlopen(address, timeout=5).read().decode()
            except Exception:  # noqa: BLE001 (Ray is not there yet, or no more)
                continue
            if "ray_probeline_failures_total" in text and "ray_probeline_trial_seconds_bucket" in text:
                self.text = text


def samples(text: str, name: str) -> list[tuple[dict[str, str], float]]:
    """(labels, value) of every sample of a metric."""
    lines = re.findall(rf"^{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE)
    return [(dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)) for labels, value in lines]


def test_prometheus_sees_the_grid_at_rays_port_and_grafana_asks_for_what_is_there(spec, uri, monkeypatch):
    monkeypatch.setenv("RAY_metrics_report_interval_ms", "1000")  # ten seconds are longer than this grid
    spec.write_text(spec.read_text().replace("arms:\n", "arms:\n" + ARM).replace("epochs: 2", "epochs: 30"))
    scraper = Scraper()
    scraper.start()
    _, outcome = go(spec, uri)
    time.sleep(1)
    scraper.done.set()
    scraper.join(10)
    assert (len(outcome.finished), len(outcome.failed)) == (6, 2)

    trials = {labels["state"]: value for labels, value in samples(scraper.text, "ray_probeline_trials")}
    assert trials.keys() == {"finished", "failed", "running", "waiting"} and sum(trials.values()) == 8
    assert trials["finished"] >= 1
    ((labels, failures),) = samples(scraper.text, "ray_probeline_failures_total")
    assert (labels["kind"], labels["experiment"]) == ("error", "tiny") and failures >= 1
    asked = set(re.findall(r"ray_probeline_\w+", json.dumps(json.loads(GRAFANA.read_text())["panels"])))
    assert asked - set(re.findall(r"^(ray_probeline_\w+)\{", scraper.text, re.MULTILINE)) == set()
