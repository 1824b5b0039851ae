import numpy as np
import pytest
import torch
from probeline.core.frames import Frames
from probeline.core.lists import Segments
from probeline.evaluation._frame_labels import FrameTimes, frame_labels, some_rows


def segments(*rows: tuple[int, int, int, int]) -> Segments:
    return Segments(*np.array(rows, np.int64).reshape(-1, 4).T.copy())


def test_a_frame_has_the_label_of_the_segment_that_its_middle_lies_in() -> None:
    frames = Frames(torch.zeros(9, 2), torch.tensor([0, 5, 9]))
    given = segments((0, 0, 200, 3), (0, 200, 360, 1), (1, 360, 9999, 2))
    labels = frame_labels(frames, given, FrameTimes(first=200.0, step=160.0))  # middles: 200, 360, 520, ...
    assert labels.tolist() == [1, -1, -1, -1, -1, -1, 2, 2, 2]


def test_hidden_labels_are_refused() -> None:
    frames = Frames(torch.zeros(2, 1), torch.tensor([0, 2]))
    with pytest.raises(ValueError, match="hidden"):
        frame_labels(frames, segments((0, 0, 9, 1)).hidden(), FrameTimes(0.0, 1.0))


def test_a_sample_without_a_segment_has_no_labels() -> None:
    frames = Frames(torch.zeros(4, 1), torch.tensor([0, 2, 4]))
    assert frame_labels(frames, segments((1, 0, 2, 0)), FrameTimes(0.0, 1.0)).tolist() == [-1, -1, 0, 0]


def test_some_rows_are_without_repetition_and_all_where_there_are_few() -> None:
    assert len(set(some_rows(100, 30, seed=0).tolist())) == 30
    assert some_rows(5, 30, seed=0).tolist() == list(range(5))
    assert some_rows(5, None, seed=0).tolist() == list(range(5))
