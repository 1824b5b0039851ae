import json
import platform
import subprocess

from probeline.tracking.writing import provenance


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_the_commit_and_whether_files_differ_from_it(tmp_path):
    assert (provenance.git_commit(tmp_path), provenance.git_dirty(tmp_path)) == ("", "")
    git(tmp_path, "init", "-q")
    (tmp_path / "spec.yaml").write_text("name: a\n")
    git(tmp_path, "add", "spec.yaml")
    git(tmp_path, "commit", "-qm", "first")
    assert len(provenance.git_commit(tmp_path)) == 40
    (tmp_path / "untracked").touch()
    assert provenance.git_dirty(tmp_path) == "false"
    (tmp_path / "spec.yaml").write_text("name: b\n")
    assert provenance.git_dirty(tmp_path) == "true"


def test_versions_and_hardware_are_text(tmp_path):
    found = provenance.collect(tmp_path)
    versions = json.loads(found["versions"])
    assert versions["python"] == platform.python_version()
    assert versions["mlflow"].startswith("3.")
    assert "cores" in found["hardware"]
    assert "GiB" in found["hardware"]
    assert all(isinstance(value, str) for value in found.values())
