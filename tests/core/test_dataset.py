import numpy as np
import pytest
from probeline.core.dataset import Split


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_float_pixels_are_refused_where_data_enter_so_none_is_ever_nan(value):
    with pytest.raises(ValueError, match=r"float32 .* a split holds images, uint8"):
        Split(np.full((2, 4, 4, 3), value, np.float32), np.zeros(2, np.int64))


def test_whole_bytes_pass():
    assert len(Split(np.zeros((2, 4, 4, 3), np.uint8), np.full(2, -1))) == 2
