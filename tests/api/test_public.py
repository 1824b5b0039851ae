"""`import probeline` and what stands behind its names."""

import ast
import subprocess
import sys
from pathlib import Path

import probeline
import pytest
from probeline.api.workspace import Workspace

STUB = Path(probeline.__file__).with_suffix(".pyi")


def modules_after(code: str) -> set[str]:
    heavy = "{'torch', 'ray', 'mlflow', 'pandas', 'numpy', 'pydantic', 'typer', 'plotly'}"
    code = f"import sys; {code}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_heavy_and_loading_a_spec_no_torch(project):
    assert modules_after("import probeline; dir(probeline)") == set()
    load = f"import probeline; probeline.load({str(project / 'small.yaml')!r}, scale='smoke')"
    assert modules_after(load) == {"pydantic"}


def test_type_checkers_are_told_the_same_names():
    imported = {alias.asname for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ImportFrom)
                for alias in node.names}  # fmt: skip
    assert imported | {"__version__"} == set(probeline.__all__)
    assert set(probeline.__all__) <= set(dir(probeline))


def test_the_report_is_a_function_whether_or_not_its_package_was_imported(workspace, project, tmp_path):
    import probeline.report.formats.page

    assert probeline.report.formats.page.SUMMARY
    written = probeline.report(project / "small.yaml", workspace, out=tmp_path / "page", publish=False)
    assert written[0] == tmp_path / "page" / "index.html" and written[0].is_file()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'loda'"):
        probeline.loda  # noqa: B018


def test_overrides_are_a_mapping_or_words_as_on_the_command_line(project):
    spec = project / "small.yaml"
    by_mapping = probeline.load(spec, set={"training.lr": 1e-05, "encoder": {"name": "resnet", "width": 8}})
    by_words = probeline.load(spec, set=["training.lr=1e-05", "encoder={name: resnet, width: 8}"])
    assert [one.value for one in by_mapping.sets] == [one.value for one in by_words.sets]
    assert probeline.load(spec, set={"seeds": 3}).seeds == (0, 1, 2)


def test_a_mistake_has_the_text_of_the_command_line(project):
    with pytest.raises(probeline.UserError, match=r"--set training\.epoch=1: unknown; did you mean 'epochs'"):
        probeline.load(project / "small.yaml", set={"training.epoch": 1})
    with pytest.raises(probeline.UserError, match=r"neither a file nor an experiment in .*; did you mean 'small'"):
        probeline.results("smal", Workspace(tracking_uri=f"sqlite:///{project}/mlflow.db"))
