"""The chapter's rows name cells that their experiments have, at the scale that `make chapter` runs."""

from pathlib import Path

from probeline.experiment.collection import experiments, load_collection
from probeline.experiment.grid import cells

CHAPTER = Path(__file__).parents[2] / "experiments" / "chapter.yaml"


def test_every_row_of_the_chapter_has_its_cell_and_its_floor_at_smoke_scale():
    chapter = load_collection(CHAPTER)
    names = [row.system for row in chapter.collection]
    assert len(set(names)) == len(names) >= 20
    for spec in chapter.specs:
        for part in experiments(CHAPTER, chapter, spec, "smoke", ()):
            labels = {label for row in chapter.collection if row.spec == spec for label in row.labels}
            assert {cell.label for cell in cells(part)} <= labels
