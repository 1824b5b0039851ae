"""What a job's package holds, and what never gets into one."""

import json
import subprocess
from zipfile import ZipFile

import pytest
from probeline.errors import UserError
from probeline.execution.jobs.job_entrypoint import FILE
from probeline.execution.jobs.job_spec import job_spec
from probeline.execution.jobs.package import package

SECRET = "planted-secret-4711"


@pytest.fixture
def project(spec):
    """A repository with a plug-in, a file of secrets that is tracked, and one that git ignores."""
    root = spec.parent
    for name, text in {
        ".env": f"KEY={SECRET}",
        "plugin.py": "x = 1\n",
        "big.bin": "",
        ".gitignore": "big.bin\n",
    }.items():
        (root / name).write_text(text)
    for words in (["init"], ["add", "."], ["-c", "user.email=a@b", "-c", "user.name=a", "commit", "-m", "all"]):
        subprocess.run(["git", "-C", root, *words], check=True, capture_output=True)
    return root


def test_a_package_holds_the_project_probeline_and_the_commit_but_no_secret(project, spec):
    made = job_spec(spec, project, sets=["seeds=1"])
    with package(project, made) as packed, ZipFile(packed.path) as archive:
        names = set(archive.namelist())
        assert {"tiny.yaml", "plugin.py", "probeline/cli/app.py", FILE} <= names
        assert not {".env", "big.bin"} & names
        assert not [name for name in names if name.startswith(".git/")]
        assert not [name for name in names if SECRET.encode() in archive.read(name)]
        told = json.loads(archive.read(FILE))
        assert ".env" in packed.summary()
    head = subprocess.run(["git", "-C", project, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert told["provenance"] == {"git_commit": head, "git_dirty": "false"}
    assert told["arguments"] == ["--set", "seeds=1"]
    assert not packed.path.exists()


def test_a_secret_of_the_environment_is_refused_in_files_and_arguments(project, spec, monkeypatch):
    monkeypatch.setenv("MY_API_TOKEN", SECRET)
    with (
        pytest.raises(UserError, match=r"value of \$MY_API_TOKEN"),
        package(project, job_spec(spec, project, folder=SECRET)),
    ):
        raise AssertionError("packed")
    (project / "plugin.py").write_text(f"x = '{SECRET}'")
    with pytest.raises(UserError, match=r"plugin\.py: holds the value of \$MY_API_TOKEN") as said:
        package(project, job_spec(spec, project)).__enter__()
    assert SECRET not in str(said.value)
    with pytest.raises(UserError, match="everybody who sees the job") as said:
        job_spec(spec, project, tracking_uri=f"http://me:{SECRET}@host")
    assert SECRET not in str(said.value)


def test_a_package_that_is_too_large_is_refused_with_the_largest_files(project, spec):
    with pytest.raises(UserError, match=r"larger than .*largest"):
        package(project, job_spec(spec, project), limit=2**20).__enter__()


def test_a_link_out_of_the_folder_and_what_is_excluded_stay_here(project, spec, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "private.txt"
    outside.write_text("mine")
    (project / "link.txt").symlink_to(outside)
    with package(project, job_spec(spec, project), ["plugin.py"]) as packed, ZipFile(packed.path) as archive:
        assert not {"link.txt", "plugin.py"} & set(archive.namelist())
        assert {str(path) for path in packed.left} == {".env", "link.txt", "plugin.py"}
