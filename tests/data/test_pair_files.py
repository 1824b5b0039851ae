import pytest
from probeline.data.pair_files import read_pairs
from probeline.errors import UserError

ROWS = {"ann/1.png": 0, "ann/2.png": 1, "bob/1.png": 2, "bob/2.png": 3}


@pytest.fixture
def file(tmp_path):
    def write(*lines: str):
        (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n")
        return tmp_path / "pairs.csv"

    return write


def test_lines_become_pairs_under_a_header_or_none(file):
    for header in ([], ["a,b,same"]):
        pairs = read_pairs(file(*header, "ann/1.png, ann/2.png, 1", "", "# far", "ann/1.png,bob/1.png,different"), ROWS)
        assert (pairs.first.tolist(), pairs.second.tolist(), pairs.same.tolist()) == ([0, 0], [1, 2], [True, False])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["ann/1.png,ann/2.png"], r"pairs.csv:1: 2 fields; a pair is a,b,same"),
        (["ann/1.png,ann/2.png,maybe"], r"pairs.csv:1: same is 'maybe'; allowed: 1, true"),
        (["a,b,same", "ann/1.png,eve/1.png,0"], r"pairs.csv:2: no sample is named 'eve/1.png'"),
        (["ann/1.png,ann/1.png,1"], r"pairs.csv:1: a pair of 'ann/1.png' with itself"),
        (["ann/1.png,ann/2.png,1", "ann/2.png,ann/1.png,1"], r"pairs.csv:2: line 1 has this pair; remove one"),
        (["ann/1.png,ann/2.png,1", "", "ann/2.png,ann/1.png,0"], r"pairs.csv:3: line 1 says the opposite of this pair"),
        (
            ["ann/1.png,ann/2.png,1", "ann/1.png,bob/1.png,0", "ann/2.png,bob/1.png,1"],
            r"pairs.csv:2: the pair is different, but other lines say ann/1.png = ann/2.png = bob/1.png",
        ),
        (["# nothing"], r"pairs.csv: no pairs; each line is a,b,same"),
    ],
)
def test_a_wrong_line_is_named(file, lines, message):
    with pytest.raises(UserError, match=message):
        read_pairs(file(*lines), ROWS)


def test_a_file_that_cannot_be_read_is_one_message(tmp_path):
    with pytest.raises(UserError, match="no such file; give a text file of lines a,b,same"):
        read_pairs(tmp_path / "absent.csv", ROWS)
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read"):
        read_pairs(tmp_path / "x.csv", ROWS)
