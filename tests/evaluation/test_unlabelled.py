"""Images without labels: methods that need none train on them, probes leave a note, and the trial finishes."""

import numpy as np
import pytest
from helpers.image_folders import folder
from PIL import Image
from probeline.core.events import Artifact, Note, Record
from probeline.data.store import facts
from probeline.errors import BadData, UserError
from probeline.experiment.canonical import canonical_json
from probeline.experiment.grid import cells
from probeline.experiment.identity import trial
from probeline.experiment.load import load
from probeline.plugins.metrics import metric
from probeline.training.trial import run
from probeline.training.trial_storage import Storage

SPEC = """
name: flat
base:
  data: {{name: image_folder, path: {path}}}
  encoder: {{name: resnet, width: 2}}
  method: {method}
  training: {{epochs: 1, batch_size: 8}}
  evaluation: [{protocols}]
"""
EVERY = "linear_probe, projection_probe, knn, {name: rankme}, collapse, contrastive, arora_bound, fine_tune"


def events(tmp_path, path, method="simclr", protocols=EVERY):
    (tmp_path / "flat.yaml").write_text(SPEC.format(path=path, method=method, protocols=protocols))
    cell = cells(load(tmp_path / "flat.yaml"))[0]
    data = cell.recipe.data.as_dict()
    one = trial(cell, 0, {canonical_json(data): facts(data).digest})
    return list(run(one, Storage(tmp_path / "storage")))


def test_a_flat_folder_trains_and_every_probe_leaves_a_note(tmp_path):
    folder(tmp_path / "flat", labelled=False, images=30)
    results = events(tmp_path, tmp_path / "flat")
    notes = {item.name: item.text for item in results if isinstance(item, Note)}
    of_trial = {"precision", "evaluation_precision"}
    assert set(notes) - of_trial == {"linear_probe", "projection_probe", "knn", "arora_bound", "fine_tune"}
    refusals = [text for name, text in notes.items() if name not in of_trial]
    assert all("it needs labels, and 22 of 22 training samples have none" in text for text in refusals)
    records = {item.name for item in results if isinstance(item, Record)}
    assert {"train/loss", "rankme/h", "collapse/collapsed", "contrastive/bound", "cost/eval_seconds"} <= records
    undeclared = [name for name in records if metric(name).title == name.replace("_", " ")]
    assert not undeclared, "a training and its evaluation record only declared metrics"
    assert any(isinstance(item, Artifact) and item.name.endswith("encoder.safetensors") for item in results)


def test_a_flat_training_part_beside_a_labelled_test_part_is_no_reason_to_fail(tmp_path):
    folder(tmp_path / "images" / "test", images=6)
    folder(tmp_path / "images" / "train", labelled=False, images=20)
    notes = [item.text for item in events(tmp_path, tmp_path / "images") if isinstance(item, Note)]
    assert any("training samples have none" in text for text in notes)


def test_a_stray_image_beside_class_folders_is_still_a_mistake(tmp_path):
    folder(tmp_path / "images")
    Image.fromarray(np.zeros((12, 12, 3), np.uint8)).save(tmp_path / "images" / "stray.png")
    with pytest.raises(UserError, match=r"stray\.png lies outside a class folder"):
        events(tmp_path, tmp_path / "images")


def test_a_method_that_learns_from_labels_refuses_before_training(tmp_path):
    folder(tmp_path / "flat", labelled=False, images=30)
    with pytest.raises(BadData, match="label"):
        events(tmp_path, tmp_path / "flat", method="supervised", protocols="linear_probe")
