"""The Merkle tree of RFC 9162, section 2.1, with SHA-256: roots and proofs.

Pure: hashes in, hashes out. A tree is never held whole. A `Frontier` is all that is
needed to append, and proofs ask a function for the roots of whole subtrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from chronicle.errors import Tampered

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Frontier",
    "Subtree",
    "check_consistency",
    "check_inclusion",
    "consistency_path",
    "inclusion_path",
    "leaf_hash",
    "root_at",
]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""The root of the whole subtree `(level, number)`, of leaves `number << level` on."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf's content; its prefix tells it from an inner node."""
    return sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The roots of the whole subtrees that a tree of `size` leaves falls into.

    `roots[level]` is set where bit `level` of the size is; what stands at the other
    levels is old and means nothing.
    """

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def extend(
        self,
        leaves: Sequence[bytes],
        keep: Callable[[int, int, Sequence[bytes]], None] | None = None,
    ) -> None:
        """Append leaf hashes, a level at a time.

        *keep* is told what became whole: its level (above 0), the number of the first
        subtree, and the roots.
        """
        level, made = 0, list(leaves)
        start = self.size  # of the subtrees at this level
        self.size += len(made)
        while made:
            if level and keep is not None:
                keep(level, start, made)
            if level == len(self.roots):
                self.roots.append(b"")
            if start & 1:
                made.insert(0, self.roots[level])
                start -= 1
            if len(made) & 1:
                self.roots[level] = made.pop()
            pairs = iter(made)
            made = [
                sha256(b"\1" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=True)
            ]
            level, start = level + 1, start >> 1

    def root(self) -> bytes:
        """The root of the tree."""
        found: bytes | None = None
        for level, hash_ in enumerate(self.roots):
            if self.size >> level & 1:
                found = hash_ if found is None else _node(hash_, found)
        return EMPTY_ROOT if found is None else found

    def to_bytes(self) -> bytes:
        """The size in 8 bytes, then the roots that count, from the lowest level on."""
        counting = [h for n, h in enumerate(self.roots) if self.size >> n & 1]
        return self.size.to_bytes(8, "big") + b"".join(counting)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Frontier:
        """What `to_bytes` made; raises `Tampered` for anything else."""
        size = int.from_bytes(stored[:8], "big")
        if len(stored) != 8 + HASH_BYTES * size.bit_count():
            raise Tampered("the stored edge of the hash tree cannot be read")
        rest = iter(range(8, len(stored), HASH_BYTES))
        roots = [
            stored[(at := next(rest)) : at + HASH_BYTES] if size >> level & 1 else b""
            for level in range(size.bit_length())
        ]
        return cls(size, roots)


def _parts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The whole subtrees (level, number) that leaves *start* to *end* fall into.

    *start* is that of a subtree which RFC 9162 would split off, so that they shrink.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _root_of(start: int, end: int, subtree: Subtree) -> bytes:
    """The root over leaves *start* to *end*, as RFC 9162 folds it."""
    found: bytes | None = None
    for level, number in reversed(list(_parts(start, end))):
        hash_ = subtree(level, number)
        found = hash_ if found is None else _node(hash_, found)
    return EMPTY_ROOT if found is None else found


def root_at(size: int, subtree: Subtree) -> bytes:
    """The root when the tree had *size* leaves."""
    return _root_of(0, size, subtree)


def _split(count: int) -> int:
    """The largest power of two below *count*, which is above 1."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The proof that leaf *index* is in the tree of *size* leaves, from the leaf up."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root_of(middle, end, subtree))
            end = middle
        else:
            path.append(_root_of(start, middle, subtree))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """The proof that the tree of *new* leaves begins with that of *old* leaves."""
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} to {new} leaves")
    path: list[bytes] = []
    start, end, whole = 0, new, True  # whether the old tree is this subtree's own root
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_root_of(middle, end, subtree))
            end = middle
        else:
            path.append(_root_of(start, middle, subtree))
            start, whole = middle, False
    if not whole:
        path.append(_root_of(start, end, subtree))
    return path[::-1]


def check_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether *path* proves that *leaf* is leaf *index* of the tree with that root.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size or len(leaf) != HASH_BYTES:
        return False
    number, last, found = index, size - 1, leaf
    for hash_ in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = _node(hash_, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = _node(found, hash_)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether *path* proves that the tree of *new* leaves begins with the old one.

    RFC 9162, section 2.1.4.2. That any tree begins with the empty one says nothing, and
    is refused.
    """
    if old == new:
        return old > 0 and not path and old_root == new_root
    if not 0 < old < new or not path:
        return False
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = hashes[0]
    for hash_ in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = _node(hash_, before), _node(hash_, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = _node(after, hash_)
        number, last = number >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
