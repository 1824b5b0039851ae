import pytest
import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.frames import Frames
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.errors import BadData, UserError
from probeline.methods.masked.hubert import Config, Hubert
from probeline.models.build import build_encoder
from torch.nn import functional as F

SAMPLE = SampleSpec("waveform", "int16", (None,), 16000, longest=16000)
TRANSFORMER = {"name": "wave_transformer", "channels": 16, "width": 32, "depth": 2, "heads": 2, "layer_drop": 0.0}


def hubert(**settings: object) -> Hubert:
    torch.manual_seed(0)
    config = Config.model_validate({"clusters": 5} | settings)
    return Hubert(config, build_encoder(TRANSFORMER, SAMPLE), DatasetInfo("-", 8, 2, 2, (), SAMPLE))


def batch(samples: int = 2) -> Batch:
    x = 0.1 * torch.randn(samples, 16000, generator=torch.Generator().manual_seed(0))
    return Batch(x, torch.full((samples,), -1), torch.arange(samples))


def prepared(method: Hubert, frames: torch.Tensor) -> list[int | None]:
    asked: list[int | None] = []

    def embed(layer: int | None, encoder: object = None, enough: int | None = None) -> Frames:
        assert encoder is method.teacher and enough == method.config.fit_frames
        asked.append(layer)
        return Frames(frames, torch.tensor([0, len(frames)]))

    for epoch in range(2):
        method.prepare(epoch, embed)
    return asked


def test_clusters_are_fitted_once_to_the_teachers_layer() -> None:
    method = hubert()
    frames = torch.randn(300, 39)
    assert prepared(method, frames) == [None]
    assert method.centres.abs().max() < frames.abs().max()


def test_a_frames_target_is_the_cluster_of_the_teachers_frame_in_its_middle() -> None:
    method, given = hubert(), batch()
    units = method.views(given, SampleRNG(0, 0, given.index)).targets[..., 0]
    teacher = method.teacher(given.inputs).frames  # 98 frames, 10 ms apart; the encoder has 49, 20 ms apart
    distances = torch.cdist(teacher[:, ::2], method.centres[None])
    assert torch.equal(units, distances.argmin(2)[:, :49])


def test_the_loss_is_the_cross_entropy_of_masked_frames_over_cosines() -> None:
    method, given = hubert(penalty_weight=0.0).eval(), batch()
    views = method.views(given, SampleRNG(0, 0, given.index))
    outputs = method(views)
    units, mask = views.targets.unbind(2)
    cosines = F.normalize(outputs.z, dim=2) @ F.normalize(method.clusters, dim=1).T
    by_hand = F.cross_entropy(cosines[mask > 0] / 0.1, units[mask > 0])
    torch.testing.assert_close(method.loss(outputs, views)["loss"], by_hand)


def test_the_teacher_learns_nothing_and_stays_in_evaluation() -> None:
    method = hubert(teacher={"name": "wave_conv", "width": 8, "context_width": 8, "weights": None}, layer=0).train()
    given = batch()
    views = method.views(given, SampleRNG(0, 0, given.index))
    method.loss(method(views), views)["loss"].backward()
    assert not method.teacher.training
    assert all(weight.grad is None for weight in method.teacher.parameters())
    assert method.centres.shape == (5, 8)


def test_a_layer_that_the_teacher_has_not_and_too_few_frames_are_refused() -> None:
    with pytest.raises(UserError, match=r"method\.layer: 3; the teacher has layers 0 to 0"):
        hubert(layer=3)
    with pytest.raises(BadData, match=r"3 frames cannot make 5 clusters; lower method\.clusters"):
        prepared(hubert(), torch.zeros(3, 39))
