"""The report as files: one offline HTML page, Markdown, CSV and Parquet."""

import base64
import hashlib
import json
import re
from pathlib import Path

import plotly.graph_objects as go
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from probeline import __version__
from probeline.experiment.schema import Experiment
from probeline.report.formats import exports, images, latex, markdown
from probeline.report.formats.charts import Chart
from probeline.report.formats.contents import Contents, contents
from probeline.report.formats.templates import environment, files_text
from probeline.report.results.results import Results
from probeline.report.results.trial_files import TrialFiles
from probeline.report.tables.tables import Entry, Table

SPECIAL = re.compile("[&<>'\"]")  # what HTML gives a meaning of its own
SUMMARY = "summary.md"
SCRIPTS = ("formats/figures.js", "formats/page.js", "formats/tables.js", "formats/trials.js", "panels/panels.js")
STYLES = ("formats/page.css", "panels/panels.css")


def write(
    experiment: Experiment,
    results: Results,
    folder: Path,
    kind: str | None = None,
    files: TrialFiles | None = None,
) -> list[Path]:
    """Write the page, Markdown (whole and in a few lines), LaTeX tables, and the data as CSV and Parquet.

    `kind` (png, svg or pdf) writes figures and galleries as files too, which the Markdown then shows; `files` is what
    `contents` takes. Returns the paths. Raises UserError where figures cannot be made into files; everything
    else is written by then.
    """
    if kind is not None:
        images.check(kind)
    folder.mkdir(parents=True, exist_ok=True)
    page = contents(experiment, results, files)
    texts = {"index.html": render(page), "report.md": markdown.render(page), SUMMARY: markdown.summary(page)}
    texts["tables.tex"] = latex.render(page)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    paths = [*(folder / name for name in texts), *exports.write(results, folder, files)]
    if kind is None:
        return paths
    pictures = images.pictures(page, kind)
    paths += images.write(pictures, folder, kind)
    (folder / "report.md").write_text(markdown.render(page, pictures), encoding="utf-8")
    return paths


def render(page: Contents) -> str:
    """The page as one HTML text that loads nothing; scripts other than its own two do not run (see `policy`)."""
    templates = environment()
    templates.filters |= {"figure_json": figure_json, "rows_html": rows_html}
    plotly, script = get_plotlyjs(), files_text(*SCRIPTS)
    return templates.get_template("formats/page.html.j2").render(
        page=page,
        description=describe,
        policy=policy(plotly, script),
        css=files_text(*STYLES),
        plotly=Markup(plotly),
        script=script,
        version=__version__,
    )


def figure_json(figure: go.Figure) -> Markup:
    """A figure as JSON that cannot end the script element it stands in."""
    whole = json.loads(figure.to_json())
    plain = json.dumps({"data": whole["data"], "layout": whole["layout"]}, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    return Markup(plain)


def rows_html(table: Table) -> Markup:
    """A table's rows. In Python, as a template needs ten times as long for the 40,000 fields of 5,000 trials."""
    return Markup(
        "\n".join(f"<tr>{''.join(_field(e, i in table.numeric) for i, e in enumerate(row))}</tr>" for row in table.rows)
    )


def _field(entry: Entry, numeric: bool) -> str:
    kind = ' class="number"' if numeric else ""
    sort = "" if entry.sort is None else f' data-sort="{_escaped(entry.sort)}"'
    markup = f"<bdi>{_escaped(entry.text)}</bdi>"
    if entry.link.startswith(("http://", "https://")):  # whatever else a file may say is no link
        markup = f'<a href="{_escaped(entry.link)}" target="_blank" rel="noopener noreferrer">{markup}</a>'
    if entry.behind:
        lines = "".join(f"<li><bdi>{_escaped(line)}</bdi></li>" for line in entry.behind)
        markup = f'<details class="behind"><summary>{markup}</summary><ul>{lines}</ul></details>'
    small = f"<small>{_escaped(entry.small)}</small>" if entry.small else ""
    return f"<td{kind}{sort}>{markup}{small}</td>"


def _escaped(value: object) -> str:
    """What `escape` gives, as plain text and at a third of the time where nothing is to be escaped."""
    text = str(value)
    return str(escape(text)) if SPECIAL.search(text) else text


def describe(chart: Chart) -> dict[str, str | int]:
    """A chart's title, caption and height, from its layout."""
    layout = chart.figure.layout if chart.figure is not None else go.Layout()
    meta = layout.meta if isinstance(layout.meta, dict) else {}
    title = meta.get("title") or chart.name.replace("_", " ")
    caption = f"{meta.get('caption', '')} {meta.get('how', '')}".strip()  # how is for a screen alone
    return {"title": title, "caption": caption, "height": int(layout.height or 450)}


def policy(*scripts: str) -> str:
    """A content security policy: no network at all, no script but these, by their digests."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; script-src {allowed}"
