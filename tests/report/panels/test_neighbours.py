from helpers.panel_files import chosen, facts, files
from probeline.report.panels import neighbours
from probeline.report.panels.gallery import Sheets


def test_a_row_a_picture_with_its_rank_class_and_whether_it_is_the_same():
    frame = neighbours.prepare(chosen(), Sheets())
    assert frame[["query", "rank", "tile", "label", "similarity", "same"]].values.tolist() == [
        [0, 0, 0, "brick", 1.0, True], [0, 1, 2, "brick", 0.9, True], [0, 2, 3, "rocket", 0.8, False],
        [1, 0, 1, "coffee", 1.0, True], [1, 1, 4, "coffee", 0.7, True], [1, 2, 5, "coffee", 0.6, True],
    ]  # fmt: skip
    assert frame.attrs["size"] == (6, 1, 8, 8)


def test_a_neighbour_of_another_class_is_marked_and_named_and_every_picture_is_read_aloud():
    drawn = str(neighbours.draw(neighbours.prepare(chosen(), Sheets())))
    assert drawn.count('role="img"') == 6 and drawn.count(" other") == 1
    assert drawn.count("<small>") == 3 and "<bdi>rocket</bdi>" in drawn
    assert 'aria-label="neighbour 2: rocket, similarity 0.80"' in drawn


def test_images_without_labels_are_neither_same_nor_other():
    bare = [{"tile": 0, "label": "", "near": [{"tile": 1, "label": "", "similarity": 0.5}]}]
    one = chosen(files=files() | {"neighbours/neighbours.json": facts(2, queries=bare)})
    frame = neighbours.prepare(one, Sheets())
    assert frame["same"].tolist() == [True, None]
    assert "other" not in str(neighbours.draw(frame)) and "<small>" not in str(neighbours.draw(frame))
