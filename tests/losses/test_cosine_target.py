import pytest
import torch
from probeline.losses import cosine_target

ZA = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 5.0]])
ZB = torch.tensor([[3.0, 3.0], [0.0, 1.0], [0.0, -1.0]])
SAME = torch.tensor([True, False, False])  # cosines 0.7071, 0, -1


def test_three_pairs_give_the_value_worked_out_by_hand():
    assert cosine_target(ZA, ZB, SAME).item() == pytest.approx(((1 - 0.5**0.5) ** 2 + 1 + 0) / 3)
    assert cosine_target(ZA, ZB, SAME, equal=0.9, unequal=-0.5).item() == pytest.approx(
        ((0.9 - 0.5**0.5) ** 2 + 0.25 + 0.25) / 3
    )


def test_the_length_of_vectors_does_not_matter():
    torch.testing.assert_close(cosine_target(3 * ZA, 0.1 * ZB, SAME), cosine_target(ZA, ZB, SAME))


def test_a_pair_at_its_target_has_no_gradient():
    za = ZA.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cosine_target(za, ZB, SAME), za)
    assert gradient[2].abs().sum() < 1e-6
    assert gradient[1, 1] > 0  # turns away from its partner


def test_a_target_that_is_no_cosine_is_refused():
    with pytest.raises(ValueError, match="unequal is -2"):
        cosine_target(ZA, ZB, SAME, unequal=-2)
