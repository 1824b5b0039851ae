import ast
import math

import pytest
from probeline.core.metric import Metric, percentage
from probeline.plugins.config_source import BrokenPlugin, PluginSource
from probeline.plugins.constant_source import Constants, NotConstant

HEAD = """from math import inf
from probeline.core.metric import Metric as M, percentage, probe_metrics
import a_missing_module
"""


def value(text, name="METRICS"):
    return Constants(ast.parse(HEAD + text)).value(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{'a': percentage('A')}", {"a": percentage("A")}),
        ("{'a': M('A', unit='s', bounds=(0, inf), scale=1 / 4, digits=-1 + 2)}",
         {"a": Metric("A", "s", bounds=(0, math.inf), scale=0.25, digits=1)}),
        ("{**OTHER, 'b': percentage('B')}\nOTHER = {'a': 1}", {"a": 1, "b": percentage("B")}),
        ("OTHER | {'b': 1}\nOTHER: dict = {'a': [2, (3,)]}", {"a": [2, (3,)], "b": 1}),
        ("{}", {}),
    ],
)  # fmt: skip
def test_literals_arithmetic_names_and_declarations_are_read(text, expected):
    assert value(f"METRICS = {text}") == expected


def test_a_name_that_is_not_there_is_the_default():
    assert Constants(ast.parse(HEAD)).value("PRIMARY", "x") == "x"


@pytest.mark.parametrize(
    "text",
    ["open('/etc/passwd').read()", "__import__('os')", "a_missing_module.x", "{name: 1 for name in 'ab'}", "METRICS",
     "eval('1')", "percentage", "percentage(*'ab')", "percentage(**{'title': 'a'})", "M('A', direction='up')", "M()",
     "f'{1}'", "(lambda: 1)()", "percentage.__globals__"],
)  # fmt: skip
def test_nothing_else_is_run(text):
    if text == "percentage":
        assert value(f"METRICS = {text}") is percentage  # refused where a dict of metrics is asked for
        return
    with pytest.raises(NotConstant, match="allowed: literals"):
        value(f"METRICS = {text}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("METRICS = {'a': 1}", "METRICS: not a dict of names and Metric"),
        ("METRICS = percentage", "METRICS: not a dict of names and Metric"),
        ("x = 1\nMETRICS = open('x')", r"own.py:5 METRICS: open has no constant value"),
        ("METRICS = {'a': percentage('A')}\nPRIMARY = 'b'", r"PRIMARY: 'b' is not in METRICS \(a\)"),
    ],
)
def test_a_declaration_that_is_none_is_the_plugins_own_mistake(tmp_path, text, message):
    (tmp_path / "own.py").write_text(HEAD + text)
    source = PluginSource(tmp_path / "own.py", "own")
    with pytest.raises(BrokenPlugin, match=message):
        _ = source.metrics, source.primary
