import re

import pytest
import torch
from helpers.training_loops import DATA, FACTS, SHAPE
from probeline.core.sample_spec import image
from probeline.experiment.schema import Training
from probeline.methods.contrastive.simclr import Config, SimCLR
from probeline.models.build import build_encoder
from probeline.training.loop import Loop
from probeline.training.micro_batch_search import (
    LESS,
    advice,
    fitting,
    kept_bytes,
    largest_power_of_two,
    smaller,
    treats_samples_apart,
)


def loop(**settings):
    torch.manual_seed(0)
    method = SimCLR(Config(), build_encoder({"name": "resnet", "width": 4}, image(*SHAPE)), FACTS)
    return Loop(method, DATA, Training(**({"batch_size": 32} | settings)), 0, torch.device("cpu"))


def proposed(loop, free):
    found = re.search(r"training.micro_batch: (\d+)", fitting(loop, free)[1])
    return int(found[1]) if found else None


def test_what_a_few_samples_keep_tells_what_many_will():
    measured = loop()
    few, more, many = (kept_bytes(measured, count)[0] for count in (4, 8, 32))
    assert many == pytest.approx(more + 24 * (more - few) / 4, rel=0.02)


def test_more_free_memory_lets_a_larger_micro_batch_fit():
    measured = loop()
    found = [proposed(measured, int(2 ** (step / 8))) or 0 for step in range(8 * 14, 8 * 30)]
    assert found == sorted(found)
    assert {0, 2, 4, 8} < set(found)
    assert found[-1] == 16  # the largest below the batch of 32
    assert proposed(loop(micro_batch=16), 2**40) == 8  # the present one did not fit


def test_where_no_sample_fits_it_says_what_else_to_change():
    fits, said = fitting(loop(), 2**10)
    assert fits is None
    assert said.startswith(LESS)
    assert "no micro-batch below 32 fits" in said


def test_a_device_that_tells_no_memory_gets_the_general_advice():
    assert advice(loop()) == LESS


class Centred(torch.nn.Module):
    """Takes the mean over the batch away, and keeps no statistics that would give it away."""

    def forward(self, h):
        return h - h.mean(0)


@pytest.mark.parametrize(
    ("layer", "apart"),
    [
        (torch.nn.Identity(), True),
        (torch.nn.LayerNorm(8), True),
        (torch.nn.BatchNorm1d(8), False),
        (torch.nn.BatchNorm1d(8, track_running_stats=False), False),
        (torch.nn.Dropout(0.5), False),
        (Centred(), False),
    ],
)
def test_only_what_looks_at_each_sample_alone_may_go_on_in_smaller_parts(layer, apart):
    torch.manual_seed(0)
    encoder = build_encoder({"name": "raw_pixels"}, image(*SHAPE))
    method = SimCLR(Config(), encoder, FACTS)
    method.projector = torch.nn.Sequential(torch.nn.Linear(encoder.dim, 8), layer)
    one = Loop(method, DATA, Training(batch_size=32), 0, torch.device("cpu"))
    before = {name: value.clone() for name, value in method.state_dict().items()}
    assert treats_samples_apart(one) is apart
    assert smaller(one) == (16 if apart else None)
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())


@pytest.mark.parametrize(("bound", "found"), [(0.5, None), (1, 1), (3.9, 2), (4, 4), (255, 128), (256.0, 256)])
def test_powers_of_two_are_within_their_bound(bound, found):
    assert largest_power_of_two(bound) == found


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_full_device_a_trial_is_told_a_micro_batch_with_which_it_runs():
    device = torch.device("cuda")
    method = SimCLR(Config(), build_encoder({"name": "resnet", "width": 4}, image(*SHAPE)), FACTS).to(device)
    cuda = Loop(method, DATA, Training(batch_size=32), 0, device)
    assert "set training.micro_batch: 16" in advice(cuda)
