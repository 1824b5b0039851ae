"""What MLflow shows of an experiment."""

import re

from probeline.experiment.schema import Experiment
from probeline.tracking.writing.experiments import describe

HOSTILE = "<script>alert(1)</script> [click](javascript:alert(2)) ![i](x) <img src=x onerror=alert(3)>\u202e"


def experiment(**texts: str) -> Experiment:
    base = {"data": "digits", "encoder": "resnet", "method": "simclr", "evaluation": ["knn"]}
    return Experiment.model_validate({"name": "a", "base": base, **texts})


def test_the_description_holds_no_html_and_no_link_of_a_specs_texts():
    shown = describe(experiment(question=HOSTILE, expected=HOSTILE), "", {}).description
    assert not re.search(r"(?<!\\)[<>\[\]]", shown) and "\u202e" not in shown
    assert shown.replace("\\", "").count("<script>alert(1)</script>") == 2


def test_plain_texts_are_told_as_they_are():
    shown = describe(experiment(question="Does it help?", expected="Yes, by 2.5 points."), "", {}).description
    assert shown == "Does it help?\n\n*Expected:* Yes, by 2.5 points."
