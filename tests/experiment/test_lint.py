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


COLLECTION = """\
name: both
collection:
  - {system: A, paper: p, protocol: q, spec: one.yaml, cell: fast, floor: slow}
  - {system: B, paper: p, protocol: q, spec: two.yaml, cell: default, floor: fast}
  - {system: C, paper: p, protocol: q, spec: three.yaml, cell: a, floor: b}
"""


def test_a_sound_collection_has_no_mistakes(tmp_path, base):
    (tmp_path / "one.yaml").write_text(base + "arms: {fast: {training.lr: 0.5}, slow: {}}\n")
    rows = COLLECTION.splitlines(keepends=True)[:3]
    assert found(tmp_path, both="".join(rows)) == []


def test_every_mistake_of_a_collection_comes_at_once_and_stands_at_its_row(tmp_path, base):
    (tmp_path / "one.yaml").write_text(base + "arms: {fast: {training.lr: 0.5}}\n")
    (tmp_path / "two.yaml").write_text(base.replace("width: 8", "widht: 8"))
    absent = "'three.yaml': no such file; a spec is named relative to this file's folder"
    assert found(tmp_path, both=COLLECTION) == [
        "both.yaml:3:68: collection[0].floor: 'slow' in one.yaml: unknown; allowed: fast",
        "two.yaml:4:28: base.encoder.widht: unknown to lab.net; did you mean 'width'?",
        f"both.yaml:5:40: collection[2].spec: {absent}",
    ]
