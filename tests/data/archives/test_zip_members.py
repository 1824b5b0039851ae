import stat
import struct
import zipfile
from pathlib import Path

import pytest
from probeline.data.archives import zip_members
from probeline.data.archives.listing import Unreadable
from probeline.errors import BadData

GOOD = {"x/a/1.png": b"1" * 5000, "x/b/2.png": bytes(range(256)) * 4}
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def zipped(path: Path, method: int = zipfile.ZIP_DEFLATED, files: dict[str, bytes] = GOOD) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def contents(path: Path) -> dict:
    return dict(zip_members.contents(path, set(zip_members.listing(path).names)))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_read(tmp_path, method):
    assert contents(zipped(tmp_path / "x.zip", method)) == GOOD


@pytest.mark.parametrize("method", METHODS)
def test_a_spoilt_member_is_named_alone(tmp_path, method):
    path = zipped(tmp_path / "x.zip", method)
    content = bytearray(path.read_bytes())
    start = 30 + len("x/a/1.png")
    for at in range(start + 4, start + 12):
        content[at] ^= 0x5A
    path.write_bytes(content)
    read = contents(path)
    assert read["x/b/2.png"] == GOOD["x/b/2.png"]
    assert isinstance(read["x/a/1.png"], Unreadable) and "damaged inside the archive" in read["x/a/1.png"].reason


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_member_is_decompressed_to_its_stated_size_and_no_further(tmp_path, method, monkeypatch):
    path = zipped(tmp_path / "x.zip", method, {"a/bomb.png": b"\0" * 10**7})
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.rfind(b"PK\x01\x02") + 24, 100)  # it says 100 bytes
    path.write_bytes(content)
    lengths = []
    decompress = zip_members.DECOMPRESS[method]
    monkeypatch.setitem(
        zip_members.DECOMPRESS, method, lambda *given: lengths.append(len(out := decompress(*given))) or out
    )
    assert isinstance(contents(path)["a/bomb.png"], Unreadable) and lengths == [101]


def test_a_name_that_is_not_utf8_is_a_damaged_archive(tmp_path):
    path = zipped(tmp_path / "x.zip")
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    struct.pack_into("<H", content, at + 8, 0x800)
    content[at + 46] = 0xFF
    path.write_bytes(content)
    with pytest.raises(BadData, match=r"x\.zip: the archive is damaged .*utf-8"):
        zip_members.listing(path)


def test_backslashes_of_windows_are_folders(tmp_path):
    path = zipped(tmp_path / "x.zip", files={"x\\a\\1.png": b"1", "x\\b\\2.png": b"2"})
    assert contents(path) == {"x/a/1.png": b"1", "x/b/2.png": b"2"}


def test_a_backslash_in_a_name_of_unix_stays(tmp_path):
    assert zip_members.listing(zipped(tmp_path / "x.zip", files={"a/1\\2.png": b""})).names == ["a/1\\2.png"]


def test_a_link_is_no_file(tmp_path):
    path = zipped(tmp_path / "x.zip")
    link = zipfile.ZipInfo("x/a/l.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    listing = zip_members.listing(path)
    assert listing.names == list(GOOD) and listing.skipped == {"links": 1}
    assert list(zip_members.contents(path, {"x/a/l.png"})) == []


def test_an_encrypted_member_and_an_unknown_method_say_so(tmp_path):
    for offset, value, reason in ((8, 1, "encrypted"), (10, 99, "packed by method 99")):
        path = zipped(tmp_path / "x.zip")
        content = bytearray(path.read_bytes())
        struct.pack_into("<H", content, content.find(b"PK\x01\x02") + offset, value)
        path.write_bytes(content)
        assert reason in contents(path)["x/a/1.png"].reason
