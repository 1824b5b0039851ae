"""The shape of the repository that other tests and tools rely on."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FIXED = {"pyproject.toml", "platform", "experiments", "dashboards", "tests", "infra", "README.md", "Makefile"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines()]


def test_platform_is_a_source_root_not_a_package():
    assert not (ROOT / "platform" / "__init__.py").exists()
    code = "import platform, probeline; print(platform.python_version())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ".".join(map(str, sys.version_info[:3]))


def test_nothing_stands_at_the_top_but_what_is_fixed():
    top = {path.parts[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} <= FIXED


def test_no_source_file_is_longer_than_300_lines():
    long = [str(p) for p in tracked() if p.suffix == ".py" and len((ROOT / p).read_text().splitlines()) > 300]
    assert long == []


def test_a_class_name_has_one_meaning() -> None:
    """`Config` aside, which every plug-in has."""
    by_name = defaultdict(list)
    for path in (ROOT / "platform/probeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef) and node.name != "Config":
                by_name[node.name].append(str(path.relative_to(ROOT)))
    assert {name: files for name, files in by_name.items() if len(files) > 1} == {}


def test_a_warning_that_our_own_code_brings_about_is_an_error() -> None:
    for category in (DeprecationWarning, FutureWarning, UserWarning):
        with pytest.raises(category, match="old"):
            exec(f"import warnings\nwarnings.warn('old', {category.__name__})", {"__name__": "probeline.any"})
