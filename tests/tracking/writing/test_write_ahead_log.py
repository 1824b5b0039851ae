import errno
import json
import os
import resource
from pathlib import Path

import pytest
from probeline.core.events import Artifact
from probeline.errors import DiskFull
from probeline.tracking.writing.write_ahead_log import (
    READ_AT_ONCE,
    Session,
    WriteAheadLog,
    abandoned,
    held,
    open_session,
)


def test_entries_come_back_in_order_and_from_any_offset(tmp_path):
    spool = WriteAheadLog(tmp_path, "a")
    for number in range(3):
        spool.append({"op": "records", "number": number})
    entries, offset = spool.read(0)
    assert [entry["number"] for entry, _ in entries] == [0, 1, 2]
    assert [spool.read(after)[0][0][0]["number"] for _, after in entries[:2]] == [1, 2]
    assert offset == spool.size() == entries[-1][1]
    spool.append({"op": "finished"})
    assert spool.read(offset)[0] == [({"op": "finished"}, spool.size())]
    assert spool.last_op() == "finished"


def test_a_torn_last_line_is_dropped_and_the_next_entry_starts_a_line(tmp_path):
    spool = WriteAheadLog(tmp_path, "a")
    spool.append({"op": "started"})
    with spool.path.open("ab") as stream:
        stream.write(b'{"op":"reco')
    assert [entry for entry, _ in spool.read(0)[0]] == [{"op": "started"}]
    spool.repair()
    spool.append({"op": "finished"})
    assert [entry["op"] for entry in spool.entries()] == ["started", "finished"]


def test_a_damaged_line_in_the_middle_is_told_and_costs_no_other(tmp_path, caplog):
    spool = WriteAheadLog(tmp_path, "a")
    spool.append({"op": "started"})
    with spool.path.open("ab") as stream:
        stream.write(b"\x00\x00\xff\n")
    spool.append({"op": "finished"})
    assert [entry["op"] for entry in spool.entries()] == ["started", "finished"]
    assert "damaged line at byte 17" in caplog.text


def test_a_long_spool_is_read_in_portions(tmp_path):
    spool = WriteAheadLog(tmp_path, "a")
    for _ in range(40):
        spool.append({"op": "records", "text": "x" * 100_000})
    entries, offset = spool.read(0)
    assert len(entries) < 15
    assert offset < READ_AT_ONCE + 200_000
    assert len(list(spool.entries())) == 40


def test_an_entry_that_the_disk_does_not_take_leaves_no_half_line(tmp_path):
    spool = WriteAheadLog(tmp_path, "a")
    spool.append({"op": "started"})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(DiskFull, match="cannot be written, the disk is full"):
            spool.append({"op": "records", "text": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    spool.append({"op": "finished"})
    assert [entry["op"] for entry in spool.entries()] == ["started", "finished"]


def test_an_artifact_is_kept_under_its_own_name_when_the_original_goes(tmp_path):
    original = tmp_path / "tmp123"
    original.write_text("first")
    spool = WriteAheadLog(tmp_path, "a")
    kept = spool.keep(Artifact("encoder/weights.safetensors", original))
    original.unlink()
    assert (kept.name, kept.read_text()) == ("weights.safetensors", "first")
    original.write_text("second")
    assert spool.keep(Artifact("encoder/weights.safetensors", original)).read_text() == "second"
    spool.append({"op": "started"})
    spool.remove()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tmp123"]


def test_a_live_session_is_not_taken_over_and_a_dead_one_is(tmp_path):
    session = open_session(tmp_path)
    WriteAheadLog(session.folder, "a").append(json.loads(BEGIN))
    assert abandoned(tmp_path) == []
    assert held(tmp_path, "a", mine=set())
    assert not held(tmp_path, "a", mine={session.folder})
    assert not held(tmp_path, "b", mine=set())
    session.leave()
    (taken,) = abandoned(tmp_path)
    assert [spool.trial_id for spool in taken.spools()] == ["a"]
    with pytest.raises(OSError) as locked:
        Session(taken.folder)
    assert locked.value.errno in (errno.EWOULDBLOCK, errno.EAGAIN)
    taken.spools()[0].remove()
    taken.leave()
    assert os.listdir(tmp_path) == ["lock"]  # noqa: PTH208


BEGIN = '{"op":"started","time":1.0,"experiment":"e","name":"n","params":{},"tags":{},"recipe":{}}'
POINT = '{"name":"a/b","value":0.5,"step":0,"time":1.0}'


def left_by_a_dead_writer(root: Path, *lines: str, trial_id: str = "a" * 16) -> Path:
    folder = root / "20260101-000000-1-abcdef"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{trial_id}.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


@pytest.mark.parametrize(
    "line",
    [
        "7",
        "{}",
        "null",
        '"started"',
        "[" * 100_000,
        '{"op":"records","time":1.0,"records":7}',
        '{"op":"records","time":1.0,"records":[{"name":"a/b","value":"0.5","step":0,"time":1.0}]}',
        '{"op":"records","time":1.0,"records":[{"name":"a/b","value":NaN,"step":0,"time":1.0}]}',
        '{"op":"records","time":1.0,"records":[{"name":"a/b","value":0.5,"step":1e30,"time":1.0}]}',
        '{"op":"artifact","time":1.0,"name":"a\\u0000b","path":"x"}',
        '{"op":"artifact","time":1.0,"name":"../../etc/passwd","path":"x"}',
        '{"op":"artifact","time":1.0,"name":"/etc/passwd","path":"/etc/passwd"}',
        '{"op":"tags","time":1.0,"tags":{"probeline.x":7}}',
        '{"op":"note","time":1.0,"name":"knn"}',
        '{"op":"finished"}',
        "\x00\x00",
    ],
    ids=range(16),
)
def test_a_log_with_a_damaged_line_is_set_aside_and_the_others_are_taken_over(tmp_path, caplog, line):
    left_by_a_dead_writer(tmp_path, BEGIN, line, '{"op":"finished","time":2.0}')
    sound = left_by_a_dead_writer(
        tmp_path, BEGIN, f'{{"op":"records","time":1.0,"records":[{POINT}]}}', trial_id="b" * 16
    )
    (session,) = abandoned(tmp_path)
    assert [spool.path for spool in session.spools()] == [sound]
    assert (
        caplog.text.count("set aside") == 1
        and "line 2" in caplog.text
        and f"trial {'a' * 16} runs again" in caplog.text
    )
    assert [path.name for path in (tmp_path / "set_aside").iterdir()] == [f"20260101-000000-1-abcdef-{'a' * 16}.jsonl"]
    session.leave()
    assert [len(other.spools()) for other in abandoned(tmp_path)] == [1]


def test_a_log_without_the_trials_start_is_set_aside(tmp_path, caplog):
    left_by_a_dead_writer(
        tmp_path, f'{{"op":"records","time":1.0,"records":[{POINT}]}}', '{"op":"finished","time":2.0}'
    )
    (session,) = abandoned(tmp_path)
    assert not session.spools() and "the trial's start is not there" in caplog.text


def test_an_interruption_alone_is_a_sound_log(tmp_path):
    file = left_by_a_dead_writer(tmp_path, '{"op":"interrupted","time":2.0}')
    (session,) = abandoned(tmp_path)
    assert [spool.path for spool in session.spools()] == [file]


def test_a_kept_artifact_is_read_beside_the_log_wherever_its_folder_has_moved(tmp_path):
    (tmp_path / "matrix.json").write_text("[]")
    spool = WriteAheadLog(tmp_path / "spool", "a")
    kept = spool.keep(Artifact("knn/matrix.json", tmp_path / "matrix.json"))
    (tmp_path / "spool").rename(tmp_path / "moved")
    assert WriteAheadLog(tmp_path / "moved", "a").artifact("knn/matrix.json", str(kept)).read_text() == "[]"
