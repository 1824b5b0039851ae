"""Trials of the shipped experiments keep their ids: what a user has run stays finished."""

import pytest
from helpers import shipped_ids

IDS = shipped_ids.committed()


@pytest.mark.parametrize(("file", "scale"), [(file, scale) for file, scales in IDS.items() for scale in scales])
def test_the_ids_of_a_shipped_experiment_stay(file: str, scale: str) -> None:
    assert shipped_ids.first_seed(file, scale) == IDS[file][scale]


def test_every_shipped_experiment_has_its_list() -> None:
    files = {path.relative_to(shipped_ids.EXPERIMENTS).as_posix() for path in shipped_ids.shipped_experiments()}
    assert files == set(IDS)
