"""An experiment that is too large is refused with its size, before anything of that size is made."""

import json

import pytest
from probeline.experiment.problems import MAX_PROBLEMS

RATES = json.dumps([round(0.001 * (i + 1), 3) for i in range(1000)])
DECAYS = json.dumps([round(0.0001 * (i + 1), 4) for i in range(1000)])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            f"grid: {{training.lr: {RATES}}}\nseeds: 10000\n",
            "demo.yaml:8 grid: makes 1,000 cells x 10,000 seeds = 10,000,000 trials; at most 100,000",
        ),
        (
            f"grid: {{training.epochs: [1, 2]}}\nwhen: [{{if: {{method: lab.contrast}}, grid: {{training.lr: {RATES}, "
            f"training.weight_decay: {DECAYS}, training.momentum: [0.1, 0.2]}}}}]\n",
            "demo.yaml:9 when[0]: makes 2,000,001 cells; at most 30,000",
        ),
        (
            f"grid: {{training.lr: {RATES}}}\ntune: {{space: {{training.momentum: {{uniform: [0.1, 0.5]}}}}, "
            "trials: 10000, seeds: 100, metric: lab.score/validation_top1}\n",
            "demo.yaml:9 tune.trials: makes 1,000 cells x 10,000 trials x 100 seeds = 1,000,000,000 tuning trials; "
            "at most 20,000",
        ),
        (
            f"grid: {{training.lr: {RATES}, training.epochs: {list(range(1, 31))}}}\narms: {{x: {{}}}}\n",
            "demo.yaml:9 arms: makes 30,001 cells; at most 30,000",
        ),
    ],
    ids=["seeds", "when", "tune", "arms"],
)
def test_the_size_is_in_the_message(mistakes, more, message):
    (told,) = mistakes(more)
    assert told == message


def test_conditions_on_very_many_keys_of_very_many_cells_are_refused(mistakes):
    rules = ", ".join(f"{{method.key{i}: 1}}" for i in range(4000))
    (told,) = mistakes(f"grid: {{training.lr: {RATES}}}\nexclude: [{rules}]\n")
    assert told == "demo.yaml:9 exclude: asks for 4,000 different keys of 1,000 cells; at most 3,000,000 in all"


def test_rules_that_apply_to_everything_again_and_again_are_too_much(mistakes):
    rules = ", ".join(f"{{if: {{method: lab.contrast}}, set: {{training.epochs: {i}}}}}" for i in range(1, 2500))
    (told,) = mistakes(f"grid: {{training.lr: {RATES}}}\nwhen: [{rules}]\n")
    assert "values, all cells together; at most 1,000,000" in told and told.startswith("demo.yaml:9 when[")


def test_many_scales_are_checked_up_to_a_limit(mistakes, monkeypatch):
    monkeypatch.setattr("probeline.experiment.load.MAX_OVERRIDES", 100_000)
    scales = "".join(f"  s{i}: {{set: {{training.momentum: 0.{i + 1}}}}}\n" for i in range(30))
    (told,) = mistakes(f"grid: {{training.lr: {RATES}, training.epochs: [1, 2]}}\nscales:\n{scales}")
    assert told.startswith("demo.yaml:14 scales.s4: is one of 30 scales that set more than 100,000 values together; ")


@pytest.mark.parametrize(
    "more",
    [
        "arms: {" + ", ".join(f"a{i}: {{training.epochz: 1}}" for i in range(500)) + "}\n",
        "arms: {" + ", ".join(f"a{i}: {{training.epochs: 0.{i}1}}" for i in range(500)) + "}\n",
        "grid: {method: [" + ", ".join(f"{{name: a{i}}}" for i in range(500)) + "]}\n",
        "grid: {" + ", ".join(f"method.p{i}: [1]" for i in range(500)) + "}\n",
        "grid: {training.epochs: [1]}\nexclude: ["
        + ", ".join(f"{{training.epochs: {i}1}}" for i in range(500))
        + "]\n",
        "report: {panels: {cells: [" + ", ".join(f"nothing{i}" for i in range(500)) + "]}}\n",
        "seeds: [" + ", ".join(["x"] * 500) + "]\nwhen: [" + ", ".join(["1"] * 500) + "]\n",
        "x: {" + ", ".join("a: 1" for _ in range(500)) + "}\n",
    ],
    ids=["keys", "values", "components", "axes", "excludes", "panels", "schema", "yaml"],
)
def test_of_very_many_mistakes_the_first_are_told(mistakes, more):
    assert 0 < len(mistakes(more)) <= MAX_PROBLEMS


def test_a_message_of_many_mistakes_says_that_there_may_be_more(base):
    from probeline.experiment.load import load_text
    from probeline.experiment.problems import SpecError

    with pytest.raises(SpecError, match="these are the first mistakes, there may be more"):
        load_text(base + "arms: {" + ", ".join(f"a{i}: {{x: 1}}" for i in range(60)) + "}\n", "demo.yaml")


@pytest.mark.parametrize("key", ["method" + ".a" * 60, "method" + ".a" * 100_000])
@pytest.mark.parametrize(
    "more",
    [
        "grid: {{? {key} : [1, 2]}}\n",
        "arms: {{x: {{? {key} : 1}}}}\n",
        "grid: {{training.epochs: [1, 2]}}\nexclude: [{{? {key} : 1}}]\n",
        "when: [{{if: {{? {key} : 1}}, set: {{training.epochs: 3}}}}]\n",
    ],
)
def test_a_key_of_very_many_words_is_refused(mistakes, more, key):
    told = mistakes(more.format(key=f'"{key}"'))
    assert "allowed: at most 50 words with dots between them" in told[0] and len(told[0]) < 200


def test_an_option_with_a_key_of_very_many_words_is_refused(mistakes):
    (told,) = mistakes(sets=[f"method{'.a' * 3000}=1"])
    assert told.endswith("...: allowed: at most 50 words with dots between them") and len(told) < 300
