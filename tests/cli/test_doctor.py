"""What `probeline doctor` finds out about a machine."""

import py_compile
import sys

from probeline.cli.doctor import bytecode_findings


def test_packages_without_bytecode_are_told_where_none_may_be_written(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "installed_without").mkdir()
    module = tmp_path / "installed_without/__init__.py"
    module.write_text("")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert list(bytecode_findings("installed_without")) == [], "Python writes it at the first import"
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (found,) = bytecode_findings("installed_without")
    assert found.good and "PYTHONDONTWRITEBYTECODE" in found.what
    assert found.remedy.endswith(f"python -m compileall -q -j 0 {tmp_path}")
    py_compile.compile(str(module))
    assert list(bytecode_findings("installed_without")) == []
