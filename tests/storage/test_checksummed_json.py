import pytest
from probeline.storage import checksummed_json


def test_what_was_written_is_read(tmp_path):
    checksummed_json.write(tmp_path / "below" / "a.json", {"n": 1, "names": ["ü"]})
    assert checksummed_json.read(tmp_path / "below" / "a.json") == {"n": 1, "names": ["ü"]}
    assert [path.name for path in (tmp_path / "below").iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    "damage", [lambda s: s[:-5], lambda s: s.replace("1", "2"), lambda s: "", lambda s: "[" * 9999]
)
def test_a_damaged_file_reads_as_absent(tmp_path, damage):
    path = tmp_path / "a.json"
    checksummed_json.write(path, {"n": 1})
    path.write_text(damage(path.read_text()))
    assert checksummed_json.read(path) is None


def test_an_absent_file_reads_as_absent(tmp_path):
    assert checksummed_json.read(tmp_path / "a.json") is None
