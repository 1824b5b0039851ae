"""Frames, figures, encoders and embeddings of finished trials."""

import numpy as np
import probeline
import pytest
import torch
from probeline.data.store import open_dataset


def test_results_are_a_typed_row_a_trial_with_units(project, workspace):
    frame = probeline.results(project / "small.yaml", workspace)
    assert list(frame["cell"].cat.categories) == ["random_init", "supervised"] and list(frame["seed"]) == [0, 0, 1, 1]
    assert list(frame["status"]) == ["finished"] * 4 and frame["knn/top1"].dtype == "float64"
    assert frame["method"].dtype == "string" and frame["git_dirty"].dtype == "boolean"
    assert frame["test_samples"].isna().all() and str(frame["finished"].dtype).startswith("datetime64")
    assert frame.attrs["metrics"]["knn/top1"] == {
        "title": "kNN top-1 accuracy", "unit": "%", "scale": 100, "direction": "higher"}  # fmt: skip
    assert frame.attrs["main_metric"] == "knn/top1" and frame.attrs["axes"] == ["method"]


def test_an_experiment_is_read_by_its_name_too(project, workspace):
    by_file = probeline.results(project / "small.yaml", workspace)
    by_name = probeline.results("small", workspace)
    assert list(by_name["trial_id"]) == list(by_file["trial_id"])
    assert probeline.plan("small", workspace).counts() == {"finished": 4}


def test_a_figure_is_drawn_by_name_or_with_settings_and_a_mistake_is_a_message(project, workspace):
    spec = project / "small.yaml"
    assert len(probeline.figure(spec, "metric_by_cell", workspace).data) > 0
    assert probeline.figure(spec, {"name": "metric_by_cell", "metric": "knn/top1"}, workspace).layout.title.text
    with pytest.raises(probeline.UserError, match=r"metric_by_cel.*did you mean 'metric_by_cell'"):
        probeline.figure(spec, "metric_by_cel", workspace)
    with pytest.raises(probeline.UserError, match="figure tuning_history: "):
        probeline.figure(spec, "tuning_history", workspace)


def test_an_encoder_is_a_frozen_module_that_gives_what_protocols_were_given(project, workspace):
    trial = probeline.plan(project / "small.yaml", workspace).trials[0]
    module = probeline.encoder(trial, workspace)
    assert isinstance(module, torch.nn.Module) and not module.training
    assert not any(weight.requires_grad for weight in module.parameters())
    data = trial.cell.recipe.data.as_dict()
    images = open_dataset(data).test.inputs
    h = probeline.embed(trial.id[:8], images, workspace=workspace)
    assert h.shape == (60, module.dim) and h.dtype == np.float32
    assert np.array_equal(h, probeline.embed(trial, data, workspace=workspace))
    alone = module(torch.from_numpy(np.asarray(images)).permute(0, 3, 1, 2).float() / 255).h
    assert np.allclose(h, alone.numpy(), atol=1e-5)
    assert probeline.embed(trial, images[:0], workspace=workspace).shape == (0, module.dim)


def test_samples_that_an_encoder_does_not_take_are_a_message(project, workspace):
    trial = probeline.plan(project / "small.yaml", workspace).trials[0]
    with pytest.raises(probeline.UserError, match=r"takes image samples uint8 \[8, 8, 1\], not float64 \[8, 8, 1\]"):
        probeline.embed(trial, np.zeros((2, 8, 8, 1)), workspace=workspace)
    with pytest.raises(probeline.UserError, match="split 'testing': unknown; there are train, validation, test"):
        probeline.embed(trial, "digits", "testing", workspace)
    with pytest.raises(probeline.UserError, match="trial 0000: not in"):
        probeline.encoder("0000", workspace)
