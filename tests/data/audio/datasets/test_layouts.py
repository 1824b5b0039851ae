"""The layouts of FSDD, Speech Commands and LibriSpeech."""

from pathlib import Path

import pytest
from helpers.audio_files import encoded, tone, write
from probeline.data.audio.datasets.speech_commands import Config, hashed_split
from probeline.data.store import facts, open_dataset
from probeline.errors import BadData
from probeline.experiment.components import resolve


def component(name: str, path: Path, **settings: object) -> dict:
    resolved = resolve("datasets", {"name": name, "path": str(path), **settings})
    assert resolved.value, resolved.complaints
    return resolved.value


def digits(folder: Path) -> Path:
    names = [f"{digit}_{who}_{n}.wav" for digit in range(3) for who in ("ann", "bob", "cay") for n in (0, 4, 5, 49)]
    return write(folder, {name: encoded(tone(900, 8000, seed=seed), 8000) for seed, name in enumerate(names)})


def test_fsdds_test_split_is_the_indices_0_to_4(tmp_path: Path) -> None:
    data = component("fsdd", digits(tmp_path / "recordings"))
    info = facts(data)
    assert (info.test_size, info.train_size + info.validation_size, info.sample.rate) == (18, 18, 8000)
    assert dict(info.label_names) == {"digit": ("0", "1", "2"), "speaker": ("ann", "bob", "cay")}


def test_fsdds_speakers_can_be_held_out(tmp_path: Path) -> None:
    dataset = open_dataset(component("fsdd", digits(tmp_path / "recordings"), split_by="speaker"))
    splits = (dataset.train, dataset.validation, dataset.test)
    assert [len(set(split.label("speaker"))) for split in splits] == [1, 1, 1]
    assert [set(split.labels) for split in splits] == [{0, 1, 2}] * 3


def test_fsdds_digits_are_spelt_where_transcripts_are_asked_for(tmp_path: Path) -> None:
    folder = digits(tmp_path / "recordings")
    dataset = open_dataset(component("fsdd", folder, transcripts=True))
    characters, names = dataset.test.segments["characters"], dataset.info.segment_names["characters"]
    spelt = ["".join(names[label] for label in characters.labels[characters.rows == row]) for row in range(18)]
    assert spelt == [("ZERO", "ONE", "TWO")[label] for label in dataset.test.labels]
    assert "characters" not in open_dataset(component("fsdd", folder)).test.segments


def test_speech_commands_takes_the_lists_of_the_archive(tmp_path: Path) -> None:
    names = [f"{word}/{who}_nohash_0.wav" for word in ("yes", "no") for who in ("0a", "0b", "0c")]
    files = {name: encoded(tone(1000, seed=seed)) for seed, name in enumerate(names)}
    files |= {
        "validation_list.txt": "yes/0b_nohash_0.wav\nno/0b_nohash_0.wav\n",
        "testing_list.txt": "yes/0c_nohash_0.wav\n",
    }
    files["_background_noise_/running_tap.wav"] = encoded(tone(5000))
    info = facts(component("speech_commands", write(tmp_path / "speech", files)))
    assert (info.train_size, info.validation_size, info.test_size) == (3, 2, 1)
    assert info.classes == ("no", "yes")


def test_without_lists_speakers_are_divided_by_the_papers_function() -> None:
    splits = [hashed_split(f"{number:08x}", Config(path="-")) for number in range(2000)]
    shares = [splits.count(split) / len(splits) for split in ("train", "validation", "test")]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert hashed_split("0132a06d", Config(path="-")) == hashed_split("0132a06d", Config(path="-"))


def test_a_word_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "speech", {"yes/0a_nohash_0.wav": encoded(tone(1000))})
    with pytest.raises(BadData, match="it has no word maybe"):
        facts(component("speech_commands", folder, only=["maybe"]))


def books(folder: Path, *, subsets: bool = True, transcript: bool = True) -> Path:
    files: dict[str, bytes | str] = {}
    for number, (subset, speaker) in enumerate((("train-clean-100", 19), ("train-clean-100", 26), ("test-clean", 61))):
        below = f"{subset}/{speaker}/1" if subsets else f"{speaker}/1"
        stems = [f"{speaker}-1-000{index}" for index in range(3)]
        files |= {f"{below}/{stem}.flac": encoded(tone(1200, seed=number), kind="FLAC") for stem in stems}
        lines = [f"{stem} HELLO IT'S {index}" for index, stem in enumerate(stems)]
        files[f"{below}/{speaker}-1.trans.txt"] = "\n".join(lines if transcript else lines[1:])
    return write(folder, files)


def test_librispeechs_subsets_are_splits_and_its_transcripts_segments(tmp_path: Path) -> None:
    dataset = open_dataset(component("librispeech", books(tmp_path / "LibriSpeech")))
    assert len(dataset.test) == 3
    assert dataset.info.classes == ("19", "26", "61")
    characters, names = dataset.test.segments["characters"], dataset.info.segment_names["characters"]
    assert "".join(names[label] for label in characters.labels[characters.rows == 0]) == "HELLO|IT'S"


def test_without_subsets_whole_speakers_are_held_out(tmp_path: Path) -> None:
    dataset = open_dataset(component("librispeech", books(tmp_path / "books", subsets=False)))
    assert [len(set(split.labels)) for split in (dataset.train, dataset.validation, dataset.test)] == [1, 1, 1]


def test_a_missing_transcript_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"no transcript of .*19-1-0000\.flac"):
        facts(component("librispeech", books(tmp_path / "books", transcript=False)))


@pytest.mark.parametrize("name", ["fsdd", "librispeech", "speech_commands"])
def test_a_file_of_another_name_is_refused_by_its_path(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "clips", {"a/other.wav": encoded(tone(1000))})
    with pytest.raises(BadData, match=r"clips/a/other\.wav: not named <"):
        facts(component(name, folder))
