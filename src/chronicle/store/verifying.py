"""Whether a log is what was sealed, and begins with every head that it once had.

Without a head from outside this finds every change but one: who can write to the file
can make it all anew, leaves and seal included. A head that was kept outside, of any
age, finds that too, for all that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import add

from chronicle.errors import RolledBack, SplitHistory, Tampered
from chronicle.store.checkpoint import Head
from chronicle.store.columnar import BLANK
from chronicle.store.leaves import (
    PAYLOAD_HASH_BYTES,
    SALT_BYTES,
    leaf_of,
    leaves_of,
    payload_hash,
)
from chronicle.store.merkle import Frontier
from chronicle.store.sealed import KEPT_LEVELS, Sealed, SealedRow, Snapshot, Tree

__all__ = ["Verified", "check_end", "check_head", "verify"]

END = 128  # leaves that are looked at when a log is opened

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in order."""

    events: int
    head: Head  # that the log has now, with its signatures
    heads: int  # from outside, with which it begins


def verify(
    sealed: Sealed, heads: Sequence[Head] = (), progress: Progress | None = None
) -> Verified | None:
    """Check all of a log, and that it begins with *heads*; None where it has no seal.

    Writers may go on meanwhile: it is checked as it was at the beginning. Raises
    `Tampered` that names the first bad position, `RolledBack` where a head is ahead of
    the log, `SplitHistory` where one is not of this log, and `Damaged`.
    """
    snapshot = sealed.snapshot()
    if snapshot is None:
        if any(head.size for head in heads):
            raise RolledBack(_BEFORE_SEALS)
        return None
    head = _check_seal(snapshot)
    for outside in heads:
        check_origin(outside, snapshot.origin)
        if outside.size > snapshot.seal.size:
            raise _rolled_back(outside, snapshot.seal.size)
    _check_aside(snapshot, heads)
    roots = _check_leaves(sealed, snapshot, sorted({h.size for h in heads}), progress)
    for outside in sorted(heads, key=lambda one: one.size):
        if roots[outside.size] != outside.root:
            raise _split(outside, heads, roots)
    return Verified(snapshot.seal.size, head, len(heads))


_BEFORE_SEALS = (
    "the log has no seal, and a head of it exists: this is a copy from before, or was "
    "made anew; restore a backup"
)


def _check_seal(snapshot: Snapshot) -> Head:
    """The head that the seal has; raises `Tampered` where they differ."""
    head = Head.parse(snapshot.head, "the head in the log")
    seal = snapshot.seal
    if head.body != seal.body(snapshot.origin):
        raise Tampered(
            "the head that is kept in the log is not that of its seal: the log was "
            "changed from outside; restore a backup"
        )
    if snapshot.last != seal.size:
        less = snapshot.last < seal.size
        why = "its last events were taken out" if less else "events were put in"
        raise Tampered(
            f"position {min(snapshot.last, seal.size) + 1:,}: the log ends at "
            f"{snapshot.last:,}, its seal at {seal.size:,}: {why} from outside; "
            "restore a backup",
            min(snapshot.last, seal.size) + 1,
        )
    return head


def check_origin(head: Head, origin: str) -> None:
    """Raises `SplitHistory` for a head of another log."""
    if head.origin != origin:
        raise SplitHistory(
            f"the head is of {head.origin}, and this log is {origin}: one of them is "
            "not what it was taken for"
        )


def _rolled_back(head: Head, size: int) -> RolledBack:
    return RolledBack(
        f"the log ends at position {size:,}, and it once ended at {head.size:,}, as a "
        f"head of it says: position {size + 1:,} and all after it are lost (an older "
        "copy was put back, or the write-ahead log is gone); restore a backup",
        size + 1,
    )


def _split(head: Head, heads: Sequence[Head], roots: dict[int, bytes]) -> SplitHistory:
    """Where the history that *head* stands for was left."""
    agree = [one.size for one in heads if roots[one.size] == one.root]
    sure = max((size for size in agree if size < head.size), default=0)
    return SplitHistory(
        f"somewhere in positions {sure + 1:,} to {head.size:,} the log is not the one "
        "whose head this is, though it agrees with itself: it was made anew from "
        "outside; restore a backup",
        sure + 1,
    )


def _check_aside(snapshot: Snapshot, heads: Iterable[Head]) -> None:
    """Codes and kept commands, which are sealed beside the tree."""
    now, seal, origin = snapshot.seal, snapshot.start, snapshot.origin
    wanted = {said[0]: said for head in heads if (said := head.sealed("codes"))}
    same = [head for head in heads if head.size == now.size]  # codes come with events
    if (wanted and max(wanted) > len(snapshot.codes)) or any(
        (said := head.sealed("codes")) and said[0] != len(snapshot.codes)
        for head in same
    ):
        raise SplitHistory(
            "the codes of ids are not as many as a head says: the log was made anew "
            "from outside; restore a backup"
        )
    for number in range(len(snapshot.codes) + 1):
        seal.take_codes(snapshot.codes[number - 1 : number] if number else ())
        if number in wanted and _said(seal.body(origin), "codes") != wanted[number]:
            raise SplitHistory(
                f"the first {number:,} codes are not those of the head: the log was "
                "made anew from outside; restore a backup"
            )
    if (seal.codes, seal.chain) != (now.codes, now.chain):
        raise Tampered(
            "the codes of ids (which actor, which place) are not as they were sealed: "
            "the log was changed from outside; restore a backup"
        )
    for key, digest, positions in snapshot.commands:
        seal.take_command(key, digest, positions)
    if (seal.commands, seal.total) != (now.commands, now.total):
        raise Tampered(
            "the outcomes that are kept under keys are not as they were sealed: the "
            "log was changed from outside; restore a backup"
        )
    for head in heads:
        said = head.sealed("commands")
        if said is None or said[0] < now.commands:
            continue  # they have no order: that others were kept since may hide it
        if said != _said(now.body(origin), "commands"):
            raise SplitHistory(
                "the outcomes that are kept under keys are not those of the head: the "
                "log was changed from outside; restore a backup"
            )


def _said(body: str, name: str) -> tuple[int, str] | None:
    return Head.parse(body).sealed(name)


def _check_leaves(
    sealed: Sealed, snapshot: Snapshot, sizes: Sequence[int], progress: Progress | None
) -> dict[int, bytes]:
    """Every event against its leaf, all leaves against the seal; roots by size."""
    frontier, kept = Frontier(), _Kept(sealed)
    roots = {0: frontier.root()}
    cuts = [*(size for size in sizes if size), snapshot.seal.size]
    for leaves in checked_leaves(sealed, 0, snapshot.seal.size):
        while leaves:
            to = next((c for c in cuts if c > frontier.size), frontier.size)
            some, leaves = leaves[: to - frontier.size], leaves[to - frontier.size :]
            frontier.extend(some, kept.compare)
            if frontier.size == to:
                roots[to] = frontier.root()
        if progress is not None:
            progress(frontier.size)
    size = snapshot.seal.size
    kept_roots = sum(size >> n for n in range(KEPT_LEVELS, 64, KEPT_LEVELS))
    if (snapshot.hashes, snapshot.subtrees) != (size, kept_roots) or (
        snapshot.last_emptied > size
    ):
        raise Tampered(
            "hashes are kept of events that there are not: they were put in from "
            "outside; restore a backup"
        )
    if frontier.root() != snapshot.seal.frontier.root():
        raise Tampered(
            "the leaves of the log are not those that were sealed: they were made anew "
            "from outside; restore a backup"
        )
    return roots


class _Kept:
    """The stored roots of subtrees against those that the leaves give."""

    def __init__(self, sealed: Sealed) -> None:
        self._sealed = sealed

    def compare(self, level: int, first: int, roots: Sequence[bytes]) -> None:
        if level % KEPT_LEVELS:
            return
        if self._sealed.kept(level, first, len(roots)) != list(roots):
            raise _not_as_sealed((first << level) + 1, (first + len(roots)) << level)


def _not_as_sealed(first: int, last: int) -> Tampered:
    return Tampered(
        f"the stored hashes of positions {first:,} to {last:,} are not those of their "
        "leaves: they were changed from outside; restore a backup",
        first,
    )


def checked_leaves(sealed: Sealed, after: int, upto: int) -> Iterator[list[bytes]]:
    """The leaves after a position, in blocks, each as its event gives it.

    Raises `Tampered` that names the first position of which that is not so.
    """
    before, redacted = after, cache(sealed.redacted)
    for rows in sealed.sealed_rows(after, upto):
        stored = list(rows.leaves)
        try:
            payloads = list(map(add, rows.columnar, rows.bodies))
            plain = leaves_of(rows.headers, rows.salts, payloads)
        except TypeError:  # no bytes
            plain = []
        dense = list(rows.positions) == list(range(before + 1, before + 1 + len(rows)))
        salted = set(map(len, rows.salts)) <= {SALT_BYTES}
        if not dense or plain != stored or not salted:
            _look_closer(list(rows), before, redacted)
        before += len(rows)
        yield stored
    if before != upto:
        raise _bad(before + 1, "it, or its leaf, is missing")


def _look_closer(
    rows: Sequence[SealedRow], before: int, redacted: Callable[[], frozenset[str]]
) -> None:
    """Find the bad row of a block; that some were redacted is no fault."""
    for position, row in enumerate(rows, before + 1):
        if type(row.body) is not bytes or type(row.columnar) is not bytes:
            raise _bad(position, "what is stored are no bytes")
        if row.position != position:
            raise _bad(position, "it, or its leaf, is missing")
        emptied = len(row.salt) == PAYLOAD_HASH_BYTES
        if emptied:
            report, target = row.header[4], row.header[5]
            if row.body or row.columnar != BLANK or not {report, target} & redacted():
                raise _bad(position, "it was emptied, and no redaction says so")
            hash_ = row.salt
        else:
            hash_ = payload_hash(row.salt, row.columnar, row.body)
        if leaf_of(row.header, hash_) != row.leaf:
            raise _bad(position, "what is stored is not what was sealed")


def _bad(position: int, why: str) -> Tampered:
    return Tampered(
        f"position {position:,}: {why}; the log was changed from outside: restore a "
        "backup",
        position,
    )


def check_end(sealed: Sealed, snapshot: Snapshot) -> None:
    """The last events and the edge of the tree: what is looked at on opening.

    Raises `Tampered` as `verify` does.
    """
    _check_seal(snapshot)
    size = snapshot.seal.size
    after = max(size - END, 0)
    for _ in checked_leaves(sealed, after, size):
        pass
    for level, root in enumerate(_edge(sealed, size)):
        if size >> level & 1 and snapshot.seal.frontier.roots[level] != root:
            number = (size >> level) - 1
            raise _not_as_sealed((number << level) + 1, (number + 1) << level)


def _edge(sealed: Sealed, size: int) -> list[bytes]:
    """The roots of the frontier, from the hashes that are kept: one look a level."""
    roots: list[bytes] = []
    for level in range(0, size.bit_length(), KEPT_LEVELS):
        first = size >> level + KEPT_LEVELS << KEPT_LEVELS
        part = Frontier()
        part.extend(sealed.kept(level, first, (size >> level) - first))
        if part.size != (size >> level) - first:
            raise _not_as_sealed((first << level) + 1, size)
        roots += [*part.roots[:KEPT_LEVELS], *[b""] * KEPT_LEVELS][:KEPT_LEVELS]
    return roots


def check_head(sealed: Sealed, snapshot: Snapshot | None, head: Head) -> None:
    """Whether the log begins with *head*, by its stored hashes alone.

    Raises `RolledBack`, `SplitHistory`, or `Tampered` that names the first bad position
    where the log no longer agrees with itself.
    """
    if snapshot is None:
        if head.size:
            raise RolledBack(_BEFORE_SEALS)
        return
    check_origin(head, snapshot.origin)
    size = snapshot.seal.size
    if head.size > size:
        raise _rolled_back(head, size)
    root = snapshot.seal.frontier.root()
    try:
        if head.size < size:
            root = Tree(sealed).root(head.size)
    except Tampered:
        root = b""
    if root != head.root:
        verify(sealed, [head])
        raise SplitHistory(
            "the log was changed while it was looked at; run `chronicle verify`"
        )
