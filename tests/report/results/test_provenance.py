from probeline.report.results import provenance
from probeline.report.results.results import Results


def test_facts_that_all_trials_share_are_told_once(trials):
    facts = dict(provenance.facts(Results(trials)))
    assert facts["Git commit"] == ["661ef78c0ffee00000000000000000000000abcd, with uncommitted changes"]
    assert facts["Versions"] == ["python 3.11.7, torch 2.14.1, probeline 0.1.0"]
    assert facts["Seeds"] == ["0, 1, 2"] and facts["Data digest"] == ["9f" * 32]
    assert facts["Ran"] == ["2026-03-01 10:00:00 UTC to 2026-03-01 10:00:30 UTC"]


def test_facts_that_differ_are_told_with_their_share(trials):
    frame = trials.copy()
    frame.loc[0, "hardware"] = "1 x H100"
    assert set(dict(provenance.facts(Results(frame)))["Hardware"]) == {
        "1 x H100 (1 trial)",
        "2 x Xeon, 23 GiB (32 trials)",
    }


def test_a_cell_whose_trials_ran_on_two_kinds_of_device_is_named(trials):
    frame = trials.assign(device="H100")
    assert "Cells on several devices" not in dict(provenance.facts(Results(frame)))
    frame.loc[0, "device"] = "A100"
    facts = dict(provenance.facts(Results(frame)))
    (sentence,) = facts["Cells on several devices"]
    assert sentence.startswith(f"{frame.loc[0, 'cell']}: A100 (1 trial), H100 (2 trials); numbers of one seed differ")
    assert facts["Device"] == ["A100 (1 trial)", "H100 (32 trials)"]


def test_the_arithmetic_of_trials_is_told(trials):
    notes = {"precision": "bfloat16 autocast", "evaluation_precision": "float32 with TF32 convolutions"}
    frame = trials.assign(notes=[notes] * len(trials))
    told = "trained in bfloat16 autocast, evaluated in float32 with TF32 convolutions"
    assert dict(provenance.facts(Results(frame)))["Precision"] == [told]
    frame.at[0, "notes"] = {"evaluation_precision": "float32"}
    assert set(dict(provenance.facts(Results(frame)))["Precision"]) == {
        f"{told} (32 trials)",
        "evaluated in float32 (1 trial)",
    }


def test_the_settings_of_every_protocol_are_stated(trials):
    assert dict(provenance.facts(Results(trials)))["Protocols"] == [
        "linear_probe (grid=[0.001, 0.1])",
        "knn (k=20, temperature=0.07)",
    ]


def test_a_trial_that_never_ran_has_an_id_and_no_run(make, trials):
    frame = make.fail(trials, 0, "missing", None, None)
    row = [entry.text for entry in provenance.identities(Results(frame)).rows[0]]
    assert row[0] == frame.loc[0, "trial_id"] and row[3:5] == ["missing", "—"] and row[6:] == ["—", "—"]


def test_a_trial_whose_training_was_resumed_says_so_under_its_status(trials):
    frame = trials.copy()
    frame["notes"] = [{"resumed": "after 3.5 of 10 epochs"}, *[{}] * (len(frame) - 1)]
    rows = provenance.identities(Results(frame)).rows
    assert rows[0][3].small == "resumed after 3.5 of 10 epochs"
    assert {row[3].small for row in rows[1:]} == {""}


def test_a_probe_that_its_limit_ended_says_so_under_its_trials_status(trials):
    frame = trials.copy()
    frame["notes"] = [{"linear_probe/solver": "not at its optimum"}, *[{}] * (len(frame) - 1)]
    assert provenance.identities(Results(frame)).rows[0][3].small == "linear_probe not at its optimum"


def test_every_cell_has_its_recipe(trials):
    recipes = dict(provenance.recipes(Results(trials)))
    assert len(recipes) == 11 and '"temperature": 0.07' in recipes["raw_pixels"]


def test_a_plan_without_a_run_has_facts_all_the_same(make, trials):
    for row in range(len(trials)):
        trials = make.fail(trials, row, "missing", None, None)
    assert dict(provenance.facts(Results(trials)))["Trials"] == ["33 missing"]
