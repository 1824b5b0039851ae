import numpy as np
import pytest
from probeline.core.columns import Ragged

SAMPLES = [np.arange(n, dtype=np.int16) for n in (3, 0, 5, 2)]


def test_a_row_is_the_sample_that_was_given():
    column = Ragged.of(SAMPLES)
    assert len(column) == 4 and column.lengths.tolist() == [3, 0, 5, 2]
    assert all(np.array_equal(column.row(number), sample) for number, sample in enumerate(SAMPLES))


def test_a_slice_copies_nothing_and_chosen_rows_come_in_their_order():
    column = Ragged.of(SAMPLES)
    assert np.shares_memory(column[2:].values, column.values) and column[2:].row(1).tolist() == [0, 1]
    chosen = column[np.array([3, 0, 3])]
    assert [chosen.row(number).tolist() for number in range(3)] == [[0, 1], [0, 1, 2], [0, 1]]
    assert len(column[np.array([True, False, False, True])]) == 2 and len(column[1:1]) == 0


@pytest.mark.parametrize("offsets", [[0, 2], [1, 10], [0, 7, 3, 10], [[0], [10]]])
def test_offsets_that_do_not_ascend_to_all_values_are_refused(offsets):
    with pytest.raises(ValueError, match="offsets"):
        Ragged(np.zeros(10, np.int16), np.array(offsets, np.int64))
