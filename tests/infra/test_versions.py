"""One version of everything: what infra/ names is what infra/constraints.txt pins and pyproject.toml says."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins() -> dict[str, str]:
    lines = [line for line in (INFRA / "constraints.txt").read_text().splitlines() if "==" in line]
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines)}


def texts() -> dict[str, str]:
    files = [path for path in INFRA.rglob("*") if path.is_file() and path.name not in ("constraints.txt", "LICENSE")]
    return {str(path.relative_to(INFRA)): path.read_text() for path in files}


def test_kuberay_is_told_the_pinned_version_of_ray():
    said = {name: re.findall(r'rayVersion: "([^"]+)"', text) for name, text in texts().items()}
    assert {name: found for name, found in said.items() if found} == {
        "kuberay/raycluster.yaml": [pins()["ray"]],
        "kuberay/rayjob.yaml": [pins()["ray"]],
    }


def test_every_image_of_ours_has_the_projects_version():
    tags = [tag for text in texts().values() for tag in re.findall(r"\bprobeline(?:-mlflow)?:(\d[\w.]*)", text)]
    assert len(tags) >= 8
    assert set(tags) == {PROJECT["version"]}


def test_the_image_has_a_python_that_the_project_allows():
    (python,) = re.findall(r"^ARG PYTHON=(.+)$", texts()["Dockerfile"], flags=re.MULTILINE)
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]


def test_nothing_is_installed_but_under_the_constraints():
    dockerfile = texts()["Dockerfile"].replace("\\\n", " ")
    installs = re.findall(r"pip install (.*)", dockerfile)
    assert len(installs) == 3
    assert all(line.startswith("--constraint /tmp/constraints.txt ") for line in installs)


def test_every_package_that_the_project_or_an_image_names_is_pinned():
    wanted = PROJECT["dependencies"] + [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    names = {normal(re.match(r"[\w.-]+", each)[0]) for each in wanted} - {"probeline"}
    names |= {"mlflow", "psycopg2-binary", "boto3", "flask-wtf", "opencensus"}  # the last: ray[default]'s
    assert names - set(pins()) == set()
