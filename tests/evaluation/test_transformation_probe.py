import pytest
import torch
from helpers.subjects import dataset, judged, protocol, values
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import image
from probeline.errors import NotApplicable
from probeline.evaluation.transformation_probe import answered, quarter_turns, squares
from probeline.methods.floors.random_init import Config, RandomInit
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data


class Forgetful(RandomInit):
    """A real method whose projector keeps nothing."""

    def project(self, h):
        return torch.zeros(len(h), 2)


def tasks(colour=True):
    return {task.name: task for task in protocol("transformation_probe")._tasks(colour)}


def evaluated(given, tmp_path, **settings):
    return values(protocol("transformation_probe", **settings).evaluate(given, tmp_path))


def test_a_quarter_turn_is_torchs_and_four_of_them_are_none():
    images = torch.rand(2, 3, 5, 5)
    turned = quarter_turns(images)
    assert torch.equal(turned[0], images)
    assert all(torch.equal(quarter_turns(turned[k])[1], turned[(k + 1) % 4]) for k in range(4))


def test_an_oblong_image_is_turned_as_its_central_square():
    images = torch.arange(12.0).reshape(1, 1, 2, 6)
    assert squares(images).tolist() == [[[[2.0, 3.0], [8.0, 9.0]]]]


@pytest.mark.parametrize("name", ["rotation", "grey", "sobel", "noise"])
def test_the_first_way_leaves_the_image_alone_and_the_others_do_not(name):
    given = judged(data=dataset(12, 3, 3))
    images = next(given.subject.batches("train", 12)).inputs
    built = tasks()[name].transform(images, SampleRNG(0, 0, torch.arange(12)))
    assert built.shape == (4 if name == "rotation" else 2, *images.shape)
    assert torch.equal(built[0], images)
    assert all((other - images).abs().amax((1, 2, 3)).min() > 0.05 for other in built[1:])


def test_the_ways_are_balanced_and_each_image_has_its_own():
    given = judged(data=dataset(400, 3, 3))
    results = answered(given.subject, "train", tasks()["rotation"], 400)
    assert torch.bincount(results.labels, minlength=4).min() > 70
    few = answered(given.subject, "train", tasks()["rotation"], 30)
    assert torch.equal(few.labels, results.labels[:30])
    torch.testing.assert_close(few.h, results.h[:30], rtol=1e-4, atol=1e-5)


def test_pixels_keep_what_a_projection_to_nothing_loses(tmp_path):
    """Grey images stand out among noise of three colours; a constant z tells nothing apart."""
    data = dataset(200, 60, 100)
    method = Forgetful(Config(), build_encoder({"name": "raw_pixels"}, image(16, 16, 3)), None)
    results = evaluated(evaluation_data(method, data, torch.device("cpu"), 0), tmp_path)
    assert results["rotation/h"] > 0.9
    assert results["sobel/h"] > 0.9
    for task, chance in (("rotation", 0.25), ("grey", 0.5), ("sobel", 0.5), ("noise", 0.5)):
        assert results[f"{task}/chance"] == chance
        assert results[f"{task}/z"] < chance + 0.15


def test_grey_is_not_asked_of_grey_images_and_the_rest_is(tmp_path):
    results = {}
    with pytest.raises(NotApplicable, match="grey cannot be asked of images with 1 channel"):
        for events in protocol("transformation_probe").evaluate(judged(data=dataset(24, 9, 9, channels=1)), tmp_path):
            results |= values([events])
    assert {name.partition("/")[0] for name in results} == {"rotation", "sobel", "noise"}


def test_labels_of_the_data_are_not_needed(tmp_path):
    assert evaluated(judged(data=dataset(24, 9, 9, classes=())), tmp_path)["sobel/h"] > 0.5
