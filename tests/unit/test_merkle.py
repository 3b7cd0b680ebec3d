"""Merkle trees by the vectors of Certificate Transparency and against the definition in RFC 6962, 2.1."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import leaf_hash, path_of, root_by_path, root_of
from domain.seal import LARGEST_PARTS, part_leaves, split_leaves

# The leaves and roots of the reference implementation's own tests.
CONTENTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH as the RFC writes it: split at the largest power of two below the count."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@pytest.mark.parametrize("count", ROOTS)
def test_the_root_is_that_of_the_reference_implementation(count: int) -> None:
    assert root_of([leaf_hash(content) for content in CONTENTS[:count]]).hex() == ROOTS[count]


@given(st.integers(1, 70))
def test_every_leaf_has_a_path_to_the_root_of_the_definition(count: int) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(count)]
    root = by_definition(leaves)
    assert root_of(leaves) == root
    for index, leaf in enumerate(leaves):
        path = path_of(leaves, index)
        assert root_by_path(leaf, index, count, path) == root
        for wrong in (index - 1, index + 1):
            assert root_by_path(leaf, wrong, count, path) != root
        assert root_by_path(leaf, index, count, [*path, root]) is None
        if path:
            assert root_by_path(leaf, index, count, path[:-1]) is None
            assert root_by_path(leaf, index, count, [path[0][:-1], *path[1:]]) is None


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 12_289])
def test_parts_are_whole_subtrees(count: int) -> None:
    leaves = split_leaves(b"".join(sha256(str(number).encode()).digest() for number in range(count)))
    parts = [root_of(leaves[start : start + 4096]) for start in range(0, count, 4096)]
    assert part_leaves(count) == 4096
    assert root_of(parts) == root_of(leaves)


def test_a_large_log_has_larger_parts_not_more() -> None:
    for events in (4096 * LARGEST_PARTS, 4096 * LARGEST_PARTS + 1, 10**9):
        each = part_leaves(events)
        assert each.bit_count() == 1
        assert -(-events // each) <= LARGEST_PARTS
