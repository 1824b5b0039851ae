import os
import re
import shutil

import pytest
from helpers.panel_files import asking, frame
from probeline.errors import UserError
from probeline.report.formats import images
from probeline.report.formats.contents import contents
from probeline.report.formats.page import write
from probeline.report.results.results import Results

CHROME = next(filter(None, map(shutil.which, images.BROWSERS)), None)


@pytest.fixture
def page(make, trials, history):
    return contents(make.experiment(figures=["metric_by_cell"], tables=[]), Results(trials, history))


def test_an_unknown_kind_is_refused(tmp_path, page):
    with pytest.raises(UserError, match="png, svg, pdf"):
        images.check("gif")


def test_without_a_browser_the_message_says_what_to_install(tmp_path, page, monkeypatch):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(UserError, match="apt-get install chromium"):
        images.write(images.pictures(page, "png"), tmp_path, "png")


@pytest.mark.slow
@pytest.mark.skipif(CHROME is None, reason="no Chrome here: apt-get install chromium")
def test_a_figure_is_written_as_svg(tmp_path, page):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    paths = images.write(images.pictures(page, "svg"), tmp_path, "svg")
    assert [path.name for path in paths] == ["01_metric_by_cell.svg", "02_paired_differences.svg"] or len(paths) == 1
    text = paths[0].read_text(encoding="utf-8")
    assert text.startswith("<svg") and "top-1 accuracy" in text and "http://" not in text.replace("http://www.w3", "")
    os.environ.pop("BROWSER_PATH", None)


@pytest.mark.slow
@pytest.mark.skipif(CHROME is None, reason="no Chrome here: apt-get install chromium")
def test_names_beside_the_lines_lie_within_the_picture(tmp_path, make, trials, history):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    page = contents(make.experiment(figures=["metric_against_axis"], tables=[]), Results(trials, history))
    text = images.write(images.pictures(page, "svg"), tmp_path, "svg")[0].read_text(encoding="utf-8")
    starts = [float(x) for x in re.findall(r'class="cursor-pointer" transform="translate\(([\d.]+),', text)]
    assert starts
    assert max(starts) < images.WIDTH - 30
    assert 'class="legendtext"' not in text
    os.environ.pop("BROWSER_PATH", None)


def test_galleries_and_matrices_become_files_beside_the_figures(make, trials):
    trials = asking(trials, ("linear_probe", "views", "neighbours", "map_2d", "generations"))
    page = contents(make.experiment(figures=["metric_by_cell"]), Results(trials, make.history(trials)), frame(trials))
    found = [one for one in images.pictures(page, "png") if one.part == "panels"]
    names = [one.file.partition("_")[2] for one in found]
    kinds = ("views", "generations_samples_png", "neighbours", "confusion", "map_2d", "map_2d")
    assert names == [f"{kind}.png" for kind in kinds for _ in range(2)], "eleven cells: six a file"
    assert len({one.file for one in images.pictures(page, "png")}) == len(images.pictures(page, "png"))
    assert found[1].title == f"{found[0].title}, more cells"
    drawn = images.on_paper(found[4].draw())
    titles = [note.text for note in drawn.layout.annotations if note.text.startswith("<b>")]
    assert titles[:2] == ["<b>simclr batch_size=64</b>", "<b>simclr batch_size=128</b>"]
    assert all(image.source.startswith("data:image/png;base64,") for image in drawn.layout.images)
    assert drawn.layout.title.text == "Nearest neighbours in h" and drawn.layout.paper_bgcolor == "white"


def test_panels_stand_in_columns_that_fill_the_width_and_no_two_overlap(page, make, trials, history):
    page = contents(make.experiment(figures=["cost"], tables=[]), Results(trials, history))
    drawn = images.on_paper(page.sections[-1].charts[0].figure)
    boxes = [(*drawn.layout[f"xaxis{n}"].domain, *drawn.layout[f"yaxis{n}"].domain) for n in ("", 2, 3, 4)]
    assert len({box[0] for box in boxes}) == 2 and max(box[1] for box in boxes) == 1
    for i, (left, right, low, high) in enumerate(boxes):
        assert 0 <= left < right <= 1 and 0 <= low < high <= 1
        assert all(right <= b[0] or b[1] <= left or high <= b[2] or b[3] <= low for b in boxes[i + 1 :])


@pytest.mark.slow
@pytest.mark.skipif(CHROME is None, reason="no Chrome here: apt-get install chromium")
@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<svg")])
def test_every_file_that_the_markdown_shows_is_there_and_of_its_kind(tmp_path, make, kind, start):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    trials = asking(make.trials(sizes=(64,), seeds=1), ("linear_probe", "views", "neighbours", "map_2d", "generations"))
    paths = write(make.experiment(), Results(trials, make.history(trials)), tmp_path, kind, frame(trials))
    shown = re.findall(r"\]\((figures/[^)]+)\)", (tmp_path / "report.md").read_text(encoding="utf-8"))
    assert len(shown) > 6
    assert [tmp_path / name for name in shown] == [path for path in paths if path.parent.name == "figures"]
    assert all((tmp_path / name).read_bytes().startswith(start) for name in shown)
    os.environ.pop("BROWSER_PATH", None)
