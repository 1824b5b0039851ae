"""Every method found in the catalogue can be judged, or the protocol says why not: a new method is tried here too."""

from dataclasses import replace

import pytest
from helpers.subjects import dataset, judged, protocol
from probeline.core.events import Record
from probeline.errors import NotApplicable
from probeline.plugins import catalog

QUICK = ("linear_probe", "projection_probe", "rankme", "collapse", "alignment_uniformity", "contrastive", "arora_bound")


@pytest.mark.parametrize("name", catalog.names("methods"))
def test_representations_projections_and_pairs_are_judged_or_refused(name, tmp_path):
    narrow = {"projector_dim": 16} if "projector_dim" in catalog.axes("methods", name) else {}
    known, said = judged(name, dataset(24, 9, 9, side=32), **narrow), []
    for each in QUICK:
        try:
            for item in protocol(each).evaluate(replace(known, test=known.test.fresh()), tmp_path / each):
                said.append(f"{each}/{item.name}")
                assert isinstance(item, Record) or item.path.is_file()
        except NotApplicable as reason:
            assert len(str(reason)) > 20
    assert {"linear_probe/top1", "rankme/h", "collapse/h/ratio", "alignment_uniformity/uniformity/h"} <= set(said)
    judges_pairs = {"contrastive/accuracy", "alignment_uniformity/alignment/z", "arora_bound/z/bound"}
    assert (judges_pairs <= set(said)) == known.subject.method.two_views
    assert ("projection_probe/top1" in said) == (known.train.z is not None)
