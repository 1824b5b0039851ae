import pytest
import torch
from probeline.models.wave_stack import STACKS, TimeNorm, WaveStack, scaled_stack


def stack(name: str = "cpc", rate: int = 16000, norm: str = "layer", padding: str = "valid") -> WaveStack:
    torch.manual_seed(0)
    return WaveStack(name, rate, 8, norm, padding, "relu").eval()


def test_the_papers_stacks_have_their_hops_and_fields() -> None:
    assert (stack("cpc").hop, stack("cpc").field) == (160, 465)
    assert (stack("wav2vec2").hop, stack("wav2vec2").field) == (320, 400)


@pytest.mark.parametrize("name", list(STACKS))
@pytest.mark.parametrize("rate", [8000, 16000, 32000, 48000])
def test_a_frame_is_about_as_long_at_other_rates(name: str, rate: int) -> None:
    seconds = stack(name, rate).hop / rate
    assert seconds == pytest.approx(stack(name).hop / 16000, rel=0.35)


def test_at_8_khz_one_stride_is_halved() -> None:
    assert scaled_stack("cpc", 8000) == ([10, 4, 4, 4, 4], [5, 2, 2, 2, 2])


@pytest.mark.parametrize("padding", ["valid", "causal"])
def test_the_number_of_frames_is_known_before_they_are_computed(padding: str) -> None:
    encoder, lengths = stack(padding=padding), torch.tensor([100, 465, 700, 4000])
    for length in lengths:
        frames, counts = encoder(torch.zeros(1, length), length[None])
        assert frames.shape[1] >= counts.item() == encoder.frames(length[None]).item()


def test_a_causal_frame_sees_no_later_sample() -> None:
    encoder, x = stack(padding="causal"), torch.randn(1, 3200)
    changed = x.clone()
    changed[:, 10 * 160 :] = 1.0
    lengths = torch.tensor([3200])
    before, after = encoder(x, lengths)[0], encoder(changed, lengths)[0]
    assert before.shape[1] == 3200 // 160
    assert torch.equal(before[:, :10], after[:, :10])
    assert not torch.equal(before[:, 10], after[:, 10])


def test_time_norm_is_group_norm_where_nothing_is_padded() -> None:
    x = torch.randn(3, 8, 20)
    for groups in (1, 8):
        expected = torch.nn.functional.group_norm(x, groups)
        torch.testing.assert_close(TimeNorm(8, groups)(x, torch.full((3,), 20)), expected)


@pytest.mark.parametrize("norm", ["none", "layer", "group", "first"])
def test_padding_changes_no_frame_of_a_sample(norm: str) -> None:
    encoder, x = stack(norm=norm), torch.randn(2, 4000)
    x[1, 2500:] = 0
    together, counts = encoder(x, torch.tensor([4000, 2500]))
    alone, _ = encoder(x[1:, :2500], torch.tensor([2500]))
    torch.testing.assert_close(together[1, : counts[1]], alone[0], atol=1e-5, rtol=1e-5)


def test_without_a_bias_a_soft_clip_has_the_features_of_a_loud_one_and_with_it_they_hardly_change_over_time():
    quiet = 0.01 * torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([16000])
    torch.manual_seed(0)
    free = WaveStack("cpc", 16000, 32, "group", "valid", "relu", bias=False).eval()
    torch.testing.assert_close(free(quiet, lengths)[0], free(30 * quiet, lengths)[0], atol=2e-2, rtol=2e-2)
    biased = WaveStack("cpc", 16000, 32, "group", "valid", "relu").eval()
    still, moving = (stack(quiet, lengths)[0].std(1).mean() for stack in (biased, free))
    assert still < moving / 4
    assert all(conv.bias is None for conv in free.convs)
