"""What the texts of the project name is there: the citation's version and licence, links, make targets, folders."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXTS = [
    ROOT / name
    for name in ("README.md", "platform/README.md", "infra/CONTRIBUTING.md", "infra/CHANGELOG.md",
                 "tests/benchmarks/README.md")
]  # fmt: skip


def test_the_citation_is_of_this_version_under_this_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "infra/CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # what the format requires
    assert (str(citation["version"]), citation["license"]) == (project["version"], project["license"])


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_text_links_to_is_there(text):
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text.read_text())
    assert [link for link in links if not (text.parent / link).exists()] == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_make_target_that_a_text_names_is_one(text):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text.read_text(), re.MULTILINE)) <= targets


def test_the_tree_in_the_readme_is_the_packages_rooms():
    package = ROOT / "platform/probeline"
    tree = (ROOT / "README.md").read_text().partition("## How it is built")[2].partition("```")[2].partition("```")[0]
    rooms = {path.name for path in package.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    first = set(re.findall(r"^  ([a-z]+)/ ", tree, re.MULTILINE))
    beside = set(re.findall(r"   ([a-z]+)/  ", tree))
    assert first <= rooms <= first | beside
