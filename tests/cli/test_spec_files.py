"""show-spec, lint and init, as a user types them."""

import json

from helpers.command_line import SPEC, probeline

CHILD = "name: child\nextends: small.yaml\nbase: {data: {test_size: 50}}\n"


def test_a_file_that_extends_another_is_shown_checked_and_planned(tmp_path):
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "child.yaml").write_text(CHILD)
    shown = probeline("show-spec", "child.yaml", folder=tmp_path).stdout
    assert "test_size: 50" in shown and "# child.yaml:3" in shown and "# small.yaml:6" in shown
    by_path = json.loads(probeline("show-spec", "child.yaml", "--json", folder=tmp_path).stdout)
    assert by_path["base.data.test_size"] == {"value": 50, "origin": "child.yaml:3"}
    assert "1 new" in probeline("plan", "child.yaml", folder=tmp_path).stdout


def test_lint_ends_with_2_where_there_is_a_mistake(tmp_path):
    (tmp_path / "small.yaml").write_text(SPEC)
    (tmp_path / "wrong.yaml").write_text(SPEC.replace("epochs: 0", "epoch: 0"))
    sound = probeline("lint", "small.yaml", folder=tmp_path)
    wrong = probeline("lint", "small.yaml", "wrong.yaml", folder=tmp_path)
    assert (sound.returncode, sound.stdout, sound.stderr) == (0, "", "")
    assert wrong.returncode == 2
    assert wrong.stdout == "wrong.yaml:8:14: base.training.epoch: unknown; did you mean 'epochs'?\n"


def test_init_writes_a_spec_and_never_over_one(tmp_path):
    words = ["init", "first.yaml", "--data", "digits", "--methods", "random_init", "--seeds", 1]
    written = probeline(*words, folder=tmp_path)
    assert written.returncode == 0 and "probeline plan first.yaml" in written.stdout
    assert "1 new" in probeline("plan", "first.yaml", "--scale", "smoke", folder=tmp_path).stdout
    again = probeline(*words, folder=tmp_path)
    assert again.returncode == 2 and "exists already" in again.stderr
    unasked = probeline("init", "other.yaml", folder=tmp_path)
    assert unasked.returncode == 2 and "--data: missing" in unasked.stderr
