"""Every method found in the catalogue can be judged, or the protocol says why not: a new method is tried here too."""

import pytest
from helpers.subjects import dataset, protocol, trained
from probeline.core.events import Record
from probeline.errors import NotApplicable
from probeline.plugins import catalog
from probeline.plugins.declarations import fitting

QUICK = ("linear_probe", "projection_probe", "rankme", "collapse", "alignment_uniformity", "contrastive", "arora_bound")


@pytest.mark.parametrize("name", fitting("methods", "image"))
def test_representations_projections_and_pairs_are_judged_or_refused(name, tmp_path):
    narrow = {"projector_dim": 16} if "projector_dim" in catalog.axes("methods", name) else {}
    held, events = trained(name, dataset(24, 9, 9, side=32), **narrow), []
    data = held.evaluation_data()
    for each in QUICK:
        try:
            for item in protocol(each).evaluate(held.evaluation_data(), tmp_path / each):
                events.append(f"{each}/{item.name}")
                assert isinstance(item, Record) or item.path.is_file()
        except NotApplicable as reason:
            assert len(str(reason)) > 20
    assert {"linear_probe/top1", "rankme/h", "collapse/h/ratio", "alignment_uniformity/uniformity/h"} <= set(events)
    judges_pairs = {"contrastive/accuracy", "alignment_uniformity/alignment/z", "arora_bound/z/bound"}
    assert (judges_pairs <= set(events)) == data.subject.method.two_views
    assert ("projection_probe/top1" in events) == (data.train.z is not None)
