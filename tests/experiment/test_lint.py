"""Mistakes as editors read them: file, line, column."""

from pathlib import Path

from probeline.experiment.lint import lint


def found(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return [str(mistake).replace(f"{folder}/", "") for mistake in lint(folder / f"{name}.yaml" for name in files)]


def test_a_sound_file_has_no_mistakes(tmp_path, base):
    assert found(tmp_path, sound=base) == []


def test_each_mistake_stands_at_its_key(tmp_path, base):
    text = base.replace("{epochs: 10, batch_size: 128}", "{epochs: 10, batch_size: 1}") + "grid: {training.lr: [-1]}\n"
    assert found(tmp_path, wrong=text) == [
        "wrong.yaml:6:26: base.training.batch_size: got 1; allowed: at least 2",
        "wrong.yaml:8:8: grid.training.lr[0]: got -1; allowed: at least 0",
    ]


def test_a_mistake_that_has_no_key_stands_at_the_first_word(tmp_path, base):
    (mistake,) = found(tmp_path, wrong=base.replace("  data: lab.scans", "   data: [}"))
    assert mistake.startswith("wrong.yaml:3:4: not YAML: ")


def test_a_mistake_in_a_file_that_two_extend_comes_once_and_stands_there(tmp_path, base):
    parent = base.replace("width: 8", "widht: 8")
    child = "name: child\nextends: parent.yaml\n"
    mistakes = found(tmp_path, one=child, two=child, parent=parent)
    assert mistakes == ["parent.yaml:4:28: base.encoder.widht: unknown to lab.net; did you mean 'width'?"]


def test_a_missing_file_is_a_mistake(tmp_path):
    (mistake,) = lint([tmp_path / "no.yaml"])
    assert (mistake.line, mistake.column, mistake.message) == (1, 1, "no such file")
    assert mistake.as_dict()["file"] == str(tmp_path / "no.yaml")
