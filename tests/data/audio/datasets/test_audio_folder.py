"""Folders and archives of audio, through the store and its cache, with what a user may do wrong."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from helpers.audio_files import encoded, spoken, tone, write
from probeline.core.columns import Ragged
from probeline.data.store import facts, open_dataset, read_report
from probeline.errors import BadData, UserError
from probeline.experiment.components import resolve


def component(path: Path, **settings: object) -> dict:
    resolved = resolve("datasets", {"name": "audio_folder", "path": str(path), **settings})
    assert resolved.value, resolved.complaints
    return resolved.value


def test_class_folders_become_a_ragged_column_with_labels(tmp_path: Path) -> None:
    data = component(write(tmp_path / "clips", spoken()))
    info, dataset = facts(data), open_dataset(data)
    assert info.classes == ("a", "b", "c")
    assert (info.sample.modality, info.sample.rate, info.sample.longest) == ("waveform", 16000, 2000 + 7 * 37)
    assert (info.train_size, info.validation_size, info.test_size) == (17, 2, 5)
    assert isinstance(dataset.train.inputs, Ragged)
    assert dataset.train.inputs.dtype == np.int16
    assert set(dataset.train.inputs.lengths) <= {2000 + 37 * number for number in range(8)}


def test_a_tar_of_the_folder_has_the_same_content(tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", spoken())
    with tarfile.open(tmp_path / "clips.tar.gz", "w:gz") as archive:
        for path in sorted(folder.rglob("*.wav")):
            archive.add(path, path.relative_to(tmp_path))
    assert facts(component(tmp_path / "clips.tar.gz")).digest == facts(component(folder)).digest


def test_folders_named_like_splits_are_splits(tmp_path: Path) -> None:
    files = {f"{split}/{name}": content for split in ("train", "test") for name, content in spoken(2, 3).items()}
    info = facts(component(write(tmp_path / "clips", files)))
    assert info.classes == ("a", "b")
    assert info.train_size + info.validation_size == info.test_size == 6


def test_a_manifest_gives_labels_and_whole_speakers_are_held_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", spoken())
    rows = [f"{name},{name[0]},speaker {int(name[2]) % 5}" for name in spoken()]
    (tmp_path / "clips.csv").write_text("\n".join(["file,word,speaker", *rows]))
    data = component(
        folder, manifest=str(tmp_path / "clips.csv"), labels=["word", "speaker"], split_by="speaker", test=0.4
    )
    dataset = open_dataset(data)
    assert list(dataset.info.label_names) == ["word", "speaker"]
    speakers = [set(split.label("speaker")) for split in (dataset.train, dataset.validation, dataset.test)]
    assert len(set.union(*speakers)) == sum(map(len, speakers)) == 5


def test_alignments_and_transcripts_become_segments(tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", spoken())
    (tmp_path / "clips.csv").write_text("\n".join(["file,text", *(f"{name},Oh no" for name in spoken())]))
    lines = [
        f"{name[:3]}\t{start}\t{start + 0.05}\t{phone}"
        for name in spoken()
        for start, phone in ((0, "OW"), (0.05, "N"))
    ]
    (tmp_path / "phones.tsv").write_text("\n".join(["utterance\tstart_s\tend_s\tphone", *lines]))
    data = component(
        folder, manifest=str(tmp_path / "clips.csv"), transcript="text", phones=str(tmp_path / "phones.tsv")
    )
    dataset = open_dataset(data)
    assert dataset.info.segment_names["phones"] == ("N", "OW")
    phones, characters = dataset.test.segments["phones"], dataset.test.segments["characters"]
    assert len(phones) == 2 * len(dataset.test)
    assert phones.starts[:2].tolist() == [0, 800]
    names = dataset.info.segment_names["characters"]
    assert "".join(names[label] for label in characters.labels[characters.rows == 0]) == "OH|NO"


def test_clips_of_any_kind_are_resampled_and_mixed_and_told(tmp_path: Path) -> None:
    files = spoken(2, 3) | {
        "a/stereo.wav": encoded(np.stack([tone(3000), tone(3000)], 1)),
        "a/eight.wav": encoded(tone(1500, 8000), 8000),
        "b/cd.flac": encoded(tone(4410, 44100), 44100, "FLAC", "PCM_24"),
        "b/dat.wav": encoded(1.5 * tone(4800, 48000, seed=1) / 0.3, 48000, subtype="FLOAT"),
        "b/silent.ogg": encoded(np.zeros(2000), kind="OGG", subtype="VORBIS"),
    }
    report = read_report(component(write(tmp_path / "clips", files)))
    text = " ".join(report.remarks)
    assert "1 clips have several channels, which were averaged" in text
    assert "1 clips are silent" in text and "silent.ogg" in text
    assert "beyond full scale" in text and "dat.wav" in text
    assert dict(report.sizes) == {"16,000 Hz": 8, "8,000 Hz": 1, "44,100 Hz": 1, "48,000 Hz": 1}
    assert report.headline().startswith("11 clips of 2 classes from")


DAMAGED = {
    "a/flac.flac": encoded(tone(9000), kind="FLAC")[:-4000],
    "a/none.wav": encoded(np.zeros(0)),
    "b/text.wav": b"not audio",
}


def test_all_damaged_clips_are_in_one_message_with_their_reasons(tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", spoken() | DAMAGED)
    with pytest.raises(BadData) as refusal:
        facts(component(folder))
    message = str(refusal.value)
    assert message.startswith("3 of 27 clips are damaged; mend or remove them, or set `on_damaged: skip`:")
    assert all(f"{folder}/{name}: " in message for name in DAMAGED)


def test_damaged_clips_are_skipped_up_to_a_share(tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", spoken() | DAMAGED)
    report = read_report(component(folder, on_damaged="skip", max_damaged=0.2))
    assert (report.images, report.damaged_count) == (24, 3)
    with pytest.raises(BadData, match=r"more than `max_damaged: 0\.01` of them"):
        facts(component(folder, on_damaged="skip"))


def test_clips_of_two_rates_are_refused_where_none_is_wanted(tmp_path: Path) -> None:
    files = spoken(2, 4) | {"a/eight.wav": encoded(tone(1500, 8000), 8000)}
    with pytest.raises(BadData, match=r"differ in rate \(8 of 16,000 Hz, 1 of 8,000 Hz\); set `rate`"):
        facts(component(write(tmp_path / "clips", files), rate=None))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"split_by": "speaker"}, "split_by: speaker: the clips have no such label; their labels are class"),
        ({"phones": "/none.tsv"}, "/none.tsv"),
    ],
)
def test_settings_that_the_data_cannot_meet_are_refused(settings: dict, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=reason):
        facts(component(write(tmp_path / "clips", spoken()), **settings))


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no audio files"):
        facts(component(write(tmp_path / "clips", {"a/readme.txt": "hello"})))


def test_alignments_that_name_no_clip_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", spoken())
    (tmp_path / "phones.tsv").write_text("utterance\tstart_s\tend_s\tphone\nother\t0\t0.1\tAH\n")
    with pytest.raises(BadData, match="it names none of the clips"):
        facts(component(folder, phones=str(tmp_path / "phones.tsv")))


def test_labels_without_a_manifest_are_refused_while_planning(tmp_path: Path) -> None:
    resolved = resolve("datasets", {"name": "audio_folder", "path": str(tmp_path), "labels": ["word"]})
    assert "set `manifest`" in str(resolved.complaints)
