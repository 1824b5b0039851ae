"""Former names of plug-ins: each means the plug-in that has its place, and none is taken by another one."""

import pytest
from probeline.plugins import catalog
from probeline.plugins.locations import RENAMED, current, original, shipped
from probeline.plugins.metrics import declared

PAIRS = [(kind, former, name) for kind, names in RENAMED.items() for former, name in names.items()]


@pytest.mark.parametrize(("kind", "former", "name"), PAIRS)
def test_a_former_name_means_the_same_plugin(kind: str, former: str, name: str) -> None:
    assert name in shipped(kind) and former not in shipped(kind)
    assert catalog.config(kind, former) is catalog.config(kind, name)
    assert catalog.version(kind, former) == catalog.version(kind, name)
    assert former not in catalog.names(kind)


@pytest.mark.parametrize(("kind", "former", "name"), PAIRS)
def test_names_are_replaced_and_given_back_also_before_a_slash(kind: str, former: str, name: str) -> None:
    assert (current(kind, former), original(kind, name)) == (name, former)
    assert (current(kind, f"{former}/a/b"), original(kind, f"{name}/a/b")) == (f"{name}/a/b", f"{former}/a/b")
    assert (current(kind, name), original(kind, former)) == (name, former)


def test_other_names_stay() -> None:
    for kind in catalog.KINDS:
        assert current(kind, "knn/top1") == original(kind, "knn/top1") == "knn/top1"
    assert current("datasets", "pictures") == "pictures"


def test_metrics_of_a_former_name_are_declared() -> None:
    for former, name in RENAMED["protocols"].items():
        assert declared(former) and declared(former) == declared(name)
