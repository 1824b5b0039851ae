from helpers.panel_files import chosen
from probeline.report.panels import views
from probeline.report.panels.gallery import Sheets


def test_a_sample_has_its_views_with_the_target_that_the_task_asks_for():
    info = views.prepare(chosen(), Sheets())
    (sample,) = info.samples
    assert (sample.tile, sample.label) == (0, "brick")
    assert [(view.tile, view.target) for view in sample.views] == [(1, 3), (2, None)]
    drawn = str(views.draw(info))
    assert 'aria-label="view 1, target 3"' in drawn and "<bdi>3</bdi>" in drawn and drawn.count("<small>") == 2


def test_many_views_stand_as_a_square_and_others_in_lines():
    assert [views.across(count) for count in (1, 2, 4, 8, 9, 10, 49)] == [1, 2, 4, 8, 3, 8, 7]
