"""A trial's encoder as MLflow loads it."""

import pickle

import mlflow.pyfunc
import numpy as np
import pytest
import torch
from helpers.trial_events import info, trial
from probeline.core.events import Artifact, Note
from probeline.data.store import facts, open_dataset
from probeline.errors import UserError
from probeline.experiment.grid import cells
from probeline.experiment.identity import data_key, trials
from probeline.experiment.load import load
from probeline.tracking import encoder_model
from probeline.tracking.reading.results import frame
from probeline.tracking.server.client import connect
from probeline.tracking.writing.writer import Writer
from probeline.training.embeddings import represent
from probeline.training.method_building import build_method
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

SPEC = """
name: tiny
base:
  data: {name: digits, train_size: 80, test_size: 40}
  encoder: {name: resnet, width: 4}
  method: simclr
  training: {epochs: 1, batch_size: 32}
  evaluation: [{name: knn, k: 5}]
"""
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trial that has run, what it said, and where its encoder is."""
    folder = tmp_path_factory.mktemp("encoder_model")
    (folder / "tiny.yaml").write_text(SPEC)
    experiment = load(folder / "tiny.yaml")
    grid = cells(experiment)
    recipe = grid[0].recipe
    found, _ = trials(grid, experiment.seeds[:1], {data_key(recipe): facts(recipe.data.as_dict()).digest})
    return found[0], list(run(found[0], Storage(folder), CPU)), Storage(folder)


def recorded(trained, uri, tmp_path) -> str:
    only, said, _ = trained
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(only)
        writer.events(only.id, said)
        writer.finished(only.id)
        assert not writer.close()
    return frame(uri, [only])[0]["run_id"][0]


def features(trained, part):
    """h of the trial's encoder, put together as a trial does that finds its encoder in the store."""
    only, _, storage = trained
    method = build_method(only.cell.recipe, facts(only.cell.recipe.data.as_dict())).to(
        memory_format=torch.channels_last
    )
    assert storage.encoders.load(only.encoder_id, method) is not None
    return represent(method.encoder, part, CPU)[0].numpy()


def test_mlflow_loads_it_without_pickle_and_gives_the_features_that_protocols_were_given(
    trained, uri, tmp_path, monkeypatch
):
    run_id = recorded(trained, uri, tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, None)
    before = torch.random.get_rng_state()
    model = mlflow.pyfunc.load_model(f"runs:/{run_id}/encoder")
    assert torch.equal(before, torch.random.get_rng_state())
    test = open_dataset(trained[0].cell.recipe.data.as_dict()).test
    found = model.predict(np.asarray(test.inputs))
    assert found.dtype == np.float32 and found.shape[0] == 40 and found.std() > 0
    assert (found == features(trained, test)).all()
    assert model.predict(np.asarray(test.inputs[:0])).shape == (0, found.shape[1])


def test_mlflow_refuses_images_of_another_size(trained, uri, tmp_path, monkeypatch):
    run_id = recorded(trained, uri, tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    model = mlflow.pyfunc.load_model(f"runs:/{run_id}/encoder")
    with pytest.raises(mlflow.MlflowException, match="schema"):
        model.predict(np.zeros((2, 5, 5, 3), np.uint8))


def test_the_run_says_that_the_folder_is_a_model_and_holds_only_safetensors_and_text(trained, uri, tmp_path):
    run_id = recorded(trained, uri, tmp_path)
    client = connect(uri)
    tags = client.get_run(run_id).data.tags
    assert '"artifact_path": "encoder"' in tags[encoder_model.HISTORY]
    files = {file.path.removeprefix("encoder/") for file in client.list_artifacts(run_id, "encoder")}
    assert files == {"MLmodel", "encoder.json", "encoder.safetensors", "method.safetensors"}


def test_an_artifact_of_that_name_which_tells_of_no_encoder_is_an_artifact_and_nothing_more(uri, tmp_path):
    other = tmp_path / "encoder.json"
    other.write_text("[]")
    with Writer(uri, info(), tmp_path) as writer:
        writer.started(trial())
        writer.artifacts(trial().id, [Artifact("encoder/encoder.json", other)])
        writer.finished(trial().id)
        assert not writer.close()
    run_id = frame(uri, [trial()])[0]["run_id"][0]
    client = connect(uri)
    assert [file.path for file in client.list_artifacts(run_id, "encoder")] == ["encoder/encoder.json"]
    assert encoder_model.HISTORY not in client.get_run(run_id).data.tags


def test_a_folder_without_an_encoder_is_said_to_be_none(tmp_path):
    with pytest.raises(UserError, match=r"encoder\.safetensors"):
        encoder_model.open_encoder(tmp_path)


def test_a_trial_says_in_which_precision_it_was_trained_and_evaluated_again_where_its_encoder_is_in_the_store(trained):
    only, said, storage = trained
    for events in (said, list(run(only, storage, CPU))):
        notes = {event.name: event.text for event in events if isinstance(event, Note)}
        assert notes == {"precision": "float32", "evaluation_precision": "float32"}


def test_an_encoder_with_a_metric_learned_on_its_h_gives_the_mapped_h(tmp_path):
    spec = "name: m\nbase: {data: iris, encoder: raw_values, method: rca, evaluation: [{name: knn, k: 1}]}\n"
    (tmp_path / "m.yaml").write_text(spec)
    grid = cells(load(tmp_path / "m.yaml"))
    data = grid[0].recipe.data.as_dict()
    (mapped,), _ = trials(grid, (0,), {data_key(grid[0].recipe): facts(data).digest})
    list(run(mapped, Storage(tmp_path), CPU))
    folder = tmp_path / "encoders" / mapped.encoder_id
    opened = encoder_model.open_encoder(folder)
    h, _ = represent(opened, open_dataset(data).test, CPU)
    assert encoder_model.sample_in(folder).modality == "vector"
    assert h.shape[1] == opened.dim and not torch.allclose(
        h, torch.from_numpy(np.array(open_dataset(data).test.inputs))
    )
