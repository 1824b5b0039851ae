"""Names that a spec, a data set or a message can hold, and that no export may take for anything but text."""

import json

import pandas as pd
from helpers.panel_files import PROTOCOLS, asking, facts, files, frame, near

NAMES = (
    "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "\"both\" 'quotes' `and` ``ticks``",
    "pipe | in || a table",
    "\\input{/etc/passwd}\\end{tabular}\\write18{ls} \\\\",
    "100% of $x_1^2$ {a} #1 & ~ ^^41",
    "[x](javascript:alert(1)) ![y](http://example.org/y.png) <http://example.org>",
    "[0.1, 0.2]",
    "* starred -- and --- dashed",
    "1. a list",
    "- another\n# heading\n\n    code\r\n=====",
    "\u05e9\u05dc\u05d5\u05dd \u202e reversed \u2028 line",
    "=cmd|' /C calc'!A0",
    "~~~\n:::{raw}",
    "long " * 400,
)

CLASSES = (
    *("cat", "猫猫猫", "犬犬犬", "鳥鳥鳥", "a+b", "a&b", "a_b", "a/b", "a//b", "../x", ".", "..", "", " ", "a:2b:b"),
    *("a:b", "=cmd()|'/C calc'!A0", "<script>alert(1)</script>", "line\nbreak", "tab\tstop", "\u202eevil", "é"),
    *("e\u0301", "100%", "top1", "top1/ece", "x" * 400, "x" * 401, "T-shirt/top", "NUL\0", "\U0001f408", "<class>"),
)
"""Names of classes that a metric's name has to hold apart."""


def experiment(make, name):
    """An experiment whose every text is `name`."""
    made = make.experiment(notes=name, baseline=name)
    return made.model_copy(update={"question": name, "expected": name, "name": name.replace("/", "-")[:100]})


def trials(make, name):
    """A finished grid in which what can be named is called `name`; one trial has failed with it."""
    made = asking(make.trials(levels={name: 0.7, "simclr": 0.6}, arms={name: 0.5}, sizes=(64,), seeds=2))
    made["hardware"], made["git_commit"], made["versions"] = name, name, json.dumps({name: name})
    recipe = {"method": {"name": name}, "evaluation": {key: {name: name} for key in PROTOCOLS}}
    made["recipe"] = pd.Series([recipe] * len(made), dtype=object)
    made[f"linear_probe/top1/{name}"] = 0.5
    return make.fail(made, 1, failure=name, message=name)


def left(found):
    """What protocols left of these trials, with `name` for every class."""
    name = str(found["hardware"].iloc[0])
    quoted = name.replace('"', '""')
    told = {
        "neighbours/neighbours.json": facts(6, queries=[{"tile": 0, "label": name, "near": [near(1, name)]}], among=6),
        "linear_probe/confusion.csv": f'x,"{quoted}",b\r\n"{quoted}",3,1\r\nb,0,2\r\n'.encode(),
        "map_2d/map.json": facts(
            3, classes=[name] * 3, labels=[0, 1, 2], maps={name: [[0, 0]] * 3, "pca": [[0, 0]] * 3}, pca_variance=[0.5]
        ),
    }
    made = frame(found)
    assert told.keys() <= files().keys()
    table = made.table
    table["content"] = [told.get(name, content) for name, content in zip(table["name"], table["content"], strict=True)]
    return made
