import pytest
from probeline.data.series.number_tables import read_numbers
from probeline.errors import BadData


def test_lines_become_rows(tmp_path):
    (tmp_path / "t.csv").write_text("1, 2,0\n\n3,4,1\n")
    assert read_numbers(tmp_path / "t.csv", 3, 2).tolist() == [[1, 2, 0], [3, 4, 1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,0\n1,2\n", r"t\.csv:2: 2 values; a row has 3"),
        ("1,2,0\n\n1,x,0\n", r"t\.csv:3: could not convert"),
        ("1,2,0\n\n1,nan,0\n", r"t\.csv:3: a value that is not finite"),
        ("1,2,2\n", r"t\.csv:1: its class is 2; allowed: 0 to 1"),
        ("1,2,0.5\n", r"t\.csv:1: its class is 0.5"),
        ("\n", r"t\.csv: no rows"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(BadData, match=message):
        read_numbers(tmp_path / "t.csv", 3, 2)


def test_a_file_that_is_absent_is_one_message(tmp_path):
    with pytest.raises(BadData, match="cannot be read: no such file"):
        read_numbers(tmp_path / "t.csv", 3, 2)
