import numpy as np
import pytest
from probeline.data.archives.listing import Unreadable
from probeline.data.series.pen_files import PenFormat, in_order, points_of, read_trajectories
from probeline.errors import BadData

COUNTED = PenFormat(columns=3, time=2, counted=True)
MARKED = PenFormat(columns=3, time=2, separator=",", marks=("START", "BREAK"))


def test_points_under_their_number():
    points, strokes = points_of(b"2\n1 2 0\n3 4 10\n", COUNTED)
    assert points.tolist() == [[1, 2, 0], [3, 4, 10]] and strokes.tolist() == [0, 0]


def test_marks_part_strokes():
    points, strokes = points_of(b"START\n1,2,0\n3,4,5\nBREAK\n5,6,9\nBREAK\nBREAK\n7,8,12\n", MARKED)
    assert len(points) == 4 and strokes.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("content", "form", "message"),
    [
        (b"", COUNTED, r"^:1: ''; the first line is the number of points"),
        (b"0\n", COUNTED, "^: an empty trajectory"),
        (b"START\nBREAK\n", MARKED, "^: an empty trajectory"),
        (b"3\n1 2 0\n3 4 10\n", COUNTED, "^:1: 3 points are announced and 2 follow; the file is torn"),
        (b"2\n1 2 0\n3 4\n", COUNTED, "^:3: 2 values; a point has 3"),
        (b"2\n1 2 0\n3 x 10\n", COUNTED, "^:3: could not convert string to float: 'x'"),
        (b"2\n1 2 0\n3 nan 10\n", COUNTED, "^:3: a value that is not finite"),
        (b"2\n1 inf 0\n3 4 10\n", COUNTED, "^:2: a value that is not finite"),
        (b"START\n1,2,90\n3,4,10\n", MARKED, "^:3: the time goes back by 80 ms"),
        (b"\xff\xfe\x00", MARKED, "^: no text file of points"),
    ],
)
def test_a_damaged_file_is_described_with_its_line(content, form, message):
    with pytest.raises(ValueError, match=message):
        points_of(content, form)


def test_a_clock_that_is_set_back_a_little_stands_still():
    points = np.array([[0.0, 0.0, 5.0], [1.0, 0.0, 20.0], [2.0, 0.0, 12.0], [3.0, 0.0, 30.0]])
    assert in_order(points, 2)[:, 2].tolist() == [5, 20, 20, 30]
    read, forward = read_trajectories([("a", b"0,0,20\n0,0,12\n1,1,30")], MARKED)
    assert forward == 1 and read["a"][0][:, 2].tolist() == [20, 20, 30]


def test_all_damaged_files_are_named_in_one_message():
    contents = [("good", b"1,2,3"), ("torn", b"1,2"), ("lost", Unreadable("permission denied"))]
    with pytest.raises(
        BadData, match=r"(?s)^2 of 3 trajectories are damaged:\n  lost: permission denied\n  torn:1: 2 val"
    ):
        read_trajectories(contents, MARKED)
    with pytest.raises(BadData, match="and 10 more"):
        read_trajectories([(f"{number}", b"") for number in range(30)], MARKED)
