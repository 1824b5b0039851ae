import pytest
from probeline.data import sealed


def test_what_was_written_is_read(tmp_path):
    sealed.write(tmp_path / "below" / "a.json", {"n": 1, "names": ["ü"]})
    assert sealed.read(tmp_path / "below" / "a.json") == {"n": 1, "names": ["ü"]}
    assert [path.name for path in (tmp_path / "below").iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    "damage", [lambda s: s[:-5], lambda s: s.replace("1", "2"), lambda s: "", lambda s: "[" * 9999]
)
def test_a_damaged_file_reads_as_absent(tmp_path, damage):
    path = tmp_path / "a.json"
    sealed.write(path, {"n": 1})
    path.write_text(damage(path.read_text()))
    assert sealed.read(path) is None


def test_an_absent_file_reads_as_absent(tmp_path):
    assert sealed.read(tmp_path / "a.json") is None
