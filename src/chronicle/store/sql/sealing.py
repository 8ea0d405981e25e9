"""The seal of a log in SQL: moved on by who writes, in the same transaction.

    leaves    first position, hashes of up to 256 leaves, their salts
    emptied   position, hash of the payload that a redaction took away with its salt
    subtrees  level, number, root: of whole subtrees of 2**8, 2**16, 2**24 … leaves
    seal      one row: the state of the seal, and the signed head that stands for it

With the subtrees, any proof needs a few hundred rows, however long the log is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from chronicle.errors import Damaged, Tampered
from chronicle.store.leaves import (
    SALT_BYTES,
    Header,
    leaves_of,
    payload_hash,
)
from chronicle.store.seal import Seal, origin_of
from chronicle.store.sealed import KEPT_LEVELS, TOGETHER
from chronicle.store.sql.cursor import Cursor, bytes_of

__all__ = ["SealWriting"]


BLOCK = 4_096  # rows that are sealed at a time when a log has no seal yet

Put = Callable[[str, Iterable[tuple[Any, ...]]], int]


class SealWriting:
    """The seal within one transaction; `put` inserts rows into a table.

    A log without a seal, as older versions wrote it, gets one for all that it holds.
    Raises `Tampered` where the seal does not stand for the end of the log.
    """

    def __init__(self, cursor: Cursor, put: Put, head: int) -> None:
        self._cursor, self._put = cursor, put
        self.headers: list[Header] = []  # of the rows that were put in, not yet sealed
        self.payloads: list[bytes] = []  # their columnar rows and bodies, joined
        made = cursor.execute("SELECT id, created_at FROM chronicle").fetchone()
        identity, created_at = made or ("", 0)
        self.origin = origin_of(str(identity))
        found = cursor.execute("SELECT state FROM seal").fetchone()
        self._before = b""
        if found is None:
            self._seal = Seal.start(identity, created_at)
            self._catch_up()
        else:
            self._before = found[0]
            self._seal = Seal.from_bytes(self._before)
        if self._seal.size != head:
            raise Tampered(
                f"the log ends at position {head:,}, and its seal at "
                f"{self._seal.size:,}: it was changed from outside; nothing was "
                "recorded: `chronicle verify` tells more, or restore a backup"
            )

    def _catch_up(self) -> None:
        """Seal what was recorded before there were seals."""
        execute = self._cursor.execute
        codes = execute("SELECT kind, code, id FROM codes ORDER BY seq").fetchall()
        self.take_codes(codes)
        names = {(kind, code): id_ for kind, code, id_ in codes}
        for key, digest, listed in execute(
            "SELECT key, digest, positions FROM commands"
        ).fetchall():
            self.take_command(key, bytes_of(digest), msgspec.json.decode(listed))
        while rows := execute(
            "SELECT recorded_at, stream, version, type, report, target, dataset, hot, "
            "body FROM events WHERE position > ? ORDER BY position LIMIT ?",
            (self._seal.size, BLOCK),
        ).fetchall():
            for stamp, stream, version, type_, report, target, dataset, *rest in rows:
                name = names.get(("dataset", dataset), "")
                source = names.get(("stream", stream))
                if source is None:
                    raise Damaged(f"an event is of no stream: {stream}")
                self.headers.append(
                    (stamp, source, version, type_, report, target, name)
                )
                self.payloads.append(bytes_of(rest[0]) + bytes_of(rest[1]))
            self.take_rows()

    def take_rows(self) -> None:
        """Seal the rows whose headers and payloads are waiting."""
        headers, payloads = self.headers, self.payloads
        if not headers:
            return
        self.headers, self.payloads = [], []
        random = os.urandom(SALT_BYTES * len(headers))
        salts = [
            random[at : at + SALT_BYTES] for at in range(0, len(random), SALT_BYTES)
        ]
        leaves = leaves_of(headers, salts, payloads)
        first = self._seal.size + 1
        rows = [
            (
                first + at,
                b"".join(leaves[at : at + TOGETHER]),
                b"".join(salts[at : at + TOGETHER]),
            )
            for at in range(0, len(leaves), TOGETHER)
        ]
        self._put("leaves", rows)
        self._seal.frontier.extend(leaves, self._keep)

    def _keep(self, level: int, first: int, roots: Sequence[bytes]) -> None:
        if level % KEPT_LEVELS == 0:
            self._put(
                "subtrees",
                [(level, number, root) for number, root in enumerate(roots, first)],
            )

    def take_codes(self, codes: Iterable[tuple[str, int, str]]) -> None:
        self._seal.take_codes(codes)

    def take_command(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        self._seal.take_command(key, digest, positions)

    def emptying(self, report: str) -> list[tuple[int, bytes]]:
        """Positions of *report* and of what was said of it, with payload hashes.

        To be asked for while the payloads are there, and handed to `emptied` when they
        are gone.
        """
        rows = self._cursor.execute(
            "SELECT position, hot, body FROM events WHERE (report = ? OR target = ?) "
            "AND type <> 'report-redacted' "
            "AND position NOT IN (SELECT position FROM emptied)",
            (report, report),
        ).fetchall()
        return [
            (
                position,
                payload_hash(self._salt(position), bytes_of(hot), bytes_of(body)),
            )
            for position, hot, body in rows
        ]

    def _leaves_with(self, position: int) -> tuple[int, bytes]:
        """The row of leaves that holds a position: its first position, and salts."""
        found = self._cursor.execute(
            "SELECT first, salts FROM leaves WHERE first <= ? "
            "ORDER BY first DESC LIMIT 1",
            (position,),
        ).fetchone()
        if found is None:
            raise Damaged(f"the leaf of position {position:,} is missing")
        return found[0], bytes_of(found[1])

    def _salt(self, position: int) -> bytes:
        first, salts = self._leaves_with(position)
        at = (position - first) * SALT_BYTES
        return salts[at : at + SALT_BYTES]

    def emptied(self, payloads: Sequence[tuple[int, bytes]]) -> None:
        """Keep these hashes in place of the payloads, and take the salts away."""
        self._put("emptied", payloads)
        for position, _ in payloads:
            first, salts = self._leaves_with(position)
            at = (position - first) * SALT_BYTES
            blank = salts[:at] + bytes(SALT_BYTES) + salts[at + SALT_BYTES :]
            self._cursor.execute(
                "UPDATE leaves SET salts = ? WHERE first = ?", (blank, first)
            )

    def finish(self, sign: Callable[[str], str]) -> str | None:
        """Keep the seal with its signed head; the head, or None where nothing changed.

        *sign* adds signatures to the body of a head.
        """
        state = self._seal.to_bytes()
        if state == self._before:
            return None
        self._before = state
        head = sign(self._seal.body(self.origin))
        self._cursor.execute(
            "INSERT INTO seal (one, state, head) VALUES (1, ?, ?) "
            "ON CONFLICT (one) DO UPDATE SET state = excluded.state, "
            "head = excluded.head",
            (state, head),
        )
        return head
