"""Files that installed packages ship, located without importing the package."""

from importlib.util import find_spec
from pathlib import Path

from probeline.errors import UserError


def package_file(package: str) -> Path:
    """The `__init__.py` of an installed package. Raises UserError where it is not installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UserError(f"the package {package} is not installed, and its files are the data; install it")
    return Path(spec.origin)
