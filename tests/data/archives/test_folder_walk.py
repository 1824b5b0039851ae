import os
from collections import Counter
from pathlib import Path

import pytest
from probeline.data.archives.folder_walk import files_below
from probeline.errors import UserError


def tree(root: Path, *files: str) -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in files_below(folder)}


def test_hidden_files_and_folders_are_counted_and_not_read(tmp_path):
    skipped = Counter()
    folder = tree(tmp_path, "a/1.png", "a/.2.png", ".git/3.png", "lost+found/4.png")
    assert [path.name for path in files_below(folder, skipped)] == ["1.png"]
    assert skipped == {"hidden files and folders": 3}


def test_a_folder_comes_before_the_links_to_it(tmp_path):
    folder = tree(tmp_path / "x", "a/1.png", "z/2.png")
    (folder / "a" / "to_z").symlink_to(folder / "z")
    (folder / "b").symlink_to(folder / "a")
    assert names(folder) == {"a/1.png", "z/2.png"}


def test_a_link_to_another_folder_is_followed_and_a_circle_is_counted(tmp_path):
    folder, skipped = tree(tmp_path / "x", "a/1.png"), Counter()
    (folder / "b").symlink_to(tree(tmp_path / "y", "2.png"))
    (folder / "b" / "back").symlink_to(folder)
    assert {path.relative_to(folder).as_posix() for path in files_below(folder, skipped)} == {"a/1.png", "b/2.png"}
    assert skipped["links to folders that are read already"] == 1


@pytest.mark.parametrize("name", ["nowhere", "itself"])
def test_a_link_that_leads_nowhere_is_a_file_for_its_reader_to_name(tmp_path, name):
    (tmp_path / "itself").symlink_to(name)
    assert names(tmp_path) == {"itself"}


def test_a_link_to_a_folder_above_is_refused(tmp_path):
    folder = tree(tmp_path / "x", "a/1.png")
    (folder / "a" / "root").symlink_to("/")
    with pytest.raises(UserError, match="a/root: a link to a folder that holds"):
        names(folder)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc here")
def test_a_link_to_a_system_folder_is_refused(tmp_path):
    (tmp_path / "a").symlink_to("/proc")
    with pytest.raises(UserError, match="a: a system folder"):
        names(tmp_path)
    with pytest.raises(UserError, match="/proc: a system folder"):
        names(Path("/proc"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read_does_not_vanish(tmp_path):
    folder = tree(tmp_path, "a/1.png", "b/2.png")
    (folder / "b").chmod(0)
    with pytest.raises(UserError, match="b: the folder cannot be read: permission denied"):
        names(folder)
