import math

import pytest
import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.methods.context.cpc_speech import Config, CPCSpeech
from probeline.models.build import build_encoder

SAMPLE = SampleSpec("waveform", "int16", (None,), 16000, longest=4000)
LABELS = {"word": ("a", "b"), "speaker": ("x", "y", "z")}
FACTS = DatasetInfo("-", 8, 2, 2, ("a", "b"), SAMPLE, label_names=LABELS)


def cpc(facts: DatasetInfo = FACTS, **settings: object) -> CPCSpeech:
    torch.manual_seed(0)
    encoder = build_encoder({"name": "wave_conv", "width": 8, "context_width": 6}, SAMPLE)
    return CPCSpeech(Config.model_validate({"steps": 3, "negatives": 16} | settings), encoder, facts)


def batch(speakers: tuple[int, ...] = (0, 0, 1, 2)) -> Batch:
    count = len(speakers)
    x = torch.randn(count, 4000, generator=torch.Generator().manual_seed(0))
    return Batch(x, torch.tensor(speakers), torch.arange(count), torch.tensor([4000] * (count - 1) + [2000]))


def negatives(method: CPCSpeech, given: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    views = method.views(given, SampleRNG(0, 0, given.index))
    counts = method(views).extra["frames"]
    rows, frames = method._negatives(views.targets, counts)
    return rows, frames, counts


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ("mixed", [{0, 1, 2, 3}] * 4),
        ("mixed_excluded", [{1, 2, 3}, {0, 2, 3}, {0, 1, 3}, {0, 1, 2}]),
        ("same_speaker", [{0, 1}, {0, 1}, {2}, {3}]),
        ("same_speaker_excluded", [{1}, {0}, {0, 1, 2, 3}, {0, 1, 2, 3}]),
        ("sequence", [{0}, {1}, {2}, {3}]),
    ],
)
def test_negatives_are_from_the_sequences_that_table_2_names(candidates: str, expected: list[set[int]]) -> None:
    rows, frames, counts = negatives(cpc(candidates=candidates, negatives=300), batch())
    assert [set(row.tolist()) for row in rows] == expected
    assert (frames >= 0).all() and (frames < counts[rows]).all()


def test_every_real_frame_is_as_likely_a_negative() -> None:
    rows, frames, counts = negatives(cpc(negatives=20_000), batch())
    taken = torch.zeros(len(counts), int(counts.max()))
    taken.index_put_((rows[0], frames[0]), torch.ones(20_000), accumulate=True)
    real = taken[taken > 0]
    assert len(real) == counts.sum()
    torch.testing.assert_close(real / 20_000, torch.full_like(real, 1 / len(real)), atol=0.004, rtol=0)


def test_features_that_tell_nothing_cost_the_logarithm_of_the_candidates() -> None:
    method, given = cpc(), batch()
    for predictor in method.predictors:
        torch.nn.init.zeros_(predictor.weight)
    views = method.views(given, SampleRNG(0, 0, given.index))
    terms = method.loss(method(views), views)
    assert terms["log_n"].item() == pytest.approx(math.log(17))
    assert terms["loss"].item() == pytest.approx(math.log(17), abs=0.02)  # a frame is not its own negative
    assert terms["information"].item() == pytest.approx(0, abs=0.02)


def test_the_speaker_is_asked_for_only_where_it_decides() -> None:
    assert cpc().label is None
    assert cpc(candidates="same_speaker").label == "speaker"
    without = DatasetInfo("-", 8, 2, 2, ("a", "b"), SAMPLE)
    with pytest.raises(UserError, match=r"method\.candidates: same_speaker needs a label `speaker`"):
        cpc(without, candidates="same_speaker")


def test_windows_of_one_frame_are_refused_with_a_remedy() -> None:
    method = cpc()
    given = Batch(torch.zeros(2, 300), torch.zeros(2, dtype=torch.int64), torch.arange(2))
    views = method.views(given, SampleRNG(0, 0, given.index))
    with pytest.raises(UserError, match=r"windows have 1 frame\(s\); set data\.window_s longer"):
        method.loss(method(views), views)


def test_padded_frames_are_neither_predicted_nor_negatives() -> None:
    method, given = cpc(candidates="sequence").eval(), batch()
    views = method.views(given, SampleRNG(0, 0, given.index))
    loss = method.loss(method(views), views)["loss"]
    louder = given.inputs.clone()
    louder[3, 2000:] = 5.0  # beyond the clip's end
    changed = method.views(Batch(louder, given.labels, given.index, given.lengths), SampleRNG(0, 0, given.index))
    torch.testing.assert_close(method.loss(method(changed), changed)["loss"], loss)
