import pytest
import torch
from probeline.evaluation._ranking import ranking


def by_distance(z):
    return lambda queries, keys: -torch.cdist(z[queries], z[keys], compute_mode="donot_use_mm_for_euclid_dist")


def points(*values):
    return torch.tensor(values)[:, None]


def test_five_points_on_a_line_give_the_values_worked_out_by_hand():
    z, labels = points(0.0, 1.0, 2.1, 3.3, 9.0), torch.tensor([0, 1, 0, 0, 1])
    # Ranked: 0: 1, 2, 3, 4 -> x o o x; R = 2: precision 1/2, AP (1/2) / 2
    #         1: 0, 2, 3, 4 -> x x x o; R = 1: 0
    #         2: 1, 3, 0, 4 -> x o   ; R = 2: 1/2 (1 at the second is 3, then 0 third), AP (1/2) / 2
    #         3: 2, 1, 0, 4 -> o x   ; R = 2: 1/2, AP 1 / 2
    #         4: 3, 2, 1, 0 -> x x o ; R = 1: 0
    result = ranking(by_distance(z), labels, (1, 2, 3))
    assert result.queries == 5
    assert result.recall == {1: 1 / 5, 2: 3 / 5, 3: 4 / 5}
    assert result.r_precision == pytest.approx(3 * 0.5 / 5)
    assert result.map_at_r == pytest.approx((0.25 + 0.25 + 0.5) / 5)


def test_a_sample_alone_in_its_class_asks_nothing_and_an_unlabelled_one_is_not_there():
    z, labels = points(0.0, 1.0, 1.1, 3.0), torch.tensor([0, 1, -1, 0])
    result = ranking(by_distance(z), labels, (1, 2))
    assert result.queries == 2
    assert result.recall == {1: 0.0, 2: 1.0}, "the lone one is nearest to both, the unlabelled one is passed over"


def test_equal_scores_are_ranked_without_regard_to_labels():
    labels = torch.arange(1000) // 10  # sorted by class: the order of rows would answer everything
    result = ranking(lambda queries, keys: torch.zeros(len(queries), len(keys)), labels, (1,))
    assert result.recall[1] < 0.05 and result.r_precision < 0.05


def test_without_a_query_there_is_no_ranking():
    assert ranking(by_distance(points(0.0, 1.0)), torch.tensor([0, 1]), (1,)) is None
    assert ranking(by_distance(points(0.0, 1.0)), torch.tensor([-1, -1]), (1,)) is None


def test_blocks_and_more_neighbours_than_there_are_change_nothing(monkeypatch):
    z, labels = torch.randn(30, 4, generator=torch.Generator().manual_seed(0)), torch.arange(30) % 4
    whole = ranking(by_distance(z), labels, (1, 5, 1000))
    monkeypatch.setattr("probeline.evaluation._ranking.ELEMENTS", 70)
    blocks = ranking(by_distance(z), labels, (1, 5, 1000))
    assert (blocks.recall, blocks.queries) == (whole.recall, whole.queries)
    assert (blocks.r_precision, blocks.map_at_r) == pytest.approx((whole.r_precision, whole.map_at_r))
    assert whole.recall[1000] == 1.0


def test_it_agrees_with_pytorch_metric_learnings_calculator():
    pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    z = torch.randn(60, 5, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(60) % 7
    labels[labels == 6] = torch.arange(100, 100 + int((labels == 6).sum()))  # classes of one sample each
    include = ("precision_at_1", "r_precision", "mean_average_precision_at_r")
    knn = CustomKNN(LpDistance(normalize_embeddings=False))
    theirs = AccuracyCalculator(include=include, k="max_bin_count", knn_func=knn).get_accuracy(z, labels)
    ours = ranking(by_distance(z), labels, (1, 5))
    assert ours.recall[1] == pytest.approx(theirs["precision_at_1"])
    assert ours.r_precision == pytest.approx(theirs["r_precision"])
    assert ours.map_at_r == pytest.approx(theirs["mean_average_precision_at_r"])
