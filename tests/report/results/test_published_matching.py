import pytest
from probeline.experiment.references import References
from probeline.report.results.published_matching import correspondence, pairs
from probeline.report.results.rank_correlation import agreement, sentence
from probeline.report.results.results import Results
from scipy import stats

TOP1 = "linear_probe/top1"
FIG9 = References(id="simclr.fig9", only={"epochs": 100})


def cells_of(trials):
    results = Results(trials)
    return results.cells(TOP1, results.layout())


def test_equal_axis_values_stand_beside_each_other(make):
    found = cells_of(make.trials(levels={"simclr": 0.7}, sizes=(256, 512, 1024), arms={}))
    beside = correspondence(FIG9, TOP1, found)
    at = {match.published.id: match.cells for match in beside.matches}
    assert at["simclr.fig9.b512.e100"] == ("simclr batch_size=512",) and beside.notes == ()
    assert [theirs for _, theirs in pairs(beside, found)] == pytest.approx([0.5752, 0.6071, 0.6277], abs=0.01)


def test_other_numbers_stand_beside_each_other_by_order_and_it_is_said(make):
    found = cells_of(make.trials(levels={"simclr": 0.7}, sizes=(16, 32, 64), arms={}))
    beside = correspondence(FIG9, TOP1, found)
    at = {match.published.setup["batch_size"]: match.at["training.batch_size"] for match in beside.matches}
    assert at == {256: 16, 1024: 32, 8192: 64}
    assert beside.notes == ("by order: batch size 16, 32, 64 here beside 256, 1024, 8192 in the paper",)


def test_an_axis_may_be_called_otherwise_and_its_values_too(make):
    found = cells_of(make.trials(levels={"simclr": 0.7, "supervised": 0.8}, sizes=(64,), arms={}))
    asked = References(id="simclr.table1", only={"color_strength": "1"}, axes={"method": "method"})
    assert [match.cells for match in correspondence(asked, TOP1, found).matches] == [
        ("simclr batch_size=64",), ("supervised batch_size=64",)
    ]  # fmt: skip
    renamed = asked.model_copy(update={"values": {"method": {"simclr": "supervised"}}})
    assert [match.cells for match in correspondence(renamed, TOP1, found).matches] == [("supervised batch_size=64",)]


def test_a_published_value_of_another_metric_stands_nowhere(make):
    found = cells_of(make.trials(levels={"simclr": 0.7}, sizes=(256, 512), arms={}))
    assert correspondence(FIG9, "knn/top5", found).matches == ()


def test_without_references_nothing_stands_beside(make):
    assert correspondence(None, TOP1, cells_of(make.trials())) is None


def test_the_correlation_is_scipys():
    ours, theirs = [0.3, 0.5, 0.4, 0.7, 0.6, 0.2], [57, 60, 62, 66, 64, 58]
    found = agreement(ours, theirs)
    assert found.rho == pytest.approx(stats.spearmanr(ours, theirs).statistic) and found.n == 6
    assert found.interval.low < found.rho < found.interval.high


def test_a_perfect_order_of_five_cells_still_has_an_interval_with_width():
    found = agreement([1, 2, 3, 4, 5], [10, 20, 30, 40, 50])
    assert found.rho == pytest.approx(1) and 0 < found.interval.low < 0.6 and found.interval.high < 1


def test_scale_and_unit_do_not_matter():
    ours = [0.3, 0.5, 0.4, 0.7, 0.6]
    assert agreement(ours, [v * 100 for v in ours]) == agreement(ours, [v * 2 + 7 for v in ours])


def test_the_sentence_says_when_it_cannot_tell(make):
    few = cells_of(make.trials(levels={"simclr": 0.7}, sizes=(256, 512, 1024), arms={}))
    said = sentence(correspondence(FIG9, TOP1, few), few)
    assert "cannot tell" in said and "3 matched cells" in said
    many = cells_of(make.trials(levels={"simclr": 0.7}, sizes=(256, 512, 1024, 2048, 4096, 8192), arms={}, spread=0))
    said = sentence(correspondence(FIG9, TOP1, many), many)
    assert said.startswith("Shape agreement with simclr.fig9: the order agrees; Spearman 1.00 (95% interval 0.")
    none = cells_of(make.trials(levels={"simclr": 0.7}, sizes=(64,), arms={}))
    assert "no finished cell here" in sentence(correspondence(FIG9, TOP1, none), none)
