"""Plug-ins outside Probeline whose parameters never change, and short ways to say what a YAML text gives."""

import sys

import pytest
from probeline.experiment.grid import cells
from probeline.experiment.load import load_text
from probeline.experiment.problems import SpecError

SHARED = """
from typing import Annotated, Literal
from pydantic import Field
from probeline.core.settings import NotHashed, Settings
"""
PLUGINS = {
    "scans": '''"""Scans of nothing."""{shared}
class Config(Settings):
    validation: float = Field(0.1, gt=0, le=0.5)
    path: Annotated[str | None, NotHashed] = None
''',
    "net": '''"""A net."""{shared}
import a_module_that_is_not_installed

class Config(Settings):
    width: int = Field(64, ge=1)
    weights: Annotated[str | None, NotHashed] = None

def build(config, channels):
    return a_module_that_is_not_installed.net(config.width)
''',
    "contrast": '''"""Contrast.

More words.
"""{shared}
TEMPERATURE = 0.5

class Augment(Settings):
    strength: float = Field(1.0, ge=0)
    flip: bool = True

class Config(Settings):
    temperature: float = Field(TEMPERATURE, gt=0)
    projector: Literal["none", "linear", "nonlinear"] = "nonlinear"
    augment: Augment = Augment(strength=0.3, flip=False)
''',
    "turn": '''"""Turn."""{shared}
VERSION = 2
class Config(Settings):
    turns: int = 4
''',
    "family": '''"""A family of nets."""{shared}
class Config(Settings):
    variant: str
    depth: int = 2
''',
    "mixed": '''"""Holds components of other kinds."""
from typing import Annotated, Any
from pydantic import Field
from probeline.core.settings import Component, Settings

class Config(Settings):
    width: int = 3
    part: Annotated[dict[str, Any], Component("methods")] = {"name": "lab.contrast", "temperature": 0.7}
    rest: Annotated[list[dict[str, Any]], Component("methods")] = []
    maybe: Annotated[dict[str, Any] | None, Component("methods")] = None
''',
    "moved": '''"""A protocol on other data."""
from typing import Annotated, Any
from probeline.core.settings import Component, Settings

class Config(Settings):
    data: Annotated[list[dict[str, Any]], Component("datasets")] = []
''',
    "score": '''"""A score."""{shared}
from probeline.core.metric import percentage

METRICS = {"top1": percentage("score")}
PRIMARY = "top1"

class Config(Settings):
    k: int = Field(20, ge=1)
''',
}
BASE = """\
name: demo
base:
  data: lab.scans
  encoder: {name: lab.net, width: 8}
  method: lab.contrast
  training: {epochs: 10, batch_size: 128}
  evaluation: [lab.score]
"""


@pytest.fixture(scope="session", autouse=True)
def lab(tmp_path_factory):
    """The package `lab` of plug-ins on Python's path; importing it would fail, so nothing may."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "lab").mkdir()
    (folder / "lab" / "__init__.py").write_text("raise RuntimeError('plug-ins must not be imported')\n")
    for name, text in PLUGINS.items():
        (folder / "lab" / f"{name}.py").write_text(text.replace("{shared}", SHARED))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def base():
    """A sound experiment of one cell, in lines 1 to 7."""
    return BASE


@pytest.fixture
def mistakes():
    """The lines of what is wrong with BASE and more text after it (from line 8)."""

    def told(more="", base=BASE, **chosen):
        with pytest.raises(SpecError) as caught:
            load_text(base + more, "demo.yaml", **chosen)
        return [str(problem) for problem in caught.value.problems]

    return told


@pytest.fixture
def cells_of():
    """The cells of BASE and more text after it."""

    def made(more="", base=BASE, **chosen):
        return cells(load_text(base + more, "demo.yaml", **chosen))

    return made
