"""What MLflow holds of one trial."""

import probeline
import pytest
from probeline.api.trials import trial_diff, trial_record


def test_the_changes_of_the_code_that_ran_are_read_back_or_it_is_said_that_nobody_kept_them(project, workspace):
    first, *_, last = probeline.plan(project / "small.yaml", workspace).trials
    assert trial_record(first.id[:8], workspace.uri)["trial_id"] == first.id
    changes = trial_diff(first.id, workspace.uri)
    assert str(changes) == "-a = 1\n+a = 2\n"
    assert (changes.git_commit, changes.git_dirty) == ("abc", True)
    with pytest.raises(probeline.UserError, match="had uncommitted changes, and they were not kept"):
        trial_diff(last.id, workspace.uri)
