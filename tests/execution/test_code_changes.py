"""The uncommitted changes of a repository, as trials keep them."""

import subprocess

import pytest
from probeline.execution.code_changes import MAX_BYTES, code_changes, stored_changes, without_secrets

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA1234\nabcdEFGH\n-----END RSA PRIVATE KEY-----"


@pytest.fixture
def repository(tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], cwd=tmp_path, check=True)

    for name in ("code.py", ".env", "gone.py"):
        (tmp_path / name).write_text("a = 1\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    return tmp_path


def test_tracked_files_and_new_plugins_are_in_it_and_files_that_hold_secrets_are_not(repository):
    assert code_changes(repository) == ""
    (repository / "code.py").write_text("a = 2\n")
    (repository / ".env").write_text("secret = 7\n")
    (repository / "gone.py").unlink()
    (repository / "plugin.py").write_text("b = 3\n")
    (repository / "other.py").write_text("c = 4\n")
    (repository / "below").mkdir()
    text = code_changes(repository / "below", [repository / "plugin.py"])
    assert "-a = 1\n+a = 2\n" in text and "+++ b/plugin.py" in text and "+b = 3" in text and "gone.py" in text
    assert ".env" not in text and "other.py" not in text


def test_outside_a_repository_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code_changes(tmp_path) == "" and stored_changes(tmp_path, "") is None


def test_a_line_with_a_secret_keeps_its_sign_alone():
    lines = [
        "diff --git a/x b/x",
        "@@ -1 +1 @@",
        "+url = 'https://me:hunter2secret@host/x'",
        "-value = 'abc-7-planted'",
    ]
    lines += [
        "+api_key = 'sk-abcdefghij1234567890'",
        "+plain = 5",
        *(f"+{line}" for line in KEY.splitlines()),
        "+after = 1",
    ]
    text = without_secrets("\n".join(lines), {"MY_TOKEN": "abc-7-planted"})
    for secret in ("hunter2secret", "abc-7-planted", "sk-abc", "MIIE", "abcdEFGH"):
        assert secret not in text
    assert "+plain = 5\n" in text and text.endswith("+after = 1\n")


def test_it_is_cut_at_its_largest_size_and_long_lines_are_left_out():
    text = without_secrets(("diff --git a b\n" + "+x = 1\n" * 5_000) * 10, {})
    assert (
        len(text) < MAX_BYTES + 100 and text.splitlines()[-1] == "... cut: the whole diff has more than 200,000 bytes"
    )
    assert without_secrets("+" + "y" * 5000, {}) == "+... 5,001 characters\n"


def test_a_generated_file_leaves_room_for_the_code_that_ran(repository):
    (repository / "a_generated.py").write_text("number = 1\n" * MAX_BYTES)
    subprocess.run(["git", "-C", repository, "add", "a_generated.py"], check=True)
    (repository / "z_last.py").write_text("the_code_that_ran = 1\n")
    subprocess.run(["git", "-C", repository, "add", "z_last.py"], check=True)
    text = code_changes(repository)
    assert "... cut: the diff of this file has more than 50,000 bytes" in text and len(text) < MAX_BYTES
    assert "+the_code_that_ran = 1" in text


def test_the_file_is_named_by_its_content_and_written_once(tmp_path):
    path = stored_changes(tmp_path, "+x\n")
    assert path == stored_changes(tmp_path, "+x\n") and path.read_text() == "+x\n"
