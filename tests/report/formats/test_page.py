import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from plotly.offline import get_plotlyjs
from probeline.report.formats.page import write
from probeline.report.results.results import Results
from probeline.statistics.intervals import COVERAGE, METHOD

HOSTILE = "</script><script>alert(1)</script>\"'`${x}<img src=x onerror=alert(1)>"
PLOTLY = get_plotlyjs()
RTL = "שיטה\u202eabc"


class Reader(HTMLParser):
    """Tags with their attributes, text outside scripts, and the text of each script."""

    def __init__(self):
        super().__init__()
        self.tags, self.words, self.scripts, self.inside = [], [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag in ("script", "style")
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("script", "style")

    def handle_data(self, data):
        if self.inside and self.scripts:
            self.scripts[-1] += data
        elif not self.inside:
            self.words.append(data)


def read(folder):
    reader = Reader()
    reader.feed((folder / "index.html").read_text(encoding="utf-8").replace(PLOTLY, ""))  # 4.8 MB that are not ours
    return reader


def figures(reader):
    return [json.loads(script) for script in reader.scripts if script.lstrip().startswith('{"data"')]


def text(reader):
    return " ".join(" ".join(reader.words).split())


def test_all_files_are_written(tmp_path, make, trials, history):
    paths = write(make.experiment(), Results(trials, history), tmp_path / "deep" / "report")
    assert [path.name for path in paths] == [
        "index.html", "report.md", "summary.md", "tables.tex", "results.csv", "results.parquet", "history.parquet"
    ]  # fmt: skip
    assert all(path.stat().st_size for path in paths) and paths[0].stat().st_size < 10e6


def test_the_page_says_question_answer_expected_and_provenance(tmp_path, make, trials, history):
    write(make.experiment(notes="Supervised sees the labels."), Results(trials, history), tmp_path)
    page = text(read(tmp_path))
    for words in (
        "Does SimCLR beat random features", "supervised has the highest linear probe top-1 accuracy",
        "simclr beats random_init by", "SimCLR above random init by 5 points", "Supervised sees the labels.",
        "None: every planned trial has finished", "661ef78c0ffee", trials.loc[0, "trial_id"], trials.loc[0, "run_id"],
        "k=20, temperature=0.07", "online, not a result",
    ):  # fmt: skip
        assert words in page, words


def test_the_page_says_what_its_intervals_cover(tmp_path, make, trials, history):
    write(make.experiment(), Results(trials, history), tmp_path)
    page, note = text(read(tmp_path)), (tmp_path / "report.md").read_text().replace("\\", "")
    assert all(words in page and words in note for words in (METHOD, COVERAGE))


def test_the_page_loads_nothing(tmp_path, make, trials, history):
    write(make.experiment(), Results(trials, history), tmp_path)
    reader = read(tmp_path)
    for tag, attributes in reader.tags:
        assert tag not in ("link", "iframe", "img", "object", "embed")
        assert "src" not in attributes and not attributes.get("href", "#").startswith(("http", "//"))
    policies = [a["content"] for tag, a in reader.tags if tag == "meta" and a.get("http-equiv")]
    assert policies[0].startswith("default-src 'none';") and "unsafe-eval" not in policies[0]


def test_every_section_is_in_the_contents_list(tmp_path, make, trials, history):
    write(make.experiment(), Results(trials, history), tmp_path)
    tags = read(tmp_path).tags
    targets = [a["href"][1:] for tag, a in tags if tag == "a"]
    ids = {a["id"] for _, a in tags if "id" in a}
    assert set(targets) <= ids and {"results", "differences", "training", "cost", "failures", "provenance"} <= ids


def test_hostile_text_is_inert_everywhere(tmp_path, make, history):
    frame = make.trials(levels={HOSTILE: 0.7, RTL: 0.6}, arms={"random_init": 0.5, "x" * 3000: 0.4})
    frame["hardware"], frame["git_commit"], frame["versions"] = HOSTILE, HOSTILE, HOSTILE
    frame["recipe"] = [{"method": {"name": HOSTILE}, "evaluation": {HOSTILE: {HOSTILE: HOSTILE}}}] * len(frame)
    frame[f"linear_probe/top1/{HOSTILE}"] = 0.5
    frame = make.fail(frame, 0, failure=HOSTILE, message=HOSTILE)
    experiment = make.experiment(notes=HOSTILE).model_copy(update={"question": HOSTILE, "expected": RTL})
    write(experiment, Results(frame, make.history(frame)), tmp_path)
    reader = read(tmp_path)
    assert not [a for _, a in reader.tags if any(name.startswith("on") for name in a)]
    scripts = [a for tag, a in reader.tags if tag == "script"]
    assert len([a for a in scripts if a.get("type") != "application/json"]) == 2
    assert "<img" not in json.dumps([f["data"] for f in figures(reader)] + [f["layout"] for f in figures(reader)])
    assert HOSTILE in text(reader)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script" not in markdown.replace("\\<", "") and "<img" not in markdown.replace("\\<", "")
    assert "\u202e" not in markdown


def test_figures_carry_the_numbers_of_the_frame(tmp_path, make, trials, history):
    write(make.experiment(), Results(trials, history), tmp_path)
    first = figures(read(tmp_path))[0]
    line = next(t for t in first["data"] if t.get("name") == "simclr" and t.get("mode") == "lines+markers")
    means = trials[trials["method"] == "simclr"].groupby("training.batch_size")["linear_probe/top1"].mean() * 100
    assert line["y"] == pytest.approx(list(means))


def empty(make, trials):
    return trials.iloc[:0]


def all_missing(make, trials):
    for row in range(len(trials)):
        trials = make.fail(trials, row, "missing", None, None)
    return trials


def all_failed(make, trials):
    for row in range(len(trials)):
        trials = make.fail(trials, row)
    return trials


def one_trial(make, trials):
    return trials.iloc[:1]


def one_seed(make, trials):
    return make.trials(seeds=1)


def one_batch_size(make, trials):
    return make.trials(sizes=(64,), seeds=1)


def two_seeds_and_a_gap(make, trials):
    return make.fail(make.trials(seeds=2), 0)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (empty, "No trial has finished with linear_probe/top1 yet, so there is no answer."),
        (all_missing, "33 of 33 trials without a result (33 missing)."),
        (all_failed, "33 of 33 trials without a result (33 diverged)."),
        (one_trial, "1 seed, so no interval"),
        (one_seed, "which has no interval"),
        (one_batch_size, "Large marks are means, small marks seeds"),
        (two_seeds_and_a_gap, "2 paired seeds"),
    ],
)
def test_every_state_of_a_run_gives_a_sensible_page(tmp_path, make, trials, frame, said):
    found = frame(make, trials)
    write(make.experiment(), Results(found, make.history(found)), tmp_path)
    page = text(read(tmp_path))
    assert said in page
    assert not re.search(r"\bnan\b", page.replace("the loss at epoch 3 is nan", "")) and "None to" not in page


def test_what_nobody_asked_for_is_not_said_to_be_missing(tmp_path, make):
    found = one_batch_size(make, None)
    write(make.experiment(), Results(found, make.history(found)), tmp_path / "a")
    assert "see the cells one by one" not in text(read(tmp_path / "a"))
    asked = {"name": "metric_against_axis", "x": "training.batch_size"}
    write(make.experiment(figures=[asked]), Results(found, make.history(found)), tmp_path / "b")
    assert "see the cells one by one" in text(read(tmp_path / "b"))


def test_a_page_without_a_baseline_says_that_nothing_is_compared(tmp_path, make, trials, history):
    write(make.experiment(baseline=None), Results(trials, history), tmp_path)
    assert "The experiment names no baseline" in text(read(tmp_path))


def test_asked_figures_take_the_experiments_metric_and_keep_their_own_settings(tmp_path, make, trials, history):
    asked = [{"name": "metric_by_cell", "metric": "knn/top1"}, "metric_against_axis"]
    write(make.experiment(figures=asked, tables=["results"]), Results(trials, history), tmp_path)
    titles = [figure["layout"]["meta"]["title"] for figure in figures(read(tmp_path))]
    assert titles == ["kNN top-1 accuracy by cell", "Linear probe top-1 accuracy against batch size"]


def test_a_grid_without_axes_gives_a_page(tmp_path, make, trials, history):
    bare = trials[trials["arm"].notna()].drop(columns=["method", "training.batch_size"])
    write(make.experiment(), Results(bare.reset_index(drop=True), history), tmp_path)
    assert "random_init beats raw_pixels by" in text(read(tmp_path))


def test_the_same_frame_gives_the_same_page(tmp_path, make, trials, history):
    for name in ("a", "b"):
        write(make.experiment(), Results(trials, history), tmp_path / name)
    assert (tmp_path / "a/index.html").read_bytes() == (tmp_path / "b/index.html").read_bytes()


def test_columns_without_any_value_do_no_harm(tmp_path, make, trials, history):
    frame = trials.assign(**{"knn/top1": np.nan, "data_digest": None, "started": pd.NaT, "finished": pd.NaT})
    write(make.experiment(), Results(frame, history), tmp_path)
    assert "not recorded" in text(read(tmp_path))


def test_the_report_imports_no_torch_ray_or_mlflow():
    code = (
        "import sys; from probeline.plugins import catalog; import probeline.report.formats.page;"
        "[catalog.module('figures', name) for name in catalog.names('figures')];"
        "print([name for name in ('torch', 'ray', 'mlflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_an_address_of_a_server_becomes_a_link(tmp_path, make, trials, history):
    addresses = ["javascript:alert(1)", 'http://mlflow.example/#/experiments/1/runs/a?b&"c', None]
    write(make.experiment(), Results(trials.assign(run_url=addresses * 11), history), tmp_path)
    links = [a for tag, a in read(tmp_path).tags if tag == "a" and not a["href"].startswith("#")]
    assert {a["href"] for a in links} == {addresses[1]} and {a["rel"] for a in links} == {"noopener noreferrer"}
