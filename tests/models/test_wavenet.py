import torch
from probeline.models.wavenet import WaveNet


def test_a_code_depends_on_those_before_it_alone_and_on_all_of_them_in_reach() -> None:
    torch.manual_seed(0)
    model, index = WaveNet(5, 8, 3).eval(), torch.randint(5, (1, 12))
    base = model(index)
    for position in range(12):
        changed = index.clone()
        changed[0, position] = (index[0, position] + 1) % 5
        differs = (model(changed) - base).abs().amax((0, 1)) > 1e-7
        assert not differs[: position + 1].any()
        assert differs[position + 1 : position + 9].all()  # 1 + 1 + 2 + 4 codes back


def test_samples_follow_the_distribution_of_the_model() -> None:
    torch.manual_seed(0)
    model = WaveNet(3, 4, 2).eval()
    codes = model.sample((torch.arange(900)[:, None] + 0.5) / 900)
    share = torch.bincount(codes[:, 0], minlength=3) / 900
    torch.testing.assert_close(
        share, model(torch.zeros(1, 1, dtype=torch.int64))[0, :, 0].softmax(0), atol=0.01, rtol=0
    )
