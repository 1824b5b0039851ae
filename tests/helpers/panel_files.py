"""What trials left, made by hand: small sheets and JSON files as the protocols write them."""

import io
import json

import numpy as np
import pandas as pd
from PIL import Image
from probeline.report.panels.trial_selection import FORMAT, SelectedTrial
from probeline.report.results.trial_files import TrialFiles

SIDE = 8
CLASSES = ("brick", "coffee", "rocket")
PROTOCOLS = ("linear_probe", "views", "neighbours", "map_2d")


def picture(count, kind="JPEG", shade=90):
    """`count` tiles of 8x8 in a row, each a shade lighter, as a file's bytes."""
    tiles = np.concatenate([np.full((SIDE, SIDE, 3), shade + place % 100, np.uint8) for place in range(count)], 1)
    file = io.BytesIO()
    Image.fromarray(tiles).save(file, kind)
    return file.getvalue()


def facts(count, **told):
    """A JSON file's bytes about a sheet of `count` tiles."""
    sheet = {"file": "sheet.jpg", "tile": [SIDE, SIDE], "across": count, "count": count}
    return json.dumps({"format": FORMAT, "sheet": sheet, **told}).encode()


def near(tile, label, similarity=0.5):
    return {"tile": tile, "label": label, "similarity": similarity}


NEIGHBOURS = [
    {"tile": 0, "label": "brick", "near": [near(2, "brick", 0.9), near(3, "rocket", 0.8)]},
    {"tile": 1, "label": "coffee", "near": [near(4, "coffee", 0.7), near(5, "coffee", 0.6)]},
]
VIEWS = [{"tile": 0, "label": "brick", "views": [{"tile": 1, "target": 3}, {"tile": 2, "target": None}]}]
POINTS = [[-1.0, 0.5], [0.25, -0.5], [1.0, 0.0]]
CONFUSION = "label \\ predicted,brick,coffee,rocket\r\nbrick,3,1,0\r\ncoffee,0,0,0\r\nrocket,1,0,9\r\n"


def files(shade=90):
    """name -> content of a whole trial."""
    told = {"classes": list(CLASSES), "labels": [0, 2, -1], "maps": {"tsne": POINTS, "pca": POINTS}}
    return {
        "linear_probe/confusion.csv": CONFUSION.encode(),
        "views/views.json": facts(3, samples=VIEWS), "views/views.jpg": picture(3, shade=shade),
        "neighbours/neighbours.json": facts(6, queries=NEIGHBOURS, among=40),
        "neighbours/neighbours.jpg": picture(6, shade=shade),
        "map_2d/map.json": facts(3, pca_variance=[0.5, 0.25], **told), "map_2d/thumbnails.jpg": picture(3),
        "generations/samples.png": picture(5, "PNG", shade),
    }  # fmt: skip


def chosen(cell="simclr", **changed):
    """A trial that is shown, with all its files."""
    settled = {"seed": 0, "trial_id": "ab12", "protocols": (*PROTOCOLS, "generations"), "files": files()}
    return SelectedTrial(cell, **{**settled, **changed})


def asking(trials, protocols=PROTOCOLS):
    """The frame of `conftest.make_trials` with these protocols in every recipe."""
    recipes = [{**recipe, "evaluation": {name: {} for name in protocols}} for recipe in trials["recipe"]]
    return trials.assign(recipe=pd.Series(recipes, dtype=object), notes=pd.Series([{}] * len(trials), dtype=object))


def frame(trials, only=None):
    """The files of every trial as a reader gives them."""
    rows = [
        (trial, name, content)
        for place, trial in enumerate(trials["trial_id"])
        for name, content in files(shade=20 + place).items()
        if only is None or name in only
    ]
    return TrialFiles(pd.DataFrame(rows, columns=["trial_id", "name", "content"]))
