from helpers.panel_files import asking, frame
from probeline.report.formats import images, markdown
from probeline.report.formats.contents import contents
from probeline.report.results.results import Results
from probeline.report.tables.tables import Entry, Table


def test_a_table_has_a_rule_and_a_line_for_every_row():
    content = Table("t", "Words.", ("Cell", "n"), ((Entry("a|b"), Entry("3", 3, "1 to 2")),), frozenset({1}))
    assert markdown.table(content) == "Words.\n\n| Cell | n |\n| --- | ---: |\n| a\\|b | 3 (1 to 2) |"


def test_special_characters_are_shown_and_not_read():
    assert markdown.safe("<b>*x*</b> [a](b)\n| `c`") == "\\<b\\>\\*x\\*\\</b\\> \\[a\\](b) \\| \\`c\\`"


def test_the_report_has_its_words_and_tables(make, trials, history):
    text = markdown.render(contents(make.experiment(), Results(trials, history)))
    assert text.startswith("# quickstart\n\nDoes SimCLR beat")
    for words in ("### Against random\\_init", "## Result", "| simclr batch\\_size=64 | 3 |", "## Provenance"):
        assert words in text


def test_a_summary_is_the_answer_what_it_beats_and_what_is_missing(make, trials, history):
    text = markdown.summary(contents(make.experiment(), Results(make.fail(trials, 0), history)))
    assert text.startswith("**supervised has the highest")
    assert text.count("\n- ") == 4 and "random\\_init" in text and "1 of 33 trials without a result" in text
    assert "|" not in text and len(text.splitlines()) < 12


def test_matrices_are_tables_and_galleries_are_named_where_they_can_be_seen(make, trials):
    trials = asking(trials)
    page = contents(make.experiment(), Results(trials, make.history(trials)), frame(trials))
    text = markdown.render(page)
    assert "## A closer look" in text and "| brick | 3 | 1 | 0 |" in text
    assert "Nearest neighbours in h: pictures of simclr batch\\_size=64, " in text and "in `index.html`." in text
    shown = markdown.render(page, images.pictures(page, "svg"))
    assert "![Nearest neighbours in h](figures/" in shown and "in `index.html`." not in shown.partition("## Prov")[0]
    assert "pointer" not in shown, "a file has none"
    linked = markdown.render(page, images.pictures(page, "pdf"))
    assert "![" not in linked and "\n[Nearest neighbours in h](figures/" in linked


def test_a_line_begins_no_list_and_no_heading_and_right_to_left_names_stay_isolated():
    assert [markdown.line(text) for text in ("- a", "+1", "12) a", "1. a", "=== a", "0.5 a", "a - b")] == [
        "\\- a", "\\+1", "12\\) a", "1\\. a", "\\=== a", "0.5 a", "a - b"
    ]  # fmt: skip
    assert markdown.safe("\u2068\u05e9\u05dc\u2069: 3\u202e \u2069") == "\u2068\u05e9\u05dc\u2069: 3"


def test_what_could_not_be_drawn_says_why(make, trials, history):
    text = markdown.render(contents(make.experiment(), Results(trials)))
    assert "## Training curves\n\nNo trial has recorded train/loss." in text
