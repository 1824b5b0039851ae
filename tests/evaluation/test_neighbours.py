import json
from dataclasses import replace

import numpy as np
import torch
from helpers.subjects import CLASSES, dataset, files, judged, protocol
from PIL import Image
from probeline.evaluation.neighbours import nearest


def test_the_nearest_are_those_of_a_brute_force_computation():
    random = np.random.default_rng(3)
    queries, keys = random.normal(size=(5, 7)), random.normal(size=(40, 7))
    near, index = nearest(torch.tensor(queries), torch.tensor(keys), 6)
    for query, similarities, rows in zip(queries, near, index, strict=True):
        cosine = [float(query @ key / np.sqrt(query @ query) / np.sqrt(key @ key)) for key in keys]
        order = sorted(range(40), key=lambda row: -cosine[row])[:6]
        assert rows.tolist() == order
        assert np.allclose(similarities, [cosine[row] for row in order])


def test_the_file_names_the_classes_and_the_sheet_holds_the_pictures(tmp_path):
    given = judged()
    data = given.subject.dataset
    sheet, facts = files(protocol("neighbours", queries=3, k=4).evaluate(given, tmp_path))
    document = json.loads(facts.read_text())
    assert document["among"] == 48 and [len(query["near"]) for query in document["queries"]] == [4, 4, 4]
    assert [query["label"] for query in document["queries"]] == list(CLASSES), "one query of each class"
    with Image.open(sheet) as picture:
        pixels = np.asarray(picture).astype(int)
    for query in document["queries"]:
        for each in query["near"]:
            line, column = divmod(each["tile"], document["sheet"]["across"])
            shown = pixels[line * 16 : line * 16 + 16, column * 16 : column * 16 + 16]
            away = np.abs(data.train.inputs.astype(int) - shown).mean((1, 2, 3))
            assert away.min() < 12 and CLASSES[data.train.labels[away.argmin()]] == each["label"]
        assert [each["similarity"] for each in query["near"]] == sorted(
            (each["similarity"] for each in query["near"]), reverse=True
        )


def test_of_few_training_images_all_are_shown_and_without_labels_no_class_is_named(tmp_path):
    few = files(protocol("neighbours").evaluate(judged(data=dataset(5, 3, 3)), tmp_path / "few"))[1]
    assert [len(query["near"]) for query in json.loads(few.read_text())["queries"]] == [5, 5, 5]
    bare = files(protocol("neighbours").evaluate(judged(data=dataset(classes=())), tmp_path / "bare"))[1]
    assert {query["label"] for query in json.loads(bare.read_text())["queries"]} == {""}


def test_the_test_labels_stay_sealed_and_every_seed_asks_about_the_same_images(tmp_path):
    document = []
    for seed in (0, 1):
        given = replace(judged(seed=seed), test=judged().test)
        document.append(files(protocol("neighbours", queries=2).evaluate(given, tmp_path / str(seed)))[0].read_bytes())
        assert len(given.test.reveal()) == len(given.test.h), "they were still sealed"
    assert document[0] == document[1]
