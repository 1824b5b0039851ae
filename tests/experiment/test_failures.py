"""Classes of failures by their text."""

import pytest
from probeline.execution.ray.retry_policy import RULES
from probeline.experiment.failures import FailurePattern, kind_by_text
from probeline.experiment.load import load_text

SECTION = (
    'failures: [{matches: "NCCL (error|timeout)", class: infrastructure}, {matches: spilt, class: out of memory}]\n'
)


def kind(base, message, traceback="", before="error"):
    return kind_by_text(load_text(base + SECTION, "demo.yaml").failures, before, message, traceback)


def test_the_first_pattern_that_a_message_or_a_traceback_matches_sets_the_kind(base):
    assert kind(base, "RuntimeError: NCCL error in: all_reduce") == "infrastructure"
    assert kind(base, "the worker died", "...\nNCCL timeout, and spilt\n") == "infrastructure"
    assert kind(base, "memory spilt") == "out_of_memory"


def test_what_matches_nothing_stays_what_it_was(base):
    assert kind(base, "ValueError: no such shape") == "error"
    assert kind(base, "loss is nan", before="diverged") == "diverged"


@pytest.mark.parametrize("name", ["infrastructure", "preempted", "out of memory", "diverged", "user error"])
def test_every_class_has_a_rule_of_its_name(name):
    pattern = FailurePattern.model_validate({"matches": "x", "class": name})
    assert RULES[pattern.kind].group == name


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "{matches: '(', class: diverged}",
            "demo.yaml:8 failures[0].matches: got '('; no regular expression: ",
        ),
        (
            "{matches: x, class: infra}",
            "demo.yaml:8 failures[0].class: got 'infra'; allowed: 'infrastructure', ",
        ),
        ("{match: x, class: diverged}", "demo.yaml:8 failures[0].match: unknown; did you mean 'matches'?"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(mistakes, written, message):
    assert any(line.startswith(message) for line in mistakes(f"failures: [{written}]\n"))
