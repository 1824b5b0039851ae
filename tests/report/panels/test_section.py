"""The section of pictures on the page, from files to HTML."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.browser import PHONE
from helpers.panel_files import PROTOCOLS, asking, chosen, facts, frame, near
from helpers.panel_files import files as left
from helpers.subjects import dataset, files, judged, protocol
from probeline.report.formats.page import write
from probeline.report.panels import confusion, embedding_maps, neighbours, views
from probeline.report.panels.gallery import Sheets
from probeline.report.results import stored
from probeline.report.results.results import Results
from probeline.report.results.trial_files import TrialFiles

HOSTILE = "</style></script><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"


def page(folder, make, trials, found):
    write(make.experiment(figures=["metric_by_cell"]), Results(trials, make.history(trials)), folder, files=found)
    return (folder / "index.html").read_text(encoding="utf-8")


def test_the_page_shows_every_kind_and_stays_small(tmp_path, make, trials):
    trials = asking(trials, (*PROTOCOLS, "generations"))
    text = page(tmp_path, make, trials, frame(trials))
    for name in ("views", "neighbours", "confusion", "generations-samples-png"):
        assert f'id="panel-{name}"' in text, name
    assert "h in two dimensions by t-SNE" in text and '<a href="#panels">A closer look</a>' in text
    assert len(text.encode()) < 10e6


def test_an_export_carries_the_pictures(tmp_path, make, trials):
    trials = asking(trials)
    before = page(tmp_path / "a", make, trials, frame(trials))
    read = stored.panels(tmp_path / "a")
    assert read.table["content"].tolist() == frame(trials).table["content"].tolist()
    assert page(tmp_path / "b", make, trials, read) == before
    (tmp_path / "a" / "panels.parquet").unlink()
    assert "this export has no panels.parquet" in page(tmp_path / "c", make, trials, stored.panels(tmp_path / "a"))


def test_without_protocols_that_leave_pictures_there_is_no_section(tmp_path, make, trials):
    assert 'id="panels"' not in page(tmp_path / "a", make, trials, stored.panels(tmp_path))
    assert 'id="panels"' not in page(tmp_path / "b", make, trials, TrialFiles(frame(trials).table.iloc[:0]))


def test_hostile_names_and_files_are_inert(tmp_path, make):
    trials = asking(make.trials(levels={HOSTILE: 0.7}))
    found = frame(trials)
    told = json.loads(left()["neighbours/neighbours.json"])
    told["queries"][0]["label"] = told["queries"][0]["near"][0]["label"] = HOSTILE
    told["queries"][1]["near"][0]["label"] = HOSTILE
    evil = {
        "neighbours/neighbours.json": json.dumps(told).encode(),
        "views/views.jpg": HOSTILE.encode(),
        "map_2d/map.json": facts(
            3, classes=[HOSTILE] * 3, labels=[0, 1, 2], maps={HOSTILE: [[0, 0]] * 3}, pca_variance=[]
        ),
        "linear_probe/confusion.csv": f'x,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\r\nx,1\r\n'.encode(),
    }
    table = found.table
    table["content"] = [evil.get(name, content) for name, content in zip(table["name"], table["content"], strict=True)]
    text = page(tmp_path, make, trials, found)
    assert "<img src=x" not in text and "<script>alert" not in text
    assert "left files that cannot be read (ValueError)" in text


def test_what_protocols_leave_is_what_the_page_reads(tmp_path):
    known = judged("rotation", dataset(48, 18, 24))
    found = {}
    for name in PROTOCOLS:
        judge = protocol(name)
        own = files(judge.evaluate(known, tmp_path / name))
        found |= {f"{name}/{path.name}": path.read_bytes() for path in own}
    one, sheets = chosen(files=found), Sheets()
    queries = neighbours.prepare(one, sheets).queries
    assert len(queries) == 6 and {len(query.near) for query in queries} == {8}
    targets = {view.target for sample in views.prepare(one, sheets).samples for view in sample.views}
    assert targets - {None} == {0, 1, 2, 3}
    assert [len(each.points) for each in embedding_maps.prepare(one, sheets).maps] == [18, 18]
    assert sum(map(sum, confusion.prepare(one, "linear_probe").counts)) == 24
    assert len(sheets.contents) == 3


@pytest.fixture
def address(tmp_path, make, trials) -> str:
    trials = asking(trials, (*PROTOCOLS, "generations"))
    found = frame(trials)
    names = [f"class {i}" for i in range(8)]  # rows enough for whatever the page does to its tables
    matrix = "\r\n".join([",".join(["x", *names]), *(",".join([name, *"12345678"]) for name in names), ""])
    table = found.table
    table.loc[table["name"] == "linear_probe/confusion.csv", "content"] = matrix.encode()
    many = [near(place, "a class with a long name") for place in range(1, 9)]
    queries = facts(9, queries=[{"tile": 0, "label": "brick", "near": many}], among=9)
    table.loc[table["name"] == "neighbours/neighbours.json", "content"] = queries
    page(tmp_path, make, trials, found)
    return Path(tmp_path / "index.html").as_uri()


def test_the_pointer_and_the_keys_show_a_points_picture_in_a_browser(visit, address):
    seen = visit(address)
    plot = seen.locator("#panels .plot.js-plotly-plot").first
    thumb, heard = seen.locator(".thumb").first, seen.locator(".heard").first
    plot.locator(".point").nth(1).hover(force=True)
    thumb.wait_for(state="visible")
    assert re.match(r"(brick|rocket|no label); simclr", heard.text_content())
    shown = "e => getComputedStyle(e.firstChild).backgroundImage"
    assert thumb.evaluate(shown).startswith('url("data:image/jpeg;base64,')
    assert seen.locator("#panels .ring").count() == 6, "the same image in each panel of the figure"
    plot.focus()
    seen.keyboard.press("Escape")
    assert thumb.is_hidden()
    seen.keyboard.press("ArrowRight")
    before = heard.text_content()
    seen.keyboard.press("PageDown")
    thumb.wait_for(state="visible")
    assert heard.text_content() != before and heard.text_content().split(";")[0] == before.split(";")[0]


def test_the_keys_show_a_points_text_as_it_was_written(visit, tmp_path, make, trials):
    found = frame(asking(trials), only=("map_2d/map.json",))
    of_texts = json.loads(found.table["content"].iloc[0]) | {"texts": [HOSTILE, "second", "third"]}
    found.table["content"] = json.dumps(of_texts).encode()
    page(tmp_path, make, asking(trials), found)
    seen = visit((tmp_path / "index.html").as_uri())
    seen.locator("#panels .plot.js-plotly-plot").first.focus()
    seen.keyboard.press("ArrowRight")
    thumb = seen.locator(".thumb").first
    thumb.wait_for(state="visible")
    assert thumb.locator(".text").text_content() == HOSTILE and seen.locator("#panels .ring").count() == 6


def test_a_finger_shows_a_points_picture_and_beside_all_points_hides_it(visit, address):
    seen = visit(address, PHONE)
    seen.locator("#panels .plot.js-plotly-plot").first.wait_for()
    point = seen.locator("#panels .plot .point").nth(1)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    seen.touchscreen.tap(box["x"] + 12, box["y"] + 4)
    seen.locator(".thumb").first.wait_for(state="visible")
    seen.touchscreen.tap(box["x"] + 70, box["y"] + 60)
    seen.locator(".thumb").first.wait_for(state="hidden")
    width = "() => document.documentElement.scrollWidth"
    assert seen.evaluate(width) == PHONE.width, "nothing reaches beyond the screen"


def test_a_page_of_500_trials_whose_pictures_fill_their_room_stays_below_ten_megabytes(tmp_path, make):
    trials = asking(make.trials(sizes=tuple(range(1, 34)), arms={"random_init": 0.6}, seeds=5))
    assert len(trials) == 500
    noise = np.random.default_rng(0)
    facts_file, rows = left()["neighbours/neighbours.json"], []
    for trial in trials["trial_id"][trials["seed"] == 0]:
        rows.append((trial, "neighbours/neighbours.jpg", b"\xff\xd8\xff" + noise.bytes(155_000)))
        rows.append((trial, "neighbours/neighbours.json", facts_file))
    text = page(tmp_path, make, trials, TrialFiles(pd.DataFrame(rows, columns=["trial_id", "name", "content"])))
    assert text.count("background-image: url(data:") == 12 and len(text.encode()) < 10e6
