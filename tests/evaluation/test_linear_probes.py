import pytest
import torch
from helpers.subjects import dataset, files, judged, of_features, protocol, values
from probeline.core.events import Note
from probeline.errors import NotApplicable
from sklearn.linear_model import LogisticRegression


def blobs(n=40, dim=4, spread=0.3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    return 3 * torch.eye(3, dim)[labels] + spread * torch.randn(n, dim, generator=generator), labels


def parts(**options):
    return [blobs(seed=seed, **options) for seed in range(3)]


@pytest.mark.parametrize("name", ["linear_probe", "knn"])
def test_separable_classes_are_told_apart(name, tmp_path):
    events = list(protocol(name).evaluate(of_features(*parts()), tmp_path))
    results = values(events)
    assert results["top1"] == 1.0
    assert {results[f"top1/{name}"] for name in ("ant", "bee", "cow")} == {1.0}
    assert [path.name for path in files(events)] == ["confusion.csv"]


def test_the_penalty_that_validates_best_is_taken(tmp_path):
    given = parts(spread=2.0, n=60, dim=40)
    results = values(protocol("linear_probe", l2=[1e-6, 10.0]).evaluate(of_features(*given), tmp_path))
    alone = {
        l2: values(protocol("linear_probe", l2=[l2]).evaluate(of_features(*given), tmp_path))["validation_top1"]
        for l2 in (1e-6, 10.0)
    }
    assert results["validation_top1"] == max(alone.values())
    assert results["l2"] == max(l2 for l2 in alone if alone[l2] == max(alone.values()))


def test_its_accuracy_is_scikit_learns(tmp_path):
    train, validation, test = parts(spread=2.5, n=90)
    results = values(
        protocol("linear_probe", l2=[1e-2], standardise=False).evaluate(of_features(train, validation, test), tmp_path)
    )
    mean = train[0].mean(0)
    peer = LogisticRegression(C=1 / (90 * 1e-2), tol=1e-8, max_iter=1000).fit(train[0] - mean, train[1])
    assert 0.4 < results["top1"] < 1
    assert results["top1"] == pytest.approx(peer.score(test[0] - mean, test[1]))


def test_h_and_z_are_probed_alike_and_apart(tmp_path):
    """z = h gives the same numbers; a z that holds nothing gives chance, while h keeps its accuracy."""
    same = of_features(*parts(), z=lambda h: h.clone())
    on_h, on_z = (
        values(protocol(f"{name}_probe").evaluate(given, tmp_path))
        for name, given in (("linear", same), ("projection", of_features(*parts(), z=lambda h: h.clone())))
    )
    assert on_h == on_z
    nothing = of_features(*parts(n=42), z=lambda h: torch.zeros(len(h), 2))
    assert values(protocol("projection_probe").evaluate(nothing, tmp_path))["top1"] == pytest.approx(1 / 3)


def test_without_a_projector_there_is_no_projection_to_probe(tmp_path):
    with pytest.raises(NotApplicable, match="Rotation has no projector"):
        list(protocol("projection_probe").evaluate(judged("rotation"), tmp_path))


@pytest.mark.parametrize("name", ["linear_probe", "projection_probe", "knn", "fine_tune", "arora_bound"])
def test_without_labels_it_says_how_many_are_missing(name, tmp_path):
    with pytest.raises(NotApplicable, match="needs labels, and 48 of 48 training samples have none"):
        list(protocol(name).evaluate(judged(data=dataset(classes=())), tmp_path))


def test_unlabelled_test_samples_are_refused_not_counted_as_wrong(tmp_path):
    train, validation, (h, labels) = parts()
    with pytest.raises(NotApplicable, match="1 of 40 test samples have none"):
        missing = torch.cat([torch.tensor([-1]), labels[1:]])
        list(protocol("linear_probe").evaluate(of_features(train, validation, (h, missing)), tmp_path))


def test_knn_weighs_votes_by_similarity(tmp_path):
    """One near neighbour outvotes two far ones at a low temperature, and loses at a high one."""
    train = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), torch.tensor([0, 1, 1])
    test = torch.tensor([[1.0, 0.9]]), torch.tensor([0])
    top1 = {}
    for temperature in (0.05, 100.0):
        given = of_features(train, train, test, classes=("near", "far"))
        top1[temperature] = values(protocol("knn", k=3, temperature=temperature).evaluate(given, tmp_path))["top1"]
    assert top1 == {0.05: 1.0, 100.0: 0.0}


def test_knn_says_how_many_neighbours_voted(tmp_path):
    assert values(protocol("knn", k=1000).evaluate(of_features(*parts()), tmp_path))["k"] == 40


def test_the_accuracy_to_choose_by_is_that_on_validation_not_on_train(tmp_path):
    """With the validation labels moved on by one class, what fits train is wrong on every sample of it."""
    train, (h, labels), test = parts()
    results = values(protocol("linear_probe").evaluate(of_features(train, (h, (labels + 1) % 3), test), tmp_path))
    assert results["validation_top1"] == 0


@pytest.mark.parametrize(("iterations", "text"), [(2000, []), (5, ["l2 1e-05, 0.0001, 0.001, 0.01, 0.1: raise"])])
def test_a_fit_that_its_limit_ended_is_noted(iterations, text, tmp_path):
    probe = protocol("linear_probe", iterations=iterations)
    events = probe.evaluate(of_features(*parts(spread=2.0)), tmp_path)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert len(notes) == len(text)
    assert all(part in note for part, note in zip(text, notes, strict=True))
