"""A protocol that crashes is that protocol's failure: whatever it raises, nothing else is lost."""

import pytest
import torch
from helpers.datasets import dataset_of
from helpers.subjects import trained
from probeline.core.events import Artifact, Note, ProtocolError, Record
from probeline.experiment.resolved import ResolvedComponent
from probeline.training import heartbeat
from probeline.training.judge import judge

PLUGIN = '''"""A protocol for tests."""
import torch
from probeline.evaluation.base import Protocol
from probeline.errors import Diverged, NotApplicable, UserError
from probeline.core.events import Artifact, Record
from probeline.core.settings import Settings
from probeline.training.heartbeat import Stopped

class Config(Settings):
    size: int = 3

class Own(Protocol):
    def evaluate(self, data, folder):
        yield Record("before", 1.0)
        {body}
        yield Record("after", 2.0)
'''


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Judges by a protocol of this body; returns what it said."""
    monkeypatch.syspath_prepend(tmp_path)
    package = f"judged_{abs(hash(tmp_path))}"
    (tmp_path / package).mkdir()

    def judged(body, settings=None):
        (tmp_path / package / "own.py").write_text(PLUGIN.replace("{body}", body))
        name = f"{package}.own"
        return name, judge(ResolvedComponent(name, settings or {"size": 3}), trained(), tmp_path / "artifacts")

    return judged


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('no such shape')", "ValueError: no such shape"),
        ("raise OSError('broken data stream when writing image file')", "OSError: broken data stream"),
        ("raise torch.OutOfMemoryError('device is full')", "OutOfMemoryError: device is full"),
        ("raise MemoryError()", "MemoryError"),
        ("raise UserError('install it')", "install it"),
        ("raise Diverged('h is not finite')", "h is not finite"),
        ("yield Record('score', float('nan'))", "ValueError: score at step 0 is nan"),
        ("yield Artifact('a.txt', folder / 'a.txt')", "a.txt: the protocol names this file as an artifact"),
        ("data.test.reveal(), data.test.reveal()", "the test labels were read already"),
        ("yield 'a string'", "TypeError"),
        ("assert False, 'a check'", "AssertionError: a check"),
    ],
)
def test_whatever_it_raises_is_its_error_with_its_traceback_and_nothing_else_of_it(run, body, message):
    name, events = run(body)
    (error,) = events
    assert isinstance(error, ProtocolError) and error.name == name
    assert message in error.message
    assert ("Traceback" in error.traceback and f"{name}.py" in error.traceback) or "judge.py" in error.traceback


def test_settings_that_its_config_refuses_are_its_error_too(run):
    _, (error,) = run("pass", settings={"size": "three"})
    assert isinstance(error, ProtocolError) and "size" in error.message


def test_one_that_ends_well_gives_all_it_said_under_its_name(run):
    name, events = run("pass")
    assert [(each.name, each.value) for each in events] == [(f"{name}/before", 1.0), (f"{name}/after", 2.0)]


def test_one_that_does_not_apply_keeps_what_it_said_and_leaves_a_note(run):
    name, (record, note) = run("raise NotApplicable('no projector')")
    assert isinstance(record, Record) and note == Note(name, "no projector")


def test_an_artifact_that_is_there_goes_on(run):
    _, events = run("(folder / '..').mkdir(parents=True, exist_ok=True); path = folder.parent / 'a.txt'; "
                  "path.write_text('x'); yield Artifact('a.txt', path)")  # fmt: skip
    assert isinstance(events[1], Artifact) and events[1].path.read_text() == "x"


def test_the_wish_that_the_worker_stops_is_no_error_of_a_protocol(run):
    with pytest.raises(heartbeat.Stopped):
        run("raise Stopped()")


def test_a_protocol_that_is_not_installed_is_an_error_of_that_name():
    (error,) = judge(ResolvedComponent("no_such_package.protocol", {}), trained(), None)
    assert (error.name, "no_such_package" in error.message) == ("no_such_package.protocol", True)


@pytest.mark.parametrize("name", ["views", "neighbours", "map_2d"])
def test_sheets_of_images_that_are_nothing_but_noise_are_written(name, tmp_path):
    from helpers.subjects import dataset
    from probeline.core.dataset import Split

    random = torch.Generator().manual_seed(0)

    def noise(part):
        pixels = torch.randint(0, 2, (len(part), 128, 128, 3), generator=random, dtype=torch.uint8) * 255
        return Split(pixels.numpy(), part.labels)

    data = dataset(40, 40, 4, side=128)
    data = dataset_of(*(noise(part) for part in (data.train, data.validation, data.test)), data.classes)
    events = judge(ResolvedComponent(name, {"side": 128}), trained("rotation", data), tmp_path)
    assert not [each for each in events if isinstance(each, ProtocolError)], events
    assert any(each.name.endswith(".jpg") for each in events)
