"""The page in a real browser, opened from disk with the network cut off; skipped where there is no Chromium."""

import shutil
import subprocess

import pytest
from helpers.browser import FLAGS, PHONE, Look, program
from probeline.report.formats.page import write
from probeline.report.results.results import Results

SCRIPT = "<script>document.title='planted'</script><img src=x onerror=\"document.title='planted'\">\"'`${document}"
LONG, RTL, FORMULA = "x" * 5_000, "שיטה\u202eabc", '=HYPERLINK("http://example.org")'
CUT_OFF = Look(online=False)


@pytest.fixture
def report(tmp_path, make):
    """Writes a report of frames and opens it; what asks for anything but files fails."""

    def opened(visit, frame=None, look=CUT_OFF, **asked):
        frame = make.trials() if frame is None else frame
        write(make.experiment(**asked), Results(frame, make.history(frame)), tmp_path / "page")
        page = visit((tmp_path / "page" / "index.html").as_uri(), look)
        page.on("request", lambda request: visit.complaints.append(f"asked for {request.url}"))
        return page

    return opened


def drawn(page):
    """Waits until every figure outside a fold is drawn; returns how many those are."""
    page.wait_for_function("[...document.querySelectorAll('main > section > figure .plot')].every(p => p.drawn)")
    return page.locator("main > section > figure .main-svg").count()


def column(page, table, place):
    return [
        text.split("\n")[0] for text in page.locator(f"#table-{table} tbody tr td:nth-child({place})").all_inner_texts()
    ]


def test_figures_are_drawn_without_a_network(visit, report):
    assert drawn(report(visit)) >= 4


def test_a_planted_script_runs_nowhere(visit, make, report, tmp_path):
    frame = make.trials(levels={SCRIPT: 0.7, RTL: 0.6, LONG: 0.5}, arms={"random_init": 0.5, FORMULA: 0.4})
    frame = frame.rename(columns={"training.batch_size": f"training.{SCRIPT}"})
    frame["hardware"], frame["git_commit"], frame["run_url"] = SCRIPT, SCRIPT, "javascript:document.title='planted'"
    frame[f"linear_probe/top1/{SCRIPT}"] = 0.5
    frame = make.fail(frame, 0, failure=SCRIPT, message=SCRIPT)
    page = report(visit, frame, notes=SCRIPT)
    drawn(page)
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    page.wait_for_timeout(300)
    for point in page.locator(".main-svg .points path").all()[:3]:
        point.hover(force=True)
    assert page.locator(".hovertext").count()
    assert page.title() == "quickstart · Probeline"
    assert page.locator("img, a[href^=javascript]").count() == 0
    assert SCRIPT in page.locator("main").inner_text()
    csv = (tmp_path / "page/results.csv").read_text(encoding="utf-8")
    assert f"'{FORMULA[:9]}" in csv and f",{FORMULA[:9]}" not in csv and f',"{FORMULA[:9]}' not in csv


def test_a_table_sorts_by_click_and_by_keyboard(visit, report):
    page = report(visit)
    head = page.locator("#table-results th").nth(2)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    numbers = [float(text.rstrip("%")) for text in column(page, "results", 3)]
    assert numbers == sorted(numbers)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert [float(text.rstrip("%")) for text in column(page, "results", 3)] == sorted(numbers, reverse=True)
    assert page.locator("#table-results th[aria-sort]").count() == 1


def test_a_table_filters_by_words_and_says_how_many_rows_are_left(visit, report):
    page = report(visit)
    page.get_by_label("Filter the rows of: Means over finished seeds, with their 95%").fill("256 simCLR")
    visible = page.locator("#table-results tbody tr:visible")
    assert visible.count() == 1 and visible.inner_text().startswith("simclr batch_size=256")
    assert page.locator("#results .filter [role=status]").first.inner_text() == "1 of 11 rows"
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert visible.count() == 11


def test_a_number_leads_to_its_trials_their_rows_and_the_command_that_shows_them(visit, make, report):
    frame = make.trials()
    page = report(visit, frame)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#table-results tbody tr td:nth-child(3) summary").first.press("Enter")
    opened = page.locator("#table-results details[open]")
    assert opened.locator("a").all_inner_texts() == list(frame["trial_id"][:3])
    opened.get_by_role("button", name="copy command").first.click()
    opened.get_by_role("button", name="copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"probeline show {frame['trial_id'][0]}"
    opened.locator("a").nth(1).press("Enter")
    found = page.locator("#table-trials tr.found")
    assert found.is_visible() and frame["run_id"][1] in found.inner_text()
    assert page.evaluate("document.activeElement.classList.contains('found')")


def test_where_runs_have_an_address_numbers_lead_to_it(visit, make, report):
    frame = make.trials()
    frame["run_url"] = ["http://mlflow.example/#/experiments/1/runs/" + run for run in frame["run_id"]]
    page = report(visit, frame)
    page.locator("#table-results tbody tr td:nth-child(3) summary").first.click()
    link = page.locator("#table-results details[open]").get_by_role("link", name="MLflow run").first
    assert link.get_attribute("href") == frame["run_url"][0] and "noopener" in link.get_attribute("rel")


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_is_the_systems(visit, report, dark):
    page = report(visit, look=Look(online=False, dark=dark))
    drawn(page)
    light = "value => value.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 382"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    words = page.evaluate("getComputedStyle(document.querySelector('.main-svg text')).fill")
    assert page.evaluate(light, ground) is not dark and page.evaluate(light, words) is dark


def test_a_phone_has_nothing_to_scroll_sideways(visit, make, report):
    page = report(visit, make.trials(levels={"simclr": 0.7, LONG: 0.6}), PHONE)
    drawn(page)
    page.evaluate("document.querySelectorAll('details.fold').forEach(fold => { fold.open = true; })")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_contents_list_leads_to_every_section_by_keyboard(visit, report):
    page = report(visit)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    for link in page.locator("nav a").all():
        link.press("Enter")
        assert page.locator(page.evaluate("location.hash")).is_visible()


def states(make):
    trials = make.trials()
    failed = trials
    for row in range(len(trials)):
        failed = make.fail(failed, row)
    return {
        "an empty experiment": trials.iloc[:0], "one trial": trials.iloc[:1], "one seed": make.trials(seeds=1),
        "all failed": failed,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["an empty experiment", "one trial", "one seed", "all failed"])
def test_every_state_is_a_page_without_complaint(visit, make, report, name):
    page = report(visit, states(make)[name])
    drawn(page)
    assert "NaN" not in page.locator("main").inner_text()


@pytest.mark.slow
def test_two_thousand_trials_are_a_page_that_answers(visit, make, report):
    page = report(visit, make.trials(seeds=182), PHONE)  # 11 cells
    drawn(page)
    page.locator("#table-results th button").nth(2).click()
    page.locator("#table-results tbody tr td:nth-child(3) summary").first.click()
    assert page.locator("#table-results details[open] a").count() == 182


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext: apt-get install poppler-utils")
def test_a_printed_page_has_its_tables_and_no_buttons(tmp_path, make, trials, history):
    if program() is None:
        pytest.skip("no Chromium here")
    write(make.experiment(), Results(trials, history), tmp_path)
    flags = [*FLAGS, "--headless", "--virtual-time-budget=6000", "--no-pdf-header-footer"]
    made = [program(), *flags, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={tmp_path / 'page.pdf'}"]
    subprocess.run([*made, (tmp_path / "index.html").as_uri()], check=True, capture_output=True, timeout=120)
    told = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "page.pdf", "-"], check=True, capture_output=True, text=True
    )
    assert "simclr batch_size=256" in told.stdout and "Filter rows" not in told.stdout
