import numpy as np
import pytest
from probeline.data.series.signature_pairs import Signatures, check_complete, protocol_pairs, training_pairs
from probeline.errors import BadData


def signatures(writers: int = 3, genuine: int = 8, forged: int = 2) -> Signatures:
    each = genuine + forged
    numbers = np.tile(np.arange(1, each + 1), writers)
    return Signatures(np.repeat(np.arange(writers), each), numbers, numbers <= genuine)


def test_five_references_stand_against_the_other_genuine_ones_and_the_skilled_forgeries():
    pairs = protocol_pairs(signatures(), "skilled")
    assert len(pairs) == 3 * 5 * (3 + 2) and pairs.same.sum() == 3 * 5 * 3
    first = [(a, b) for a, b, group in zip(pairs.first, pairs.second, pairs.groups, strict=True) if group == 0]
    assert set(first) == {(a, b) for a in range(5) for b in range(5, 10)}
    assert ((pairs.second % 10 < 8) == pairs.same).all()


def test_random_forgeries_are_genuine_signatures_of_others_in_turn():
    pairs = protocol_pairs(signatures(), "random")
    false = sorted(set(pairs.second[~pairs.same & (pairs.groups == 0)].tolist()))
    assert false == [15, 16, 17, 25, 26, 27]
    many = protocol_pairs(signatures(writers=12), "random")
    of_first = many.second[~many.same & (many.groups == 0)]
    assert len(set(of_first.tolist())) == 20 and len(set((of_first // 10).tolist())) == 11


def test_the_order_of_rows_changes_no_pair():
    plain, order = signatures(), np.random.default_rng(0).permutation(30)
    mixed = Signatures(plain.writers[order], plain.numbers[order], plain.genuine[order])
    pairs, moved = protocol_pairs(plain, "skilled"), protocol_pairs(mixed, "skilled")
    assert set(zip(order[moved.first], order[moved.second], strict=True)) == set(
        zip(pairs.first, pairs.second, strict=True)
    )


def test_for_training_every_genuine_signature_is_in_pairs():
    pairs = training_pairs(signatures(), "skilled")
    assert pairs.same.sum() == 3 * 28 and (~pairs.same).sum() == 3 * 8 * 2
    assert {(a, b) for a, b in zip(pairs.first[pairs.same], pairs.second[pairs.same], strict=True) if b <= a} == set()


def test_a_writer_without_forgeries_or_with_too_few_signatures_is_named():
    with pytest.raises(BadData, match=r"^a has no forgeries; b has no forgeries; add the files"):
        check_complete(signatures(2, forged=0), {0: "a", 1: "b"})
    with pytest.raises(BadData, match="a has 5 genuine signatures; more than 5 are needed"):
        check_complete(signatures(1, genuine=5), {0: "a"})
