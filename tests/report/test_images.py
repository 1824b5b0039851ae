import os
import re
import shutil

import pytest
from probeline.failures import UserError
from probeline.report import images
from probeline.report.contents import contents

CHROME = next(filter(None, map(shutil.which, images.BROWSERS)), None)


@pytest.fixture
def page(make, trials, history):
    return contents(make.experiment(figures=["metric_by_cell"], tables=[]), trials, history)


def test_an_unknown_kind_is_refused(tmp_path, page):
    with pytest.raises(UserError, match="png, svg, pdf"):
        images.write(page, tmp_path, "gif")


def test_without_a_browser_the_message_says_what_to_install(tmp_path, page, monkeypatch):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    with pytest.raises(UserError, match="apt-get install chromium"):
        images.write(page, tmp_path, "png")


@pytest.mark.slow
@pytest.mark.skipif(CHROME is None, reason="no Chrome here: apt-get install chromium")
def test_a_figure_is_written_as_svg(tmp_path, page):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    paths = images.write(page, tmp_path, "svg")
    assert [path.name for path in paths] == ["01_metric_by_cell.svg", "02_paired_differences.svg"] or len(paths) == 1
    text = paths[0].read_text(encoding="utf-8")
    assert text.startswith("<svg") and "top-1 accuracy" in text and "http://" not in text.replace("http://www.w3", "")
    os.environ.pop("BROWSER_PATH", None)


@pytest.mark.slow
@pytest.mark.skipif(CHROME is None, reason="no Chrome here: apt-get install chromium")
def test_names_beside_the_lines_lie_within_the_picture(tmp_path, make, trials, history):
    pytest.importorskip("kaleido", reason="kaleido is in the extra `images`")
    page = contents(make.experiment(figures=["metric_against_axis"], tables=[]), trials, history)
    text = images.write(page, tmp_path, "svg")[0].read_text(encoding="utf-8")
    starts = [float(x) for x in re.findall(r'class="cursor-pointer" transform="translate\(([\d.]+),', text)]
    assert starts
    assert max(starts) < images.WIDTH - 30
    assert 'class="legendtext"' not in text
    os.environ.pop("BROWSER_PATH", None)
