"""The seal of a log in SQL, as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import unpack
from typing import Any

import msgspec

from chronicle.errors import Damaged, Tampered
from chronicle.store.merkle import HASH_BYTES
from chronicle.store.seal import Seal, origin_of
from chronicle.store.sealed import TOGETHER, SealedRows, Snapshot
from chronicle.store.sql.cursor import Cursor, Reading, bytes_of
from chronicle.store.sql.reading import last_position

__all__ = ["SQLSealed"]

BLOCK = 4_096  # rows that are read at a time


class SQLSealed:
    """As `Sealed` has it; *moment* lends a cursor that sees one moment throughout."""

    def __init__(self, reading: Reading, moment: Reading) -> None:
        self._reading, self._moment = reading, moment

    def snapshot(self, *, whole: bool = True) -> Snapshot | None:
        with self._moment() as cursor:
            found = cursor.execute("SELECT state, head FROM seal").fetchone()
            made = cursor.execute("SELECT id, created_at FROM chronicle").fetchone()
            if found is None or made is None:
                return None
            codes, commands, counts = [], [], (0, 0, 0)
            if whole:
                counts = cursor.execute(
                    "SELECT (SELECT CASE WHEN COALESCE(MIN(length(hashes)), 1) > 0 "
                    "AND COALESCE(SUM(length(hashes) - 2 * length(salts)), 0) = 0 "
                    "THEN COALESCE(SUM(length(hashes)), 0) ELSE -1 END FROM leaves), "
                    "(SELECT COUNT(*) FROM subtrees), "
                    "(SELECT COALESCE(MAX(position), 0) FROM emptied)"
                ).fetchone()
                codes = _codes(cursor)
                commands = [
                    (key, bytes_of(digest), _positions(key, listed))
                    for key, digest, listed in cursor.execute(
                        "SELECT key, digest, positions FROM commands"
                    ).fetchall()
                ]
            return Snapshot(
                origin=origin_of(str(made[0])),
                start=Seal.start(made[0], made[1]),
                seal=Seal.from_bytes(found[0]),
                head=str(found[1]),
                last=last_position(cursor),
                codes=codes,
                commands=commands,
                hashes=int(counts[0]) // HASH_BYTES,
                subtrees=int(counts[1]),
                last_emptied=int(counts[2]),
            )

    def kept(self, level: int, first: int, count: int) -> list[bytes]:
        with self._reading() as cursor:
            if level:
                cursor.execute(
                    "SELECT root FROM subtrees WHERE level = ? AND number >= ? "
                    "AND number < ? ORDER BY number",
                    (level, first, first + count),
                )
            else:
                hashes, _ = _leaves(cursor, first, first + count)
                return hashes
            return [bytes_of(hash_) for (hash_,) in cursor.fetchall()]

    def sealed_rows(self, after: int, upto: int) -> Iterator[SealedRows]:
        names: dict[tuple[str, int | None], str] = {}
        while after < upto:
            before, after = after, min(after + BLOCK, upto)
            with self._moment() as cursor:  # a redaction changes rows and salts
                rows = cursor.execute(
                    "SELECT position, recorded_at, stream, version, type, report, "
                    "target, dataset, hot, body FROM events "
                    "WHERE position > ? AND position <= ? ORDER BY position",
                    (before, after),
                ).fetchall()
                hashes, salts = _leaves(cursor, before, after)
                emptied = cursor.execute(
                    "SELECT position, payload FROM emptied "
                    "WHERE position > ? AND position <= ?",
                    (before, after),
                ).fetchall()
                used = {("stream", row[2]) for row in rows}
                used |= {("dataset", row[7]) for row in rows if row[7] is not None}
                if not used <= names.keys():
                    names = _names(cursor)
            for position, payload in emptied:
                at = position - before - 1
                if not 0 <= at < len(salts):
                    continue
                if any(salts[at]):
                    raise Tampered(
                        f"position {position:,}: it was redacted, and where its salt "
                        "was something is: restore a backup",
                        position,
                    )
                salts[at] = bytes_of(payload)
            count = min(len(rows), len(hashes))
            yield _sealed_rows(rows[:count], names, salts[:count], hashes[:count])

    def redacted(self) -> frozenset[str]:
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT target FROM events "
                "WHERE target IS NOT NULL AND type = 'report-redacted'"
            ).fetchall()
        return frozenset(report for (report,) in rows)

    def check_structure(self) -> None:
        """A server looks after its own indexes."""


def _leaves(cursor: Cursor, after: int, upto: int) -> tuple[list[bytes], list[bytes]]:
    """Hashes and salts of the leaves after a position, up to the first that lacks."""
    hashes: list[bytes] = []
    salts: list[bytes] = []
    for first, some, their_salts in cursor.execute(
        "SELECT first, hashes, salts FROM leaves WHERE first > ? AND first <= ? "
        "ORDER BY first",
        (after + 1 - TOGETHER, upto),
    ).fetchall():
        some, their_salts = bytes_of(some), bytes_of(their_salts)
        count = len(some) // HASH_BYTES
        skip = after + 1 + len(hashes) - first
        if skip < 0 or len(some) != count * 32 or len(their_salts) != count * 16:
            break
        end = min(count, upto + 1 - first)
        hashes += unpack("32s" * (end - skip), some[skip * 32 : end * 32])
        salts += unpack("16s" * (end - skip), their_salts[skip * 16 : end * 16])
    return hashes, salts


def _positions(key: str, listed: str) -> list[int]:
    try:
        return msgspec.json.decode(listed, type=list[int])
    except (msgspec.MsgspecError, TypeError, UnicodeError):
        raise Tampered(
            f"the outcome that is kept under the key {key!r:.80} cannot be read"
        ) from None


def _codes(cursor: Cursor) -> list[tuple[str, int, str]]:
    """All codes, in order; raises `Tampered` where their numbers are not 1, 2, 3 …"""
    rows = cursor.execute("SELECT seq, kind, code, id FROM codes ORDER BY seq")
    found = []
    for number, (seq, *code) in enumerate(rows.fetchall(), 1):
        if seq != number:
            raise Tampered(
                f"the codes of ids are not numbered as they were given, at {number:,}: "
                "the log was changed from outside; restore a backup"
            )
        found.append((code[0], code[1], code[2]))
    return found


def _names(cursor: Cursor) -> dict[tuple[str, int | None], str]:
    rows = cursor.execute(
        "SELECT kind, code, id FROM codes WHERE kind IN ('stream', 'dataset')"
    ).fetchall()
    return {(kind, code): id_ for kind, code, id_ in rows}


def _sealed_rows(
    rows: Sequence[Any],
    names: dict[tuple[str, int | None], str],
    salts: Sequence[bytes],
    leaves: Sequence[bytes],
) -> SealedRows:
    """Rows of a block as columns: those who check many look at none by itself."""
    if not rows:
        return SealedRows([], [], [], [], [], [])
    positions, stamps, streams, versions, types, *rest = zip(*rows, strict=True)
    reports, targets, datasets, columnar, bodies = rest
    try:
        sources = [names["stream", stream] for stream in streams]
        sets = ["" if one is None else names["dataset", one] for one in datasets]
    except KeyError as lost:
        bad = next(
            row[0]
            for row in rows
            if lost.args[0] in (("stream", row[2]), ("dataset", row[7]))
        )
        raise Damaged(
            f"position {bad} is of no stream or no data set; restore a backup", bad
        ) from None
    headers = zip(stamps, sources, versions, types, reports, targets, sets, strict=True)
    return SealedRows(positions, list(headers), columnar, bodies, salts, leaves)
