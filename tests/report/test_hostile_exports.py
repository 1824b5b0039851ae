"""Hostile names in every file that a report leaves beside its page (the page itself: test_page, test_section)."""

import csv
import re
from html.parser import HTMLParser

import pytest
from helpers import hostile
from markdown_it import MarkdownIt
from probeline.report.formats import images
from probeline.report.formats.contents import contents
from probeline.report.formats.page import write
from probeline.report.results.results import Results

TAGS = {"h1", "h2", "h3", "p", "ul", "li", "strong", "em", "code", "table", "thead", "tbody", "tr", "th", "td"}
COMMANDS = {
    "usepackage", "begin", "end", "centering", "caption", "label", "toprule", "midrule", "bottomrule", "footnotesize",
    "textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar", "textasciigrave",
    "ldots", "pm",
}  # fmt: skip


@pytest.fixture(scope="module", params=hostile.NAMES, ids=range(len(hostile.NAMES)))
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make, name):
    """A report of one name, written once for all tests, which only read it."""
    folder, found = tmp_path_factory.mktemp("report"), hostile.trials(make, name)
    write(hostile.experiment(make, name), Results(found, make.history(found)), folder, files=hostile.left(found))
    return folder


class Read(HTMLParser):
    """The tags, and the text of every row of every table."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.rows, self.cell = set(), [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not attrs or dict(attrs).keys() == {"style"}, f"{tag} with {attrs}"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag):
        self.cell = None if tag in ("td", "th") else self.cell

    def handle_data(self, data):
        if self.cell:
            self.rows[-1][-1] += data


def plain(text):
    """As an export may show a text: spaces for what is no character of a line, without isolation."""
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", text)).strip()


def read(markdown):
    return Read(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def test_markdown_shows_names_as_they_are_and_nothing_else_than_our_own_marks(folder, name):
    found = read((folder / "report.md").read_text(encoding="utf-8"))
    assert found.tags <= TAGS
    shown = {plain(cell) for row in found.rows for cell in row}
    assert plain(f"{name} batch_size=64") in shown, "a cell's name"
    assert plain(name) in shown, "a class, and a message"
    assert read((folder / "summary.md").read_text(encoding="utf-8")).tags <= TAGS


def test_every_row_of_a_markdown_table_has_its_columns(folder):
    blocks = (folder / "report.md").read_text(encoding="utf-8").split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) >= 4
    for lines in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


@pytest.fixture
def latex(folder) -> str:
    """The tables without the two lines of comment that stand before them."""
    first, second, *lines = (folder / "tables.tex").read_text(encoding="utf-8").splitlines()
    assert first.startswith("% ") and second.startswith("% ")
    return "\n".join(lines)


def test_latex_has_no_command_but_ours_and_every_brace_closed(latex):
    tokens = re.findall(r"\\[A-Za-z]+|\\.|[{}$&#_%^~]", latex.replace("$-$", "").replace("$\\pm$", ""))
    assert {token[1:] for token in tokens if re.match(r"\\[A-Za-z]", token)} <= COMMANDS
    assert {token for token in tokens if len(token) == 1} <= {"{", "}", "&", "~"}, "all else is escaped"
    assert {token for token in tokens if re.match(r"\\[^A-Za-z]", token)} <= {"\\" + c for c in "\\{}$&#_%"}
    assert tokens.count("{") == tokens.count("}")
    assert set(re.findall(r"\\(?:begin|end)\{(\w+)\}", latex)) == {"table", "tabular"}


def test_every_row_of_a_latex_table_has_its_columns_and_begins_no_option(latex):
    found = re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", latex, re.DOTALL)
    assert len(found) >= 4
    for columns, body in found:
        rows = [line for line in body.splitlines() if line.endswith("\\\\")]
        assert rows and all(len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1 for row in rows)
        assert not any(row.lstrip().startswith(("[", "*")) for row in rows)


def test_no_field_of_a_csv_is_a_formula(folder):
    with (folder / "results.csv").open(encoding="utf-8", newline="") as lines:
        fields = [field for row in csv.reader(lines) for field in row]
    assert fields and not any(re.match(r"[=+@\t\r\n＝＋－＠]|-(?![\d.])", field) for field in fields)


def test_files_of_figures_have_names_that_any_system_takes_and_titles_that_are_text(make, name):
    found = hostile.trials(make, name)
    page = contents(hostile.experiment(make, name), Results(found, make.history(found)), hostile.left(found))
    pictures = images.pictures(page, "svg")
    assert len(pictures) > 5
    for one in pictures:
        assert re.fullmatch(r"figures/\d\d_[a-z0-9_]{1,60}\.svg", one.file)
        drawn = images.on_paper(one.draw())
        words = [drawn.layout.title.text, *(note.text for note in drawn.layout.annotations)]
        for text in filter(None, words):
            tags = set(re.findall(r"<(?!/?b>|/?span|br>)[^>]*>", text))
            assert not tags and "%{" not in text and len(text) < 300, text
