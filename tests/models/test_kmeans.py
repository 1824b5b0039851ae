import pytest
import torch
from probeline.models.kmeans import fitted_centres, nearest_centres


def test_well_separated_clusters_are_recovered() -> None:
    torch.manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    frames = centres.repeat_interleave(50, 0) + 0.1 * torch.randn(150, 2)
    fitted = fitted_centres(frames, 3, seed=0)
    units = nearest_centres(frames, fitted)
    assert len(units.view(3, 50).unique(dim=1)[0]) == 1
    torch.testing.assert_close(fitted[units[::50]], centres, atol=0.1, rtol=0)


def test_the_same_seed_gives_the_same_centres() -> None:
    frames = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(fitted_centres(frames, 5, seed=1), fitted_centres(frames, 5, seed=1))


def test_fewer_frames_than_clusters_are_refused() -> None:
    with pytest.raises(ValueError, match="3 frames cannot make 5 clusters"):
        fitted_centres(torch.zeros(3, 2), 5, seed=0)
