import json

from helpers.panel_files import NEIGHBOURS, chosen, facts, files
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


TEXTS = ["good <b>film</b>", "bad", "a good one", "fine", "awful", "the worst"]


def of_texts(cell="gpt"):
    told = {"format": 1, "texts": TEXTS, "queries": NEIGHBOURS, "among": 40}
    return chosen(cell, files={"neighbours/neighbours.json": json.dumps(told).encode()})


def test_texts_stand_in_a_list_and_in_a_table_and_have_no_figure():
    drawn = str(neighbours.draw(neighbours.prepare(of_texts(), Sheets())))
    assert drawn.count("<ol>") == 2 and drawn.count("<li") == 4 and drawn.count('class="other"') == 1
    assert "good &lt;b&gt;film" in drawn and "0.80, rocket" in drawn
    shown = neighbours.panel([of_texts()], Sheets())
    assert shown.figures() == [] and len(shown.tables) == 1
    assert [entry.text for entry in shown.tables[0].rows[1]] == [TEXTS[0], TEXTS[3], "0.80, rocket"]
    assert len(neighbours.panel([chosen()], Sheets()).figures()) == 1


def test_a_file_that_names_a_text_which_is_not_there_is_said_to_be_unreadable():
    for number in (6, -1):
        wrong = [NEIGHBOURS[0] | {"tile": number}]
        told = json.dumps({"format": 1, "texts": TEXTS, "queries": wrong, "among": 40}).encode()
        shown = neighbours.panel([chosen("gpt", files={"neighbours/neighbours.json": told})], Sheets())
        assert shown.cards == () and "cannot be read" in shown.missing[0]
