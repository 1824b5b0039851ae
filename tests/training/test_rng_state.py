import torch
from probeline.training.rng_state import random_state, restore, seed_generators

CPU = torch.device("cpu")


def test_a_seeded_generator_draws_what_torchs_own_seeding_makes_it_draw():
    torch.manual_seed(2**62 + 11)
    expected = torch.rand(4)
    seed_generators(2**62 + 11, CPU)
    assert torch.equal(torch.rand(4), expected)
    assert torch.initial_seed() == 2**62 + 11


def test_a_restored_state_draws_the_same_again():
    seed_generators(1, CPU)
    state, first = random_state(CPU), torch.rand(4)
    restore(state, CPU)
    assert torch.equal(torch.rand(4), first)
