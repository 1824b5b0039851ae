import pytest
from probeline.data.source_paths import file_status, shown, user_path
from probeline.errors import UserError


def test_what_a_message_repeats_has_no_control_characters_and_is_cut():
    assert shown("a\nb\x1b[31m\u202e猫\udcff") == r"a\nb\x1b[31m\u202e猫\udcff"
    assert shown("x" * 5000) == "x" * 200 + "... (5,000 characters)"


def test_an_unknown_users_home_is_a_message():
    with pytest.raises(UserError, match="~nosuchuser/x: this machine knows no home folder"):
        user_path("~nosuchuser/x")


@pytest.mark.parametrize("name", ["a" * 300, "a" * 5000, "a\0b", "/proc/self/status/x", "link"])
def test_a_path_that_cannot_be_looked_at_is_one_message(tmp_path, name):
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(UserError, match="cannot be looked at"):
        file_status(tmp_path / name)


def test_what_is_absent_has_no_status(tmp_path):
    assert file_status(tmp_path / "nothing") is None
