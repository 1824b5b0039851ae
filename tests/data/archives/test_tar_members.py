import gzip
import io
import tarfile
from pathlib import Path

import pytest
from probeline.data.archives import tar_members
from probeline.data.archives.listing import Unreadable
from probeline.errors import BadData

GOOD = {"a/1.png": b"1" * 700, "b/2.png": b"2" * 100}


def tar(path: Path, *extra: tarfile.TarInfo, content: bytes = b"", mode: str = "w") -> Path:
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as archive:
        for name, data in GOOD.items():
            archive.addfile(member(name, size=len(data)), io.BytesIO(data))
        for each in extra:
            archive.addfile(each, io.BytesIO(content))
    return path


def member(name: str, **fields) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def unended(path: Path) -> bytes:
    """The bytes of a good tar before its end mark."""
    data = tar(path).read_bytes().rstrip(b"\0")
    return data + b"\0" * (-len(data) % 512)


def test_links_and_devices_are_counted_and_are_no_files(tmp_path):
    link = member("a/l.png", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    pipe = member("a/p.png", type=tarfile.FIFOTYPE)
    listing = tar_members.listing(tar(tmp_path / "x.tar", link, pipe))
    assert listing.names == list(GOOD) and listing.skipped == {"links": 1, "devices and pipes": 1}


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_header_that_claims_gigabytes_is_refused_before_it_is_read(tmp_path, kind):
    claim = member("h", type=kind, size=8 * 2**30).tobuf(tarfile.GNU_FORMAT)
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(unended(tmp_path / "y.tar") + claim + b"\0" * 10240))
    with pytest.raises(BadData, match=r"x\.tar\.gz: a header of 8,589,934,592 bytes or more; at most 1,048,576"):
        tar_members.listing(path)


def test_a_name_of_a_thousand_letters_is_no_attack(tmp_path):
    path = tar(tmp_path / "x.tar", member("a/" + "n" * 1000 + ".png"))
    assert max(map(len, tar_members.listing(path).names)) == 1006


@pytest.mark.parametrize(
    "headers",
    [
        {"GNU.sparse.map": "a,b,c", "GNU.sparse.size": "zz"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9"},
        {"size": "-512"},
        {"size": "x", "mtime": "nan"},
    ],
)
def test_junk_in_extended_headers_is_a_damaged_archive(tmp_path, headers):
    path = tar(tmp_path / "x.tar", member("a/p.png", size=4, pax_headers=headers), content=b"junk")
    with pytest.raises(BadData, match=r"x\.tar: the archive is damaged"):
        tar_members.listing(path)


def sparse(size: int) -> bytes:
    """A header in GNU's old form of a sparse file of `size` bytes, without data."""
    header = bytearray(member("a/sparse.png").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[483:495] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def test_a_sparse_member_is_named_alone_and_takes_no_memory(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(unended(tmp_path / "y.tar") + sparse(2**28) + b"\0" * 10240)
    contents = dict(tar_members.contents(path, {"a/1.png", "a/sparse.png"}))
    assert contents["a/1.png"] == GOOD["a/1.png"]
    assert contents["a/sparse.png"] == Unreadable("stored as a sparse file; pack it anew without --sparse")


def test_a_member_above_the_bound_is_known_from_the_list(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(unended(tmp_path / "y.tar") + sparse(2**30) + b"\0" * 10240)
    assert tar_members.listing(path).too_long == ["a/sparse.png"]


def test_what_follows_the_end_is_read_up_to_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_members, "MAX_TAIL_BYTES", 10**6)
    path = tar(tmp_path / "x.tar")
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 10**5)
    assert tar_members.listing(path).names == list(GOOD)
    with path.open("ab") as file:
        file.truncate(10**7)
    with pytest.raises(BadData, match="bytes follow the end of the archive"):
        tar_members.listing(path)
