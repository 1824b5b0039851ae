import json

import pytest
from helpers.json_shapes import check, shape_of
from probeline.errors import UserError
from probeline.execution.planning import prospects
from probeline.execution.planning.plan import make
from probeline.experiment.load import load


def test_a_new_experiment_is_told_by_a_guess_that_says_so(spec, uri):
    lines = "\n".join(prospects.text(prospects.of_plan(make(load(spec), uri), uri, None), suggest=True))
    assert "2 seeds tell differences of" in lines and "a guess, as nothing is measured" in lines
    assert "simclr: 6 updates, 384 samples; may be too few: it needed" in lines and "the shipped quickstart" in lines
    assert "suggested epochs:" in lines and "suggested seeds: --set seeds=18 finds 1.0 points" in lines


def test_a_stated_spread_is_named_and_one_that_is_none_is_refused(spec, uri):
    plan = make(load(spec), uri)
    stated = prospects.of_plan(plan, uri, 0.02)
    assert (
        stated.power.deviation == pytest.approx(0.02 * 2**0.5)
        and "the stated spread" in prospects.text(stated, False)[0]
    )
    for spread in (0.0, -1.0, float("nan")):
        with pytest.raises(UserError, match="--spread"):
            prospects.of_plan(plan, uri, spread)


def test_for_programs_all_of_it_is_json(spec, uri):
    spec.write_text(spec.read_text().replace("seeds: 2", "seeds: 1"))
    plain = prospects.as_dict(prospects.of_plan(make(load(spec), uri), uri, None))
    check({key: shape_of("plan")[key] for key in plain}, json.loads(json.dumps(plain, allow_nan=False)))
    assert plain["power"]["detectable"] is None
    assert [one["verdict"] for one in plain["budgets"]][-1] == "no training"


def test_a_mirrored_digit_is_noted_wherever_it_is_asked_for(spec, uri):
    def notes(method):
        spec.write_text(original.replace("[simclr, rotation]", f"[{method}]"))
        return [note for note in make(load(spec), uri).notes if "changes what a sample" in note]

    original = spec.read_text()
    assert "'simclr': method.augment.flip changes what a sample of digits means" in notes("simclr")[0]
    assert notes("{name: simclr, augment: {flip: 0}}") == []
    assert "method.augment[1].p changes" in notes("{name: simclr, augment: [crop, {name: flip, p: 0.5}]}")[0]
    assert notes("{name: simclr, augment: [crop, {name: flip, p: 0}]}") == []
