from pathlib import Path

import numpy as np
import pytest
from probeline.data.audio.alignments import ARPABET, endings, read_alignments, segments
from probeline.errors import BadData, UserError

GRID = '''"ooTextFile" "TextGrid" 0 0.9 <exists> 1 "IntervalTier" "phones" 0 0.9 2 0 0.25 "AH0" 0.25 0.9 ""'''
HEADER = "utterance\tstart_s\tend_s\tphone\n"


def table(folder: Path, *rows: str) -> Path:
    path = folder / "phones.tsv"
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def test_rows_become_segments_of_their_clips_in_samples(tmp_path: Path) -> None:
    path = table(tmp_path, "a\t0.00\t0.10\tAH0", "a\t0.10\t0.25\tsil", "b/c\t0.05\t0.20\tK")
    stretches, names = segments(
        read_alignments(path, "phones", "arpabet"), ["x/a.wav", "b/c.wav"], np.array([4000, 4000]), 16000, 0.01
    )
    assert names == ("AH", "K", "SIL")
    rows = np.stack([stretches.rows, stretches.starts, stretches.stops, stretches.labels], axis=1)
    assert rows.tolist() == [[0, 160, 1760, 0], [0, 1760, 4000, 2], [1, 960, 3360, 1]]


def test_there_are_39_phones() -> None:
    assert len(ARPABET) == len(set(ARPABET)) == 39


def test_textgrids_of_a_folder_are_read_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "clip.TextGrid").write_text(GRID)
    assert [each.label for each in read_alignments(tmp_path, "phones", "arpabet").by_clip["clip"]] == ["AH", "SIL"]


def test_all_faults_are_in_one_message_with_their_lines(tmp_path: Path) -> None:
    rows = ["a\t0.0\t0.2\tAH", "a\t0.1\t0.3\tK", "a\t0.5\t0.4\tK", "a\tx\t0.9\tK", "a\t0.6\t0.7\tQQ"]
    with pytest.raises(BadData) as refusal:
        read_alignments(table(tmp_path, *rows), "phones", "arpabet")
    message = str(refusal.value)
    assert "phones.tsv: 4 of 5 alignments cannot be used" in message
    assert "line 3: a: it begins at 0.1 s, before the one before it ends (0.2 s)" in message
    assert "line 4: a: it goes from 0.5 s to 0.4 s" in message
    assert "line 5: a: its times are no numbers" in message
    assert "line 6: a: 'QQ' is no phone of ARPAbet's 39" in message


def test_an_alignment_beyond_the_clips_end_is_refused_and_a_frame_beyond_is_cut(tmp_path: Path) -> None:
    path = table(tmp_path, "a\t0.0\t0.26\tAH")
    stretches, _ = segments(read_alignments(path, "phones"), ["a.wav"], np.array([4000]), 16000, 0.0)
    assert stretches.stops.tolist() == [4000]
    with pytest.raises(BadData, match=r"line 2: a: ends at 0\.26 s, the clip at 0\.125 s"):
        segments(read_alignments(path, "phones"), ["a.wav"], np.array([2000]), 16000, 0.0)


def test_a_name_that_two_clips_end_with_is_refused(tmp_path: Path) -> None:
    alignments = read_alignments(table(tmp_path, "a\t0.0\t0.1\tAH"), "phones")
    with pytest.raises(BadData, match=r"x/a\.wav and y/a\.wav both end so"):
        segments(alignments, ["x/a.wav", "y/a.wav"], np.array([4000, 4000]), 16000, 0.0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it is empty"),
        ("utterance\tstart_s\n", "no column end_s, phone; its columns are utterance, start_s"),
        (HEADER + "a\t1\n", "rows have another number of values than the 4 columns"),
    ],
    ids=["empty", "columns missing", "short row"],
)
def test_a_table_that_is_none_is_refused(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "phones.tsv"
    path.write_text(content)
    with pytest.raises((BadData, UserError), match=reason):
        read_alignments(path, "phones")


def test_a_file_that_is_not_there_or_no_text_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="o such file"):
        read_alignments(tmp_path / "none.tsv", "phones")
    (tmp_path / "bytes.tsv").write_bytes(b"utterance\tstart_s\xff")
    with pytest.raises(UserError, match="byte 17 is not UTF-8"):
        read_alignments(tmp_path / "bytes.tsv", "phones")


def test_a_clip_may_be_named_by_the_end_of_its_path() -> None:
    assert endings("a/b/c.flac") == ["a/b/c", "b/c", "c"]
