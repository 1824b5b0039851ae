"""Shares of a card's memory; the card is torch's to ask, and here it is one of 80 GiB that answers as told."""

import pytest
import torch
from probeline.data import device_memory
from probeline.data.device_memory import CONTEXT_BYTES, free_memory, limit_memory

GIB = 2**30


@pytest.fixture
def card(monkeypatch):
    """Free and allocated bytes of a card, to be set; what torch's allocator was held to is in `fraction`."""
    state = {"free": 80 * GIB, "allocated": 0, "fraction": 1.0}
    monkeypatch.setattr(device_memory, "_limits", {})
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (state["free"], 80 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: state["allocated"])
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda share, device: state.update(fraction=share)
    )
    return state


CUDA = torch.device("cuda", 0)


def test_a_whole_card_is_free_to_the_last_byte(card):
    assert free_memory(CUDA) == 80 * GIB
    card["free"] = 3 * GIB
    assert free_memory(CUDA) == 3 * GIB


def test_four_quarters_and_their_contexts_fit_on_one_card_whoever_comes_first(card):
    limit_memory(CUDA, 0.25)
    assert 4 * (card["fraction"] * 80 * GIB + CONTEXT_BYTES) <= 80 * GIB
    alone = free_memory(CUDA)
    assert alone == 20 * GIB - CONTEXT_BYTES
    card["free"] = 61 * GIB  # another trial has come
    assert free_memory(CUDA) == alone


def test_what_a_process_has_allocated_counts_against_its_share(card):
    limit_memory(CUDA, 0.5)
    card["allocated"] = 30 * GIB
    assert free_memory(CUDA) == 10 * GIB - CONTEXT_BYTES
    card["allocated"] = 45 * GIB
    assert free_memory(CUDA) == 0
    card["allocated"], card["free"] = 0, 2 * GIB  # others take more than their share
    assert free_memory(CUDA) == 2 * GIB
