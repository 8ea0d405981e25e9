"""What a store lets see of its seal, for who checks, proves and witnesses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from chronicle.errors import Tampered
from chronicle.store.leaves import Header
from chronicle.store.merkle import Frontier, root_at
from chronicle.store.seal import Seal

__all__ = [
    "KEPT_LEVELS",
    "TOGETHER",
    "Sealed",
    "SealedRow",
    "SealedRows",
    "Snapshot",
    "Tree",
]

TOGETHER = 256  # leaves that are kept in one row, at most
KEPT_LEVELS = 8  # roots are kept of the subtrees of every eighth level


class SealedRow(NamedTuple):
    """A stored event with its leaf; *salt* is the payload's hash after a redaction."""

    position: int
    header: Header
    columnar: bytes
    body: bytes
    salt: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class SealedRows:
    """Events with their leaves, as columns of one length; as a sequence, row by row."""

    positions: Sequence[int]
    headers: Sequence[Header]
    columnar: Sequence[bytes]
    bodies: Sequence[bytes]
    salts: Sequence[bytes]
    leaves: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[SealedRow]:
        columns = (self.headers, self.columnar, self.bodies, self.salts, self.leaves)
        return map(SealedRow, self.positions, *columns)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is sealed but for the events, as of one moment."""

    origin: str
    start: Seal  # of the log when it was empty
    seal: Seal
    head: str  # the signed text that is kept with the seal
    last: int  # the last position
    codes: Sequence[tuple[str, int, str]] = ()  # kind, code, id, in order
    commands: Sequence[tuple[str, bytes, Sequence[int]]] = ()
    hashes: int = 0  # of leaves that are kept, in all rows
    subtrees: int = 0  # whose roots are kept
    last_emptied: int = 0  # position of the last event whose payload hash is kept


class Sealed(Protocol):
    """A log that is sealed; the in-memory store is not."""

    def snapshot(self, *, whole: bool = True) -> Snapshot | None:
        """The seal, and if *whole* what it stands for; None of a log without a seal."""
        ...

    def kept(self, level: int, first: int, count: int) -> list[bytes]:
        """Stored hashes: of leaves (level 0), or subtrees of a level that is kept.

        Fewer than *count* where some are missing.
        """
        ...

    def sealed_rows(self, after: int, upto: int) -> Iterator[SealedRows]:
        """Events with their leaves, in blocks, in order, but for what is missing."""
        ...

    def redacted(self) -> frozenset[str]:
        """The reports that a redaction in the log names."""
        ...

    def check_structure(self) -> None:
        """Hold what the database keeps beside the rows against them.

        Raises `Damaged` where an index does not say what its table says.
        """
        ...


class Tree:
    """The hash tree as it is stored: any whole subtree from a few hundred rows."""

    def __init__(self, sealed: Sealed) -> None:
        self._kept = sealed.kept

    def subtree(self, level: int, number: int) -> bytes:
        """The root of a whole subtree; raises `Tampered` where its rows are missing."""
        rest = level % KEPT_LEVELS
        count = 1 << rest
        found = self._kept(level - rest, number << rest, count)
        if len(found) != count:
            raise Tampered(
                f"hashes of positions {(number << level) + 1:,} to "
                f"{(number + 1) << level:,} are missing: restore a backup"
            )
        part = Frontier()
        part.extend(found)
        return part.root()

    def root(self, size: int) -> bytes:
        """The root when the log had *size* events."""
        return root_at(size, self.subtree)
