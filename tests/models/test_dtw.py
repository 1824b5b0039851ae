import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from probeline.models import dtw
from scipy.spatial.distance import cdist


def reference(costs: np.ndarray) -> tuple[float, int]:
    """Cost and length of the cheapest path, cell by cell; ties go back diagonally, then by a column, then by a row."""
    height, width = costs.shape
    total = np.full((height + 1, width + 1), np.inf)
    total[0, 0] = 0
    for i in range(height):
        for j in range(width):
            total[i + 1, j + 1] = costs[i, j] + min(total[i, j], total[i + 1, j], total[i, j + 1])
    i, j, steps = height, width, 0
    while i and j:
        steps += 1
        moves = [(total[i - 1, j - 1], i - 1, j - 1), (total[i, j - 1], i, j - 1), (total[i - 1, j], i - 1, j)]
        _, i, j = min(moves, key=lambda move: move[0])
    return float(total[height, width]), steps


def ragged(lengths: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    frames = np.random.default_rng(seed).normal(size=(sum(lengths), 3)).astype(np.float32)
    return frames, np.concatenate([[0], np.cumsum(lengths)])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6), st.booleans())
def test_cost_and_path_length_are_those_of_the_plain_recursion(height, width, seed, ties):
    costs = np.random.default_rng(seed).random((3, height, width))
    costs = np.round(costs * 2) if ties else costs
    full = torch.full((3,), height), torch.full((3,), width)
    total, steps = dtw.dtw_path_lengths(torch.as_tensor(costs), *full)
    torch.testing.assert_close(dtw.dtw_of_costs(torch.as_tensor(costs), *full), total)
    for number in range(3):
        expected = reference(costs[number])
        assert (float(total[number]), int(steps[number])) == pytest.approx(expected)


def test_padding_changes_no_distance():
    costs = torch.rand(4, 7, 6)
    rows, columns = torch.tensor([7, 3, 1, 5]), torch.tensor([6, 6, 1, 2])
    total, steps = dtw.dtw_path_lengths(costs, rows, columns)
    torch.testing.assert_close(dtw.dtw_of_costs(costs, rows, columns), total)
    for number in range(4):
        expected = reference(costs[number, : rows[number], : columns[number]].double().numpy())
        assert (float(total[number]), int(steps[number])) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("euclidean", "euclidean"), ("squared", "sqeuclidean"), ("cosine", "cosine")]
)
def test_frame_costs_are_those_of_scipy(ours, theirs):
    a, b = torch.randn(5, 3), torch.randn(4, 3)
    expected = cdist(a.double().numpy(), b.double().numpy(), theirs)
    np.testing.assert_allclose(dtw.frame_costs(a[None], b[None], ours)[0], expected, atol=1e-5)


def test_an_angle_is_a_share_of_pi():
    a = torch.tensor([[[1.0, 0.0]]])
    others = torch.tensor([[[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [0.0, 0.0]]])
    torch.testing.assert_close(dtw.frame_costs(a, others, "angular")[0, 0], torch.tensor([0.0, 0.5, 1.0, 0.5]))


def test_a_slower_copy_is_at_distance_zero():
    frames = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    series = np.concatenate([frames, np.repeat(frames, 3, axis=0)]), np.array([0, 5, 20])
    assert dtw.dtw_distances(series, np.array([0]), np.array([1])) == pytest.approx([0], abs=1e-6)


@pytest.mark.parametrize("by_path_length", [False, True])
def test_pairs_of_ragged_series_are_those_of_the_reference_in_any_chunk(by_path_length, monkeypatch):
    series = ragged([3, 11, 1, 6, 8])
    first, second = np.array([0, 1, 2, 4, 3, 1]), np.array([1, 1, 4, 0, 2, 3])
    rows = [series[0][start:stop] for start, stop in zip(series[1], series[1][1:], strict=False)]
    whole = dtw.dtw_distances(series, first, second, "squared", by_path_length=by_path_length)
    for number, (a, b) in enumerate(zip(first, second, strict=True)):
        total, steps = reference(cdist(rows[a], rows[b], "sqeuclidean"))
        assert whole[number] == pytest.approx(total / steps if by_path_length else total, rel=1e-4, abs=1e-5)
    monkeypatch.setattr(dtw, "MAX_CELLS", 150)
    in_chunks = dtw.dtw_distances(series, first, second, "squared", by_path_length=by_path_length)
    np.testing.assert_allclose(in_chunks, whole, rtol=1e-6)


def test_distances_are_symmetric():
    series, first, second = ragged([4, 9, 6]), np.array([0, 0, 1]), np.array([1, 2, 2])
    np.testing.assert_allclose(
        dtw.dtw_distances(series, first, second), dtw.dtw_distances(series, second, first), rtol=1e-6
    )


def test_an_empty_series_has_no_path_and_no_pairs_have_no_distances():
    series = ragged([3, 0, 2])
    with pytest.raises(ValueError, match="a series of a pair is empty"):
        dtw.dtw_distances(series, np.array([0]), np.array([1]))
    assert dtw.dtw_distances(series, np.array([], int), np.array([], int)).shape == (0,)
