from helpers.panel_files import chosen
from probeline.report.panels import views
from probeline.report.panels.gallery import Sheets


def test_a_row_a_picture_with_the_target_that_the_task_asks_for():
    frame = views.prepare(chosen(), Sheets())
    assert frame[["sample", "view", "tile", "label", "target"]].values.tolist() == [
        [0, 0, 0, "brick", None], [0, 1, 1, "brick", 3], [0, 2, 2, "brick", None]
    ]  # fmt: skip
    drawn = str(views.draw(frame))
    assert 'aria-label="view 1, target 3"' in drawn and "<bdi>3</bdi>" in drawn and drawn.count("<small>") == 2


def test_many_views_stand_as_a_square_and_others_in_lines():
    assert [views.across(count) for count in (1, 2, 4, 8, 9, 10, 49)] == [1, 2, 4, 8, 3, 8, 7]
