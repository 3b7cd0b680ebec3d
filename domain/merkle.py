"""Merkle trees as Certificate Transparency has them (RFC 6962, 2.1): the root over leaves, and the path of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
_LEAF, _NODE = b"\x00", b"\x01"
_EMPTY = sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf's content; a leaf can never be taken for a node (RFC 6962)."""
    return sha256(_LEAF + content).digest()


def _levels(leaves: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The hashes of each level, the leaves first; a node without a partner goes up as it is."""
    level = leaves
    while len(level) > 1:
        yield level
        above = [
            sha256(_NODE + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = [*above, level[-1]] if len(level) % 2 else above
    yield level


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (32 bytes each), in their order; that of no leaves is the hash of nothing."""
    if not leaves:
        return _EMPTY
    *_, top = _levels(leaves)
    return top[0]


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of the leaf at `index`: from its sibling up to just below the root (RFC 6962, 2.1.1)."""
    path = []
    for level in _levels(leaves):
        sibling = index ^ 1
        if len(level) > 1 and sibling < len(level):
            path.append(level[sibling])
        index //= 2
    return path


def root_by_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that `path` leads to from the leaf at `index` of `count`; None when it fits no such tree."""
    if not 0 <= index < count:
        return None
    steps = iter(path)
    found, last = leaf, count - 1
    while last:
        if index % 2 or index < last:
            sibling = next(steps, None)
            if sibling is None or len(sibling) != HASH_BYTES:
                return None
            found = sha256(_NODE + (sibling + found if index % 2 else found + sibling)).digest()
        index //= 2
        last //= 2
    return found if next(steps, None) is None else None
