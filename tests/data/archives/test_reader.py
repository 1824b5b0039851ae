import contextlib
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from probeline.data.archives import reader, tar_members, zip_members
from probeline.data.archives.listing import Unreadable
from probeline.errors import BadData, UserError

FILES = {"a/one.txt": b"1" * 5000, "a/two.txt": b"2" * 700, "b/three.txt": bytes(range(256)) * 40}


def make_tar(path: Path, mode: str) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("a/link.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return path


def make(kind: str, folder: Path) -> Path:
    if kind == "folder":
        for name, content in FILES.items():
            (folder / "f" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "f" / name).write_bytes(content)
        return folder / "f"
    if kind == "zip":
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
        return folder / "a.zip"
    return make_tar(folder / f"a.{kind}", "w:gz" if kind == "tar.gz" else "w")


def everything(path: Path) -> dict[str, bytes | None]:
    return dict(reader.contents(path, set(reader.listing(path).names)))


@pytest.mark.parametrize("kind", ["folder", "tar", "tar.gz", "zip"])
def test_every_kind_gives_the_same_files(tmp_path, kind):
    path = make(kind, tmp_path)
    assert everything(path) == FILES
    assert dict(reader.contents(path, {"a/two.txt"})) == {"a/two.txt": FILES["a/two.txt"]}


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
@pytest.mark.parametrize("keep", [0.15, 0.4, 0.62, 0.9])
def test_a_tar_that_was_cut_short_is_never_read_as_a_shorter_one(tmp_path, kind, keep):
    path = make(kind, tmp_path)
    content = path.read_bytes()
    end = content.rstrip(b"\0") if kind == "tar" else content
    path.write_bytes(end[: int(len(end) * keep)])
    with pytest.raises((BadData, UserError), match=r"a\.tar.*damaged"):
        reader.listing(path)


def test_a_tar_cut_between_two_files_is_damaged_too(tmp_path):
    path = make("tar", tmp_path)
    path.write_bytes(path.read_bytes()[: 512 + 5120])
    with pytest.raises(BadData, match="ends in the middle"):
        reader.listing(path)


def test_a_spoilt_header_inside_a_tar_is_found(tmp_path):
    path = make("tar", tmp_path)
    content = bytearray(path.read_bytes())
    content[512 + 5120 + 3] ^= 255
    path.write_bytes(content)
    with pytest.raises(BadData, match="ends in the middle"):
        reader.listing(path)


def test_a_flipped_bit_in_a_gzip_is_found(tmp_path):
    path = make("tar.gz", tmp_path)
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum
    path.write_bytes(content)
    with pytest.raises(BadData, match="CRC"):
        reader.listing(path)


def test_one_spoilt_member_of_a_zip_is_named_alone(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"2" * 10, b"3" * 10, 1))
    assert isinstance(everything(path).pop("a/two.txt"), Unreadable)
    assert {name: content for name, content in everything(path).items() if name != "a/two.txt"} == {
        name: content for name, content in FILES.items() if name != "a/two.txt"
    }


def test_a_file_above_the_bound_is_not_read(tmp_path, monkeypatch):
    for module in (reader, tar_members, zip_members):
        monkeypatch.setattr(module, "MAX_BYTES", 1000)
    for kind in ("folder", "tar", "zip"):
        assert isinstance(everything(make(kind, tmp_path))["a/one.txt"], Unreadable)


def test_what_is_no_archive_is_the_users_mistake(tmp_path):
    for content in (b"hello" * 500, b"", gzip.compress(b"hello" * 500)):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(UserError, match="x: neither a folder nor"):
            reader.listing(tmp_path / "x")
    with pytest.raises(UserError, match="nowhere: no such file or folder"):
        reader.source_files(tmp_path / "nowhere")


def test_a_link_to_a_folder_is_followed_and_a_circle_is_left(tmp_path):
    folder = make("folder", tmp_path)
    (folder / "c").symlink_to(make("folder", tmp_path / "other"))
    (folder / "a" / "circle").symlink_to(folder)
    names = reader.listing(folder).names
    assert set(FILES) | {f"c/{name}" for name in FILES} == set(names)


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_an_archive_with_wrong_bytes_is_read_or_refused_and_nothing_else(tmp_path, kind):
    path = make(kind, tmp_path)
    content = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(0)
    for _ in range(100):
        wrong = content.copy()
        wrong[random.integers(0, len(wrong), random.choice([1, 3, 20]))] = random.integers(0, 256)
        path.write_bytes(wrong.tobytes())
        with contextlib.suppress(UserError, BadData):
            everything(path)
