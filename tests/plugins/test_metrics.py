"""Metrics by stored names: shipped, of a plug-in from outside, of training, of results older than their protocol."""

import subprocess
import sys

import pytest
from probeline.core.metric import described
from probeline.plugins import catalog
from probeline.plugins.metrics import TRAINING, declared, matches_pattern, metric, primary_metric

DIRECTIONS = {
    "bits_per_dim/elbo": "lower",
    "bits_per_dim/importance_weighted": "lower",
    "alignment_uniformity/alignment/z": "lower",
    "alignment_uniformity/uniformity/h": "lower",
    "arora_bound/h/bound": "lower",
    "arora_bound/z/class_pairs_bound": "lower",
    "contrastive/bound": "higher",
    "contrastive/entropy": "lower",
    "rankme/h": "higher",
    "rankme/h_ceiling": "none",
    "collapse/collapsed": "lower",
    "linear_probe/top1": "higher",
    "linear_probe/top1/T-shirt_top": "higher",
    "linear_probe/ece": "lower",
    "linear_probe/l2": "none",
    "knn/k": "none",
    "fine_tune/10pct/top1": "higher",
    "transfer/digits_2/top1": "higher",
    "transformation_probe/rotation/z": "higher",
    "transformation_probe/rotation/chance": "none",
    "loss_benchmark/4096/seconds": "lower",
    "generations/mean_squared_error": "lower",
    "train/loss": "lower",
    "train/loss_2_down": "lower",
    "train/top1": "higher",
    "train/information": "higher",
    "train/lr": "none",
    "online_probe/top1": "higher",
    "cost/train_seconds": "lower",
    "cost/images_per_second": "higher",
    "gone_protocol/score": "none",
    "no_slash": "none",
}


@pytest.mark.parametrize(("name", "direction"), DIRECTIONS.items())
def test_the_direction_of_a_stored_name_is_its_declared_one(name, direction):
    assert (metric(name).direction, metric(name).name) == (direction, name)


def test_two_methods_that_name_one_term_mean_one_thing():
    for name in catalog.names("methods"):
        for term, own in catalog.metrics("methods", name).items():
            assert declared("train")[term] == own, f"{name} declares {term} otherwise than another method"


@pytest.mark.parametrize("group", [*catalog.names("protocols"), *TRAINING])
def test_every_declaration_is_read_and_says_what_it_means(group):
    assert all(one.title and "/" not in one.title for one in declared(group).values())
    if group not in TRAINING:
        primary = catalog.primary(group)
        assert primary is None or described(declared(group), primary, primary).ranked, (
            f"the primary metric of {group} ranks nothing"
        )
        assert (primary is None) == (not declared(group))


def test_the_first_protocol_with_a_primary_metric_decides():
    assert primary_metric(["views", "knn", "linear_probe"]) == "knn/top1"
    assert primary_metric(["map_2d"]) is None
    assert primary_metric(["gone.protocol", "rankme"]) == "rankme/h"
    assert primary_metric(["transfer"]) == "transfer/<data>/top1"
    assert matches_pattern("transfer/<data>/top1", "transfer/digits/top1")
    assert not matches_pattern("transfer/<data>/top1", "transfer/digits/top1/cat")


def test_a_protocol_from_outside_declares_its_own(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "sharpness_protocol.py").write_text(
        '"""Sharpness."""\nfrom probeline.core.metric import Metric\nimport a_module_that_is_not_installed\n'
        'METRICS = {"sharpness": Metric("sharpness of minima", direction="lower")}\nPRIMARY = "sharpness"\n'
    )
    (tmp_path / "lab_sharp").mkdir()
    (tmp_path / "lab_sharp/__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "sharpness_protocol.py").rename(tmp_path / "lab_sharp/sharp.py")
    assert metric("lab_sharp.sharp/sharpness").title == "sharpness of minima"
    assert primary_metric(["lab_sharp.sharp"]) == "lab_sharp.sharp/sharpness"


def test_metrics_are_read_without_a_heavy_library():
    script = (
        "import sys; from probeline.plugins.metrics import metric\n"
        "assert metric('bits_per_dim/elbo').direction == 'lower' and metric('train/kl_bits').unit == 'bits'\n"
        "print([m for m in ('torch', 'numpy', 'pandas', 'mlflow', 'ray', 'scipy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
