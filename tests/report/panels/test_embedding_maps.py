import json

from helpers.panel_files import CLASSES, POINTS, chosen, files
from probeline.report.panels import embedding_maps
from probeline.report.panels.gallery import Sheets


def test_every_map_has_a_point_an_image_with_its_class():
    info = embedding_maps.prepare(chosen(), Sheets())
    assert [(each.name, each.title) for each in info.maps] == [
        ("tsne", "simclr"), ("pca", "simclr, 75% of the variance")
    ]  # fmt: skip
    assert all([list(point) for point in each.points] == POINTS for each in info.maps)
    assert info.labels == ("brick", "rocket", "")


def test_a_panel_a_cell_a_trace_a_class_and_points_know_their_thumbnail():
    shown = [chosen(), chosen("rotation", trial_id="cd34"), chosen("old", files={})]
    sheets = Sheets()
    drawn, missing = embedding_maps.charts(shown, sheets)
    assert [aside for _, aside in drawn] == [False, True] and missing == ("old: trial ab12 left none",)
    figure = drawn[0][0]
    assert len(figure.layout.meta["panels"]) == 2 and figure.layout.meta["thumbnails"]
    assert [trace.name for trace in figure.data] == ["brick", "rocket", "no label"] * 2
    assert [trace.showlegend for trace in figure.data] == [True, True, False] + [False] * 3
    trace = figure.data[4]
    assert list(trace.customdata) == [1] and (trace.x[0], trace.y[0]) == (0.25, -0.5)
    assert trace.meta["of"] == "rotation, seed 0, trial cd34" and trace.meta["size"] == [3, 1, 8, 8]
    assert sheets.contents == {trace.meta["sheet"]: files()["map_2d/thumbnails.jpg"]}, "kept once"


def test_many_cells_are_cut_into_figures_of_which_the_first_is_open():
    drawn, _ = embedding_maps.charts([chosen(f"cell {i}") for i in range(8)], Sheets())
    assert [(len(figure.layout.meta["panels"]), aside) for figure, aside in drawn] == [
        (6, False), (2, True), (6, True), (2, True)
    ]  # fmt: skip


def test_points_of_texts_know_their_text_and_the_same_texts_have_one_name_in_all_panels():
    told = {"format": 1, "texts": ["good\nfilm", "bad", "so so"], "classes": list(CLASSES), "labels": [0, 2, -1]}
    stored = json.dumps(told | {"pca_variance": [0.5, 0.25], "maps": {"pca": POINTS}}).encode()
    shown = [chosen(cell, files={"map_2d/map.json": stored}) for cell in ("gpt", "bert")]
    ((figure, _),), missing = embedding_maps.charts(shown, Sheets())
    assert missing == () and [trace.meta["texts"] for trace in figure.data] == [["good film"], ["bad"], ["so so"]] * 2
    assert len({trace.meta["sheet"] for trace in figure.data}) == 1
    short = json.dumps(json.loads(stored) | {"texts": ["good"]}).encode()
    _, missing = embedding_maps.charts([chosen("gpt", files={"map_2d/map.json": short})], Sheets())
    assert len(missing) == 1 and "cannot be read" in missing[0]
