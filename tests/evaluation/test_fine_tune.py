import pytest
import torch
from helpers.encoders import Wrapped
from helpers.subjects import dataset, judged, protocol, values
from probeline.core.encoder import Representation
from probeline.core.method import Method
from probeline.core.sample_spec import image
from probeline.errors import NotApplicable
from probeline.evaluation._fine_tuning import balanced_rows
from probeline.methods.floors.random_init import Config
from probeline.models.build import build_encoder
from probeline.plugins import catalog
from probeline.training.embeddings import representations
from pydantic import ValidationError
from torch import nn

QUICK = {"fractions": [0.25, 1.0], "epochs": [1, 1], "least_steps": 6, "lr": [0.4], "batch_size": 16}


def test_a_subset_has_the_same_number_of_every_class():
    labels = torch.arange(90) % 3
    rows = balanced_rows(labels, 0.1, seed=0)
    assert torch.bincount(labels[rows]).tolist() == [3, 3, 3]
    assert len(rows.unique()) == 9
    assert not torch.equal(rows, balanced_rows(labels, 0.1, seed=1))
    assert torch.equal(rows, balanced_rows(labels, 0.1, seed=0))


def test_a_rare_class_gives_what_it_has_and_a_small_fraction_one_of_each():
    labels = torch.tensor([0] * 50 + [2] * 2)
    assert torch.bincount(labels[balanced_rows(labels, 0.5, seed=0)]).tolist() == [13, 0, 2]
    assert torch.bincount(labels[balanced_rows(labels, 0.001, seed=0)]).tolist() == [1, 0, 1]


def test_all_labels_are_all_rows():
    assert balanced_rows(torch.zeros(7, dtype=torch.long), 1.0, seed=0).tolist() == list(range(7))


def test_every_fraction_starts_from_the_pretrained_encoder(tmp_path):
    """So a fraction's numbers are the same alone and beside others."""
    both = values(protocol("fine_tune", **QUICK).evaluate(judged(), tmp_path))
    alone = values(protocol("fine_tune", **{**QUICK, "fractions": [1.0], "epochs": [1]}).evaluate(judged(), tmp_path))
    assert (both["25pct/labels"], both["100pct/labels"]) == (12, 48)
    assert {name: value for name, value in both.items() if name.startswith("100pct")} == alone


def test_more_training_learns_the_stripes(tmp_path):
    """Crops would change the width of the stripes, which is the class."""
    gentle = {"fractions": [1.0], "epochs": [12], "augment": {"crop_scale": [0.95, 1.0], "crop_ratio": [1.0, 1.0]}}
    results = values(protocol("fine_tune", **{**QUICK, **gentle}).evaluate(judged(), tmp_path))
    assert results["100pct/top1"] > 0.9


def test_the_rate_is_the_one_that_validates_best(tmp_path):
    settings = {**QUICK, "fractions": [1.0], "epochs": [4]}
    together = values(protocol("fine_tune", **{**settings, "lr": [1e-9, 0.1]}).evaluate(judged(), tmp_path))
    assert together["100pct/lr"] == 0.1
    alone = values(protocol("fine_tune", **{**settings, "lr": [0.1]}).evaluate(judged(), tmp_path))
    assert together == alone


def test_only_the_chosen_rates_model_reads_the_test_split(tmp_path):
    given, judged_samples = judged(), []

    def note(encoder, inputs):
        if not encoder.training:
            judged_samples.append(len(inputs[0]))

    given.subject.method.encoder.register_forward_pre_hook(note)  # copies of the encoder have it too
    list(protocol("fine_tune", **{**QUICK, "lr": [1e-9, 0.1, 0.4]}).evaluate(given, tmp_path))
    assert judged_samples == [18, 18, 18, 24] * 2, "of each fraction: validation for every rate, then the test once"


def test_a_rate_at_which_it_diverges_is_never_taken(tmp_path):
    settings = {**QUICK, "fractions": [1.0], "epochs": [1]}
    results = values(protocol("fine_tune", **{**settings, "lr": [1e-9, 1e30]}).evaluate(judged(), tmp_path))
    assert results["100pct/lr"] == 1e-9
    with pytest.raises(NotApplicable, match="100pct of the labels the loss is not finite"):
        list(protocol("fine_tune", **{**settings, "lr": [1e30]}).evaluate(judged(), tmp_path))


def test_a_last_batch_of_one_sample_is_left_out(tmp_path):
    given = judged(data=dataset(17, 6, 6))
    assert values(protocol("fine_tune", **QUICK).evaluate(given, tmp_path))["100pct/labels"] == 17


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fractions": (0.5,)}, "epochs has 3 numbers for 1 fractions"),
        ({"fractions": (0.5, 0.5, 1.0)}, "stands there twice"),
        ({"fractions": (0.5, 1.5, 1.0)}, "at most 1"),
        ({"lr": (0.0,)}, "above 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong, message):
    with pytest.raises(ValidationError, match=message):
        catalog.config("protocols", "fine_tune")(**wrong)


class WithDropout(Method):
    """A real method that leaves its encoder, one with a random layer, alone."""

    trains = False

    def __init__(self, config, encoder, facts):
        noisy = nn.Sequential(Representation(encoder), nn.Dropout(0.5))
        super().__init__(config, Wrapped(noisy, encoder.dim), facts)


def test_random_layers_draw_from_the_trials_seed(tmp_path):
    method = WithDropout(Config(), build_encoder({"name": "resnet", "width": 4}, image(16, 16, 3)), None)
    held, results = representations(method, dataset(), torch.device("cpu"), 0), []
    for noise in (1, 2):
        torch.manual_seed(noise)
        results.append(values(protocol("fine_tune", **QUICK).evaluate(held.evaluation_data(), tmp_path)))
    assert results[0] == results[1]
