import json

import numpy as np
import torch
from helpers.subjects import stripes
from PIL import Image
from probeline.core.sample_spec import image
from probeline.evaluation._tiles import FORMAT, rows_of, tiles, tiles_of, write_facts, write_sheet


def test_the_rows_are_as_many_of_each_class_as_can_be_and_hang_on_the_labels_alone():
    labels = np.array([0] * 50 + [1] * 3 + [2] * 47)
    rows = rows_of(labels, 11)
    assert np.bincount(labels[rows]).tolist() == [4, 3, 4] and len(set(rows)) == 11
    assert np.array_equal(rows, rows_of(labels.copy(), 11)) and labels[rows].tolist() == sorted(labels[rows])
    assert sorted(rows_of(labels, 1000)) == list(range(100))
    assert len(rows_of(np.full(20, -1), 5)) == 5
    assert rows_of(labels[:50], 8).tolist() != list(range(8)), "the first of a part may be alike"


def test_a_tile_is_the_image_and_a_large_one_is_shrunk_with_its_proportions():
    part = stripes(4)
    assert np.array_equal(tiles_of(part, np.array([2, 0]), image(8, 8, 3), 32).numpy(), part.inputs[[2, 0]])
    assert tiles(torch.rand(2, 3, 60, 120), 32).shape == (2, 16, 32, 3)
    grey = tiles(torch.full((1, 1, 9, 9), 0.2), 32)
    assert grey.shape == (1, 9, 9, 3) and bool((grey == 51).all())
    assert tiles(torch.rand(1, 2, 8, 8), 32).shape == (1, 8, 8, 3)


def test_a_sheet_decodes_to_its_tiles_each_at_its_place(tmp_path):
    colours = torch.randint(0, 256, (37, 1, 1, 3), dtype=torch.uint8).expand(-1, 16, 8, -1)
    facts = write_sheet(colours, tmp_path / "deep" / "sheet.jpg")
    assert facts == {"file": "sheet.jpg", "tile": [8, 16], "across": 16, "count": 37}
    with Image.open(tmp_path / "deep" / "sheet.jpg") as picture:
        sheet = np.asarray(picture).astype(int)
    assert sheet.shape == (3 * 16, 16 * 8, 3)
    for position, colour in enumerate(colours[:, 0, 0].numpy().astype(int)):
        line, column = divmod(position, 16)
        results = sheet[line * 16 : line * 16 + 16, column * 8 : column * 8 + 8]
        assert np.abs(results - colour).max() <= 6, position


def test_facts_carry_the_number_of_their_format(tmp_path):
    assert json.loads(write_facts({"a": [1]}, tmp_path / "a.json").read_text()) == {"format": FORMAT, "a": [1]}
