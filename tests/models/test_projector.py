import torch
from probeline.models.projector import mlp
from torch import nn


def test_an_mlp_has_batch_norm_and_relu_between_its_layers_and_nothing_after_the_last():
    kinds = [type(layer) for layer in mlp(4, 8, 8, 3)]
    block = [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert kinds == [*block, *block, nn.Linear]
    assert mlp(4, 8, 3)(torch.zeros(2, 4)).shape == (2, 3)


def test_only_the_last_layer_has_a_bias_and_none_if_not_asked_for():
    first, last = [layer for layer in mlp(4, 8, 3) if isinstance(layer, nn.Linear)]
    assert (first.bias is None, last.bias is None) == (True, False)
    assert mlp(4, 8, 3, last_bias=False)[-1].bias is None


def test_two_sizes_are_one_linear_layer():
    assert [type(layer) for layer in mlp(4, 3)] == [nn.Linear]
