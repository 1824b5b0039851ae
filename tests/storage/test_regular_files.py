"""Only regular files are read, and nothing else blocks or is opened."""

import errno
import os
import socket
from pathlib import Path

import pytest
from probeline.errors import UserError
from probeline.storage.regular_files import expanded, open_regular, read_regular


def test_a_regular_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "file", 7) == read_regular(tmp_path / "link", 7) == b"content"


def test_a_file_past_the_limit_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    with pytest.raises(OSError, match="larger than 6 bytes") as error:
        read_regular(tmp_path / "file", 6)
    assert error.value.errno == errno.EFBIG


@pytest.mark.parametrize(
    ("kind", "says"),
    [("fifo", "a FIFO"), ("socket", "a socket"), ("folder", "a folder"), ("device", "a device"), ("link", "a device")],
)
def test_what_is_no_regular_file_is_refused_by_its_kind(tmp_path, kind, says):
    path = tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "link":
        path.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as bound:
        if kind == "socket":
            bound.bind(str(path))
        with pytest.raises(OSError, match=says):
            open_regular(path)


def test_a_path_that_no_file_can_have_is_an_os_error(tmp_path):
    for name in ("a\0b", "a" * 300):
        with pytest.raises(OSError):
            open_regular(tmp_path / name)


def test_the_home_of_an_unknown_user_is_a_users_mistake():
    with pytest.raises(UserError, match="knows no home folder of '~nosuchuser'"):
        expanded("~nosuchuser/x")
