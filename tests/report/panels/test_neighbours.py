from helpers.panel_files import chosen, facts, files
from probeline.report.panels import neighbours
from probeline.report.panels.gallery import Sheets


def test_a_query_has_its_neighbours_nearest_first_and_whether_they_are_of_its_class():
    info = neighbours.prepare(chosen(), Sheets())
    assert [(query.tile, query.label) for query in info.queries] == [(0, "brick"), (1, "coffee")]
    assert [[(near.tile, near.label, near.similarity, near.same) for near in query.near] for query in info.queries] == [
        [(2, "brick", 0.9, True), (3, "rocket", 0.8, False)],
        [(4, "coffee", 0.7, True), (5, "coffee", 0.6, True)],
    ]
    sheet = info.sheet
    assert (sheet.across, sheet.lines, sheet.width, sheet.height) == (6, 1, 8, 8)


def test_a_neighbour_of_another_class_is_marked_and_named_and_every_picture_is_read_aloud():
    drawn = str(neighbours.draw(neighbours.prepare(chosen(), Sheets())))
    assert drawn.count('role="img"') == 6 and drawn.count(" other") == 1
    assert drawn.count("<small>") == 3 and "<bdi>rocket</bdi>" in drawn
    assert 'aria-label="neighbour 2: rocket, similarity 0.80"' in drawn


def test_images_without_labels_are_neither_same_nor_other():
    bare = [{"tile": 0, "label": "", "near": [{"tile": 1, "label": "", "similarity": 0.5}]}]
    one = chosen(files=files() | {"neighbours/neighbours.json": facts(2, queries=bare)})
    info = neighbours.prepare(one, Sheets())
    assert info.queries[0].near[0].same is None
    assert "other" not in str(neighbours.draw(info)) and "<small>" not in str(neighbours.draw(info))
