import subprocess
import sys

import pytest
import torch
from helpers.two_views import views
from probeline.errors import UserError
from probeline.experiment.components import resolve
from probeline.losses import nt_xent, supcon
from probeline.losses.pml import pml
from probeline.plugins import catalog

library = pytest.importorskip("pytorch_metric_learning", reason="the extra [pml] is not installed")
LABELS = torch.tensor([0, 1, 0, 2, 1, 0])


def told(**component):
    resolved = resolve("losses", component)
    assert resolved.value is None
    return " | ".join(message for _, message in resolved.complaints)


def test_views_of_a_sample_are_its_positives_unless_labels_are_asked_for():
    za, zb = views()
    torch.testing.assert_close(
        pml(za, zb, LABELS, variant="NTXentLoss", parameters={"temperature": 0.2}), nt_xent(za, zb, 0.2)
    )
    mean = {"name": "MeanReducer"}
    supcon_loss = {"variant": "SupConLoss", "parameters": {"temperature": 0.2}, "reducer": mean}
    by_class = pml(za, zb, LABELS, positives="labels", **supcon_loss)
    torch.testing.assert_close(by_class, supcon(za, zb, LABELS, 0.2))


def test_an_unknown_label_makes_a_class_of_its_own():
    za, zb = views()
    unknown = torch.tensor([0, 1, -1, 2, 1, -1])
    apart = torch.tensor([0, 1, 7, 2, 1, 9])
    values = [pml(za, zb, labels, variant="MultiSimilarityLoss", positives="labels") for labels in (unknown, apart)]
    torch.testing.assert_close(*values)


def test_labels_that_are_asked_for_and_missing_are_told():
    with pytest.raises(ValueError, match="needs labels"):
        pml(*views(), variant="MultiSimilarityLoss", positives="labels")


def test_loss_miner_distance_and_reducer_are_the_librarys_own():
    from pytorch_metric_learning import distances, losses, miners, reducers

    za, zb = views()
    ours = pml(
        za,
        zb,
        variant="TripletMarginLoss",
        parameters={"margin": 0.3},
        miner={"name": "TripletMarginMiner", "parameters": {"margin": 0.3, "type_of_triplets": "semihard"}},
        distance={"name": "CosineSimilarity"},
        reducer={"name": "SumReducer"},
    )
    z, labels, cosine = torch.cat([za, zb]), torch.arange(6).repeat(2), distances.CosineSimilarity()
    mined = miners.TripletMarginMiner(margin=0.3, type_of_triplets="semihard", distance=cosine)(z, labels)
    theirs = losses.TripletMarginLoss(0.3, distance=cosine, reducer=reducers.SumReducer())(z, labels, mined)
    assert theirs > 0
    torch.testing.assert_close(ours, theirs)


def test_a_resolved_component_has_all_that_the_function_takes():
    resolved = resolve("losses", {"name": "pml/MultiSimilarityLoss", "parameters": {"alpha": 3}}).value
    assert resolved["name"] == "pml/MultiSimilarityLoss"
    settings = catalog.settings("losses", resolved)
    value = pml(*views(), **{name: getattr(settings, name) for name in type(settings).model_fields})
    assert value.isfinite()


def test_wrong_names_and_parameters_are_told_while_planning():
    assert "did you mean 'MultiSimilarityLoss'?" in told(name="pml/MultiSimilarityLos")
    wrong = told(name="pml/MultiSimilarityLoss", parameters={"alfa": 2})
    assert wrong == "MultiSimilarityLoss has no parameter 'alfa': unknown; did you mean 'alpha'?"
    assert "did you mean 'TripletMarginMiner'?" in told(
        name="pml/TripletMarginLoss", miner={"name": "TripletMarginMinr"}
    )
    assert "needs the parameter margin, Tn" in told(name="pml/RankedListLoss")
    assert "holds weights" in told(name="pml/ArcFaceLoss")
    assert "variant is missing" in told(name="pml")


def test_planning_imports_neither_torch_nor_the_library():
    script = "import sys; from probeline.experiment.components import resolve\n"
    script += "assert resolve('losses', {'name': 'pml/CircleLoss', 'parameters': {'n': 1}}).complaints\n"
    script += "assert not {'torch', 'pytorch_metric_learning'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_the_library_refuses_is_told():
    with pytest.raises(ValueError, match="AngularMiner requires the distance metric to be LpDistance"):
        pml(*views(), variant="ContrastiveLoss", miner={"name": "AngularMiner"}, distance={"name": "CosineSimilarity"})
    with pytest.raises(ValueError, match="weights of its own"):
        pml(*views(), variant="MarginLoss", parameters={"learn_beta": True})


def test_without_the_library_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_metric_learning", None)
    with pytest.raises(UserError, match=r"pip install 'probeline\[pml\]'"):
        pml(*views(), variant="CircleLoss")
