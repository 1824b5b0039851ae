"""The page and its parts; called as `probeline.report(...)`, the function of the Python API."""

import sys
from importlib import import_module
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any


class ReportPackage(ModuleType):
    """This package, which has the name of a function of the Python API and is called in its place."""

    def __call__(
        self,
        spec: Any,
        workspace: Any = None,
        out: str | PathLike[str] | None = None,
        images: str | None = None,
        publish: bool = True,
    ) -> list[Path]:
        """See `probeline.api.reporting.report`."""
        function = import_module("probeline.api.reporting").report  # above this layer: imported when it is called
        return function(spec, workspace, out, images, publish)


sys.modules[__name__].__class__ = ReportPackage
