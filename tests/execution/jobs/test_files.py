"""What a job's package holds, and what never gets into one."""

import json
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
from probeline.errors import UserError
from probeline.execution.jobs.files import Selection, chosen, refuse_secrets
from probeline.execution.jobs.job_entrypoint import FILE
from probeline.execution.jobs.job_spec import job_spec, needed_files
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
    with (
        package(project, job_spec(spec, project), Selection(exclude=["plugin.py"])) as packed,
        ZipFile(packed.path) as archive,
    ):
        assert not {"link.txt", "plugin.py"} & set(archive.namelist())
        assert {str(path) for path in packed.omitted} == {".env", "link.txt", "plugin.py"}


NAMES = [
    ".env-prod",
    ".netrc.bak",
    "conf/.pgpass",
    ".databrickscfg",
    ".kaggle/kaggle.json",
    "gcloud/application_default_credentials.json",
    "id_dsa",
    ".huggingface/token",
    "terraform.tfvars",
    "rclone.conf",
    "passwords.txt",
    ".aws/config",
    "my.PEM",
    "prod.env",
]


def test_what_nobody_wants_to_send_stays_by_its_name_and_goes_when_allowed(tmp_path):
    for name in [*NAMES, "tokenizer.py", "keys.py"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    packed, reasons = chosen(tmp_path)
    assert [path.name for path in packed] == ["keys.py", "tokenizer.py"]
    assert {str(path) for path in reasons} == set(NAMES)
    allowed, _ = chosen(tmp_path, selection=Selection(allow=["passwords.txt"]))
    assert tmp_path / "passwords.txt" in allowed


def test_in_a_repository_what_git_does_not_track_stays_unless_the_spec_needs_it_or_it_is_included(project, spec):
    for name in ("notes.txt", "more.txt", "images/a.png", "weights.safetensors"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("x")
    packed, reasons = chosen(project, [project / "images"], Selection(include=["more.txt"]))
    names = {str(path.relative_to(project)) for path in packed}
    assert {"tiny.yaml", "plugin.py", "images/a.png", "more.txt"} <= names
    assert not {"notes.txt", "weights.safetensors", "big.bin"} & names
    assert "--include" in reasons[(project / "notes.txt").relative_to(project)]


def test_a_spec_that_is_not_tracked_goes_with_what_it_names(project, spec, monkeypatch):
    monkeypatch.chdir(project)
    (project / "fresh.yaml").write_text(spec.read_text().replace("digits", "image_folder, path: images"))
    (project / "images").mkdir()
    assert needed_files(project / "fresh.yaml")[-1:] == [Path("images")]
    with package(project, job_spec(project / "fresh.yaml", project)) as packed, ZipFile(packed.path) as archive:
        assert "fresh.yaml" in archive.namelist()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("key = 'AKIA" + "ABCDEFGH12345678'", "an AWS key"),
        ("hf_" + "aB" * 17, "a Hugging Face token"),
        ("password = 'tr0ub4dor3'", "a value for password"),
        ('{"api_key": "9f8e7d6c5b"}', "a value for api_key"),
        ("x = 'Zk3vQ9xT7bLm2RfYw8HcZk3vQ9xT7bLm'", "a random word"),
    ],
)
def test_a_file_that_holds_a_key_is_refused_with_the_options_and_goes_when_allowed(tmp_path, content, kind):
    (tmp_path / "config.py").write_text(content)
    with pytest.raises(UserError, match=kind) as refusal:
        refuse_secrets(tmp_path, [tmp_path / "config.py"], {})
    assert "--exclude" in str(refusal.value) and "--allow" in str(refusal.value)
    refuse_secrets(tmp_path, [tmp_path / "config.py"], {}, Selection(allow=["config.py"]))


@pytest.mark.parametrize(
    "content",
    ["password = os.environ['PASSWORD']", "token: str = ''", "secret='your-secret'", "digest = '" + "0af1" * 16 + "'"],
)
def test_code_that_names_secrets_without_holding_one_goes(tmp_path, content):
    (tmp_path / "config.py").write_text(content)
    refuse_secrets(tmp_path, [tmp_path / "config.py"], {})
