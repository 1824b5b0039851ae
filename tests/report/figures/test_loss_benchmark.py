import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.figures import loss_benchmark as plugin
from probeline.report.results.results import Results


@pytest.fixture
def losses(make):
    def values(seed, loss):
        steep = 2 if loss == "dense" else 1
        costs = {f"loss_benchmark/{size}/bytes": float(size**steep) * 2**20 for size in (256, 1024)}
        return costs | {f"loss_benchmark/{size}/seconds": size / 1000 + seed / 10 for size in (256, 1024)}

    return make.grid({"method.loss": ["dense", "blocks"]}, values)


def test_every_cost_and_batch_size_of_a_cell_is_a_row(losses):
    costs = plugin.prepare(Results(losses), plugin.Config()).costs
    assert len(costs) == 2 * 2 * 2 and {cost.estimate.n for cost in costs} == {3}
    dense = [cost for cost in costs if (cost.what, cost.estimate.cell) == ("bytes", "loss=dense")]
    assert [cost.batch_size for cost in dense] == [256, 1024]
    assert [cost.estimate.mean for cost in dense] == [256.0**2 * 2**20, 1024.0**2 * 2**20]
    seconds = [cost.estimate.mean for cost in costs if cost.what == "seconds"]
    assert sorted(set(seconds)) == pytest.approx([0.356, 1.124])


def test_memory_is_drawn_in_mebibytes_on_logarithmic_axes(losses):
    drawn = plugin.draw(plugin.prepare(Results(losses), plugin.Config()))
    memory = [trace for trace in drawn.data if trace.yaxis == "y2"]
    assert [list(trace.y) for trace in memory] == [[65536.0, 1048576.0], [256.0, 1024.0]]
    assert drawn.layout.xaxis.type == drawn.layout.yaxis2.type == "log"


def test_a_failed_trial_leaves_a_gap_and_no_number(make, losses):
    for row in range(3):
        losses = make.fail(losses, row)
    info = plugin.prepare(Results(losses), plugin.Config())
    assert info.cells == ["loss=blocks"] and len(plugin.draw(info).data) == 2


def test_experiments_that_measured_no_loss_are_nothing_to_draw(make):
    with pytest.raises(NothingToDraw, match="loss_benchmark"):
        trials = make.grid({"method": ["a", "b"]}, lambda seed, method: {"knn/top1": 0.5})
        plugin.prepare(Results(trials), plugin.Config())
