from pathlib import Path

import pytest
from probeline.data.audio.clip_names import ClipFile
from probeline.data.audio.manifest import apply_manifest
from probeline.errors import BadData, UserError

CLIPS = [ClipFile(Path("/data"), name, {}) for name in ("top/a/1.wav", "top/a/2.wav", "top/b/1.wav", "top/b/3.wav")]


def manifest(folder: Path, *lines: str) -> Path:
    path = folder / "clips.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_rows_give_labels_splits_and_transcripts(tmp_path: Path) -> None:
    path = manifest(tmp_path, "file,word,speaker,split,text", "a/1.wav,yes,ann,train,Yes!", 'b/3,no,bob,dev,"No, no"')
    clips = apply_manifest(path, CLIPS, ["word", "speaker"], "text")
    assert [clip.name for clip in clips] == ["top/a/1.wav", "top/b/3.wav"]
    assert [clip.labels for clip in clips] == [{"word": "yes", "speaker": "ann"}, {"word": "no", "speaker": "bob"}]
    assert [(clip.split, clip.transcript) for clip in clips] == [("train", "Yes!"), ("validation", "No, no")]


def test_missing_duplicate_and_ambiguous_files_are_in_one_message(tmp_path: Path) -> None:
    path = manifest(tmp_path, "file", "a/1.wav", "a/9.wav", "1.wav", "top/a/1.wav")
    with pytest.raises(BadData) as refusal:
        apply_manifest(path, CLIPS, [], None)
    message = str(refusal.value)
    assert "clips.csv: 3 of 4 rows cannot be used" in message
    assert "line 3: a/9.wav: no such clip" in message
    assert "line 4: 1.wav: the end of 2 clips' names" in message
    assert "line 5: top/a/1.wav: named already in line 2" in message


def test_a_missing_transcript_and_an_unknown_split_are_named(tmp_path: Path) -> None:
    path = manifest(tmp_path, "file,split,text", "a/1.wav,train, ", "a/2.wav,somewhere,hello")
    with pytest.raises(BadData) as refusal:
        apply_manifest(path, CLIPS, [], "text")
    assert "line 2: a/1.wav: its transcript is missing" in str(refusal.value)
    assert "line 3: a/2.wav: its split is somewhere" in str(refusal.value)


@pytest.mark.parametrize(
    ("lines", "labels", "reason"),
    [
        (("name,word", "a/1.wav,yes"), [], "a column named file or path"),
        (("file,word", "a/1.wav,yes"), ["speaker"], "no column speaker; its columns are file, word"),
        (("file,file", "a/1.wav,b"), [], "a column twice"),
        (("file",), [], "names no clip"),
    ],
    ids=["no file column", "no label column", "twice", "no rows"],
)
def test_a_manifest_without_what_is_needed_is_refused(lines, labels, reason, tmp_path: Path) -> None:
    with pytest.raises((UserError, BadData), match=reason):
        apply_manifest(manifest(tmp_path, *lines), CLIPS, labels, None)
