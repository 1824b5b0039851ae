import pytest
import torch
from helpers.subjects import dataset, judged, protocol, values
from probeline.core.batch import Outputs, Views
from probeline.errors import NotApplicable
from probeline.evaluation._allocations import peak_bytes
from probeline.evaluation.loss_benchmark import repeated, repeated_outputs, repeated_views

CPU = torch.device("cpu")
MIB = 2**20


def test_a_peak_is_what_is_held_at_one_time_and_not_what_was_ever_made():
    def work():
        for _ in range(5):
            torch.zeros(MIB, dtype=torch.uint8)
        retained = torch.zeros(MIB, dtype=torch.uint8)
        torch.zeros(MIB, dtype=torch.uint8).add_(retained)

    assert peak_bytes(work, CPU) == 2 * MIB


def test_views_and_what_was_there_before_count_nothing():
    there = torch.zeros(MIB)
    assert peak_bytes(lambda: there.view(2, -1).T.add_(1)[0].detach(), CPU) == 0


def test_the_backward_pass_is_followed_too():
    x = torch.ones(MIB, requires_grad=True)

    def work():
        x.grad = None
        (x * x).sum().backward()

    assert peak_bytes(work, CPU) >= 2 * 4 * MIB  # x * x, then the gradient


def test_samples_are_repeated_within_each_view():
    rows = torch.tensor([0, 1, 2, 10, 11, 12])
    assert repeated(rows, 3, 5).tolist() == [0, 1, 2, 0, 1, 10, 11, 12, 10, 11]
    assert repeated(rows, 3, 2).tolist() == [0, 1, 10, 11]
    assert repeated(None, 3, 5) is None


def test_all_that_a_loss_reads_is_repeated_alike():
    outputs = Outputs(torch.rand(4, 2), torch.rand(4, 3), {"extra": torch.rand(2, 1)})
    views = Views(torch.rand(4, 3, 8, 8), torch.arange(2), torch.arange(2))
    built, seen = repeated_outputs(outputs, 2, 6), repeated_views(views, 2, 6)
    assert [len(t) for t in (built.h, built.z, built.extra["extra"], seen.inputs, seen.targets)] == [12, 12, 6, 12, 6]
    assert seen.index.tolist() == [0, 1] * 3


def test_the_memory_of_nt_xent_grows_with_the_batch_and_not_with_its_square(tmp_path):
    judge = protocol("loss_benchmark", batch_sizes=[1024, 4096], rounds=1)
    results = values(judge.evaluate(judged("simclr"), tmp_path))
    assert set(results) == {f"{size}/{what}" for size in (1024, 4096) for what in ("seconds", "bytes")}
    assert results["4096/bytes"] < 6 * results["1024/bytes"]
    assert results["4096/seconds"] > 0


@pytest.mark.parametrize("method", ["rotation", "byol", "moco", "vae", "instance_discrimination", "supervised", "cpc"])
def test_losses_of_every_kind_of_method_have_a_cost(method, tmp_path):
    results = values(protocol("loss_benchmark", batch_sizes=[16, 100], rounds=1).evaluate(judged(method), tmp_path))
    assert len(results) == 4 and all(value > 0 for value in results.values())


def test_a_method_that_trains_nothing_has_no_loss(tmp_path):
    with pytest.raises(NotApplicable, match="trains nothing"):
        list(protocol("loss_benchmark").evaluate(judged("random_init", dataset()), tmp_path))
