import json

import numpy as np
import pytest
import torch
from helpers.subjects import dataset, files, judged, of_features, protocol
from PIL import Image
from probeline.errors import NotApplicable
from probeline.evaluation.map_2d import principal_components
from sklearn.decomposition import PCA


def document(given, folder, **settings):
    return json.loads(files(protocol("map_2d", **settings).evaluate(given, folder))[1].read_text())


def test_the_principal_components_are_those_of_scikit_learn_up_to_their_sign():
    h = np.random.default_rng(0).normal(size=(30, 6)) * [5, 1, 3, 0.1, 2, 1]
    ours, variance = principal_components(h)
    theirs = PCA(2).fit(h)
    for component, other in zip(ours.T, theirs.transform(h).T, strict=True):
        assert np.allclose(component, other) or np.allclose(component, -other)
        assert component[np.abs(component).argmax()] > 0
    assert np.allclose(variance, theirs.explained_variance_ratio_)


def test_one_feature_and_equal_rows_have_components_too():
    line, shares = principal_components(np.arange(6.0)[:, None])
    assert np.allclose(np.abs(line[:, 0]), np.abs(np.arange(6) - 2.5)) and not line[:, 1].any()
    assert shares.tolist() == [1, 0]
    same, none = principal_components(np.ones((6, 3)))
    assert not same.any() and not none.any()


def test_the_file_holds_a_point_an_image_and_the_sheet_its_thumbnail(tmp_path):
    given = judged()
    facts = document(given, tmp_path, samples=12)
    labels = given.subject.dataset.validation.labels
    assert len(facts["labels"]) == 12 and np.bincount(facts["labels"]).tolist() == np.bincount(labels[:12]).tolist()
    assert list(facts["maps"]) == ["tsne", "pca"] and facts["sheet"]["count"] == 12
    for points in facts["maps"].values():
        reach = np.abs(np.array(points))
        assert reach.shape == (12, 2) and reach.max() == 1
    with Image.open(tmp_path / "thumbnails.jpg") as picture:
        assert picture.size == (12 * 16, 16)


def test_t_sne_keeps_groups_of_h_together(tmp_path):
    random, n = np.random.default_rng(0), 30
    h = np.repeat(np.eye(3, 8), n // 3, 0) + 0.02 * random.normal(size=(n, 8))
    part = torch.tensor(h, dtype=torch.float32), torch.arange(3).repeat_interleave(n // 3)
    given = of_features(part, part, part)
    data = dataset(3, n, 3)
    order = np.argsort(data.validation.labels, kind="stable")  # the images' classes in the order of the features'
    data.validation.labels[:], data.validation.inputs[:] = data.validation.labels[order], data.validation.inputs[order]
    object.__setattr__(given.subject, "dataset", data)
    facts = document(given, tmp_path, maps=["tsne"])
    points, labels = np.array(facts["maps"]["tsne"]), np.array(facts["labels"])
    away = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(n)
    assert (labels[away.argmin(1)] == labels).all()


@pytest.mark.filterwarnings("error")
def test_a_collapsed_encoder_has_a_map_and_four_images_have_none(tmp_path):
    part = torch.zeros(18, 4), torch.arange(18) % 3
    given = of_features(part, part, part)
    object.__setattr__(given.subject, "dataset", dataset())
    assert np.isfinite(document(given, tmp_path / "flat")["maps"]["tsne"]).all()
    with pytest.raises(NotApplicable, match="5 validation samples"):
        document(judged(data=dataset(9, 4, 3)), tmp_path / "few")
