"""The plug-ins that platform/README.md shows work as they stand there: each is used for what it is."""

import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
import torch
from probeline.core.events import Record
from probeline.core.figure import NothingToDraw
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.data.augment.pipeline import steps
from probeline.data.store import facts, open_dataset
from probeline.data.text.tokenizer import load as load_tokenizer
from probeline.data.text.tokenizer import store, trained
from probeline.execution.planning.plan import data_sections
from probeline.experiment.components import resolve
from probeline.experiment.grid import cells
from probeline.experiment.identity import data_key, trials
from probeline.experiment.load import load
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.plugins.metrics import metric, primary_metric
from probeline.report.formats.charts import chart
from probeline.report.results.results import Results
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

PAGE = (Path(__file__).parents[1] / "platform/README.md").read_text()
BLOCKS = dict(re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
PLUGINS = {
    "datasets": "ramps",
    "augmentations": "shift",
    "tokenizers": "words",
    "encoders": "mlp",
    "losses": "cosine_distance",
    "methods": "mirror",
    "protocols": "nearest_mean",
    "figures": "seed_range",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The files of the page in a folder on Python's path."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "my_lab").mkdir()
    for name, text in BLOCKS.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PROBELINE_CACHE", str(folder / "cache"))
        yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_lab"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def outcomes(lab):
    """Every trial of the page's experiment with its events, trained in this process."""
    experiment = load(lab / "lab.yaml")
    grid = cells(experiment)
    digests = {key: facts(component).digest for key, component in data_sections(grid).items()}
    planned, notes = trials(grid, experiment.seeds, digests)
    assert len(planned) == 4 and not notes and data_key(grid[0].recipe) in digests
    return experiment, [(trial, list(run(trial, Storage(lab / "stored")))) for trial in planned]


def component(kind: str, name: str, **parameters: Any) -> dict[str, Any]:
    resolved = resolve(kind, {"name": f"my_lab.{name}", **parameters})
    assert resolved.value, resolved.complaints
    return resolved.value


def test_the_tokeniser_of_the_page_gives_a_text_again(lab):
    tokenizer = trained(component("tokenizers", "words"), ["a cat and a dog"])
    (tokens,) = tokenizer.encode(["a dog"])
    assert load_tokenizer(store("my_lab.words", tokenizer)).decode(tokens.tolist()) == "a dog"


def test_every_kind_of_plugin_has_its_example():
    assert set(PLUGINS) == set(catalog.KINDS)
    assert {f"my_lab/{name}.py" for name in PLUGINS.values()} | {"lab.yaml"} == set(BLOCKS)


@pytest.mark.parametrize(("kind", "name"), PLUGINS.items())
def test_an_example_is_listed_and_its_parameters_read_without_importing_it(lab, kind, name):
    sys.modules.pop(f"my_lab.{name}", None)
    assert catalog.summary(kind, f"my_lab.{name}").endswith(".")
    assert catalog.config(kind, f"my_lab.{name}").__doc__
    assert f"my_lab.{name}" not in sys.modules


def test_the_data_set_is_opened_with_its_classes_and_splits(lab):
    data = component("datasets", "ramps", samples=60)
    dataset = open_dataset(data)
    assert dataset.classes == facts(data).classes == ("shallow", "middle", "steep")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (54, 6, 30)
    rise = dataset.train.inputs[..., -1, 0].mean(1) - dataset.train.inputs[..., 0, 0].mean(1)
    assert rise[dataset.train.labels == 2].min() > rise[dataset.train.labels == 0].max() > 0


def test_the_augmentation_moves_pixels_and_a_view_depends_on_its_sample_alone(lab):
    (step,) = steps([component("augmentations", "shift", pixels=3)])
    images, rng = torch.rand(64, 1, 4, 12), SampleRNG(0, 1, torch.arange(64))
    views = step(images, rng)
    assert not views.equal(images)
    assert views.sort(3).values.equal(images.sort(3).values)
    assert views[5:9].equal(step(images[5:9], rng[torch.arange(5, 9)]))


def test_the_encoder_is_built_for_the_samples(lab):
    encoder = build_encoder(component("encoders", "mlp", dim=5), image(12, 12, 1))
    assert encoder(torch.rand(7, 1, 12, 12)).h.shape == (7, encoder.dim) == (7, 5)


def test_the_loss_has_a_gradient_and_its_parameters_are_those_of_its_config(lab):
    config = catalog.settings("losses", component("losses", "cosine_distance", spread=0.5))
    loss = catalog.module("losses", "my_lab.cosine_distance").cosine_distance
    za, zb = torch.randn(2, 16, 8).unbind()
    za.requires_grad_()
    value = loss(za, zb, **config.model_dump())
    value.backward()
    assert value > 0 and za.grad.abs().sum() > 0
    assert loss(za, za, spread=0.0).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="two views of the same samples"):
        loss(za, zb[:3])


def test_the_experiment_trains_and_every_trial_is_judged(outcomes):
    _, results = outcomes
    for trial, events in results:
        values = {event.name: event.value for event in events if isinstance(event, Record)}
        assert 0 <= values["my_lab.nearest_mean/top1"] <= 1 and values["my_lab.nearest_mean/distance"] > 0
        assert ("train/top1" in values) == (trial.cell.recipe.method.name == "my_lab.mirror")
    last = [each.value for _, events in results for each in events if each.name == "train/top1" and each.step == 4]
    assert len(last) == 2 and min(last) > 0.6  # a ramp that falls is told from one that rises


def test_the_metrics_of_the_examples_are_described(outcomes):
    experiment, _ = outcomes
    name = primary_metric(["my_lab.nearest_mean"])
    assert experiment.report.metric in (None, name) and metric(name).higher_is_better
    assert not metric("my_lab.nearest_mean/distance").ranked


def test_the_figure_is_drawn_of_the_results(outcomes):
    experiment, results = outcomes
    frame = pd.DataFrame([_row(trial, events) for trial, events in results])
    (figure,) = experiment.report.figures
    drawn = chart(figure, Results(frame), {"metric": None})
    assert isinstance(drawn.figure, go.Figure), drawn.message
    top1 = frame.groupby("cell", sort=False)["my_lab.nearest_mean/top1"]
    assert [tuple(line.x) for line in drawn.figure.data] == [tuple(sorted(100 * values)) for _, values in top1]


def test_the_figure_says_what_is_missing(lab):
    plugin = catalog.module("figures", "my_lab.seed_range")
    with pytest.raises(NothingToDraw, match="No trial has finished with knn/top1"):
        plugin.prepare(Results(pd.DataFrame({"cell": ["a"], "status": ["missing"]})), plugin.Config(metric="knn/top1"))


def _row(trial, events):
    """A trial as a row of the frame of results."""
    final = {event.name: event.value for event in events if isinstance(event, Record) and event.step == 0}
    fields = {"trial_id": trial.id, "cell": trial.cell.label, "arm": None, "seed": trial.seed}
    fields |= {"status": "finished", "failure": None}
    return {**fields, **trial.cell.coordinates, **final, "recipe": trial.cell.recipe.as_dict()}
