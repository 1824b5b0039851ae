"""The page in a real browser, over databases that real writers have filled."""

import pytest
from helpers.browser import PHONE
from helpers.dashboard_runs import project
from helpers.dashboard_server import dashboard

pytest.importorskip("dash", reason="the extra [dashboard] is not installed")

SPEC = """
name: hostile
question: '<script>document.title = 1</script> "why" & {more}'
base:
  data: {{name: digits, train_size: 200, test_size: 100}}
  encoder: {{name: resnet, width: 4}}
  training: {{epochs: 4, batch_size: 64}}
arms:
  "<script>document.title = 2</script>": {{method: simclr}}
  "\\u202Eright to left \\u05E9\\u05DC\\u05D5\\u05DD": {{method: rotation}}
  "'\\"><img src=x onerror=document.title=3>": {{method: random_init}}
  "{long}": {{method: byol}}
  to come: {{method: vicreg}}
seeds: 2
report: {{metric: linear_probe/top1}}
"""
FATES = ("finished", "running", "failed", "diverged", "new")
PATIENCE = 30_000  # ms
LEGEND = "() => document.querySelectorAll('#curves .legend .traces').length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project with two trials of each fate, and names that are code."""
    folder = tmp_path_factory.mktemp("hostile")
    spec = SPEC.format(more="%{y} $x^2$", long="very_long_name_" * 20)
    project(folder, spec, lambda number, trial: FATES[number % len(FATES)])
    return folder


@pytest.fixture(scope="module")
def address(folder):
    with dashboard(folder) as address:
        yield address


def test_names_that_are_code_are_text_and_every_fate_is_shown(visit, address):
    page = visit(address)
    page.wait_for_function("() => document.title === '2/10 · hostile · Probeline'", timeout=PATIENCE)
    assert [each.inner_text() for each in page.locator(".cell").all()] == ["64.3%", "·", "error", "diverged", "·"]
    page.wait_for_function(f"() => ({LEGEND})() === 4", timeout=PATIENCE)  # what is to come has no curve
    assert '"><img src=x onerror' in page.locator("#curves .legend").text_content()
    page.locator(".failure summary", has_text="ZeroDivisionError: a mistake").first.click()
    page.locator(".failure pre", has_text='File "mine.py", line 3, in loss').wait_for(timeout=PATIENCE)
    page.locator("#report-caption, #report", has_text="No axis has two numeric values").first.wait_for(timeout=PATIENCE)
    assert page.locator("main img, main script, h1 script").count() == 0
    assert page.title() == "2/10 · hostile · Probeline"


def test_the_keyboard_chooses_cells_and_a_phone_does_not_scroll_sideways(visit, address):
    page = visit(address, PHONE)
    page.wait_for_function(f"() => ({LEGEND})() === 4", timeout=PATIENCE)
    page.locator(".cell").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => ({LEGEND})() === 1", timeout=PATIENCE)
    assert "right to left" in page.locator(".cell[aria-pressed=true]").get_attribute("aria-label")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE.width


def test_a_server_that_is_gone_is_told(visit, folder):
    with dashboard(folder) as address:
        page = visit(address)
        page.wait_for_function("() => document.title.startsWith('2/10')", timeout=PATIENCE)
        assert page.locator("#silent").is_hidden()
    page.get_by_text("server has not answered since").wait_for(timeout=PATIENCE)
    assert page.locator(".cell").count() == 5  # what was there stays
    page.close()
    words = ("ERR_", "fetch", "did not respond")  # the browser's and Dash's own, of requests that nobody answered
    assert [each for each in visit.complaints if not any(word in each for word in words)] == []
    visit.complaints.clear()
