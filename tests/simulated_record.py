"""What a chronicle must hold after all that was done to it: the model of the simulator.

The model knows each command: who sent it under which key, what it would add, and how it
ended. `look` holds a chronicle against that, and against all that was ever seen of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chronicle.domain.events import (
    ImportFinished,
    Redacted,
    Reference,
    Remark,
    Report,
    ReportRedacted,
)
from chronicle.store.checkpoint import Head
from chronicle.store.protocol import StoredRow
from chronicle.store.register import recorded_of
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify

__all__ = [
    "ACKNOWLEDGED",
    "REFUSED",
    "UNKNOWN",
    "Command",
    "Record",
    "Violation",
    "tag_of",
]

REFUSED = "refused"  # or never sent: nothing of it is recorded
UNKNOWN = "unknown"  # all of it is recorded, or nothing
ACKNOWLEDGED = "acknowledged"


class Violation(AssertionError):
    """Something that Chronicle promises was broken."""


@dataclass
class Command:
    """Events under one key; *tags* tell each of them from all others."""

    key: str
    events: Sequence[Any]
    tags: list[str]
    keyed: bool = True  # the chronicle was told the key
    ended: str = REFUSED
    positions: list[int] = field(default_factory=list)


def tag_of(row: StoredRow) -> str:
    """What tells the event of a row from others: its id, or the name that it gives."""
    event = recorded_of(row).event
    if isinstance(event, Reference):
        return str(getattr(event, "name", ""))
    if isinstance(event, ImportFinished):
        return f"import:{event.digest}:{event.file}"
    assert isinstance(event, Report | Remark | Redacted)
    return event.report_id


class Record:
    """What must be in one chronicle."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.commands: dict[str, Command] = {}
        self.rows: list[StoredRow] = []  # as last seen
        self.tags: list[str] = []  # of these
        self.redacted: set[str] = set()  # reports that a command may have emptied
        self.heads: dict[int, Head] = {}  # that were put beside it
        self.merged: set[int] = {0}  # how much of the other may have been taken in
        self.merged_for_sure = 0
        self.other: Record | None = None

    def command(self, key: str, events: Sequence[Any], tags: list[str]) -> Command:
        """The command of that key, which is about to be sent, perhaps again."""
        for event in events:
            if isinstance(event, ReportRedacted):
                self.redacted.add(event.report)
        return self.commands.setdefault(key, Command(key, events, tags))

    def acknowledge(self, command: Command, positions: Sequence[int]) -> None:
        """It was told to be recorded, there."""
        if command.positions and command.positions != list(positions):
            raise Violation(
                f"{command.key} was at {command.positions}, and is said to be at "
                f"{list(positions)}"
            )
        command.ended, command.positions = ACKNOWLEDGED, list(positions)

    def look(self, store: SQLiteStore, *, whole: bool = False) -> None:
        """Hold all of the chronicle against the model; raises `Violation`."""
        if store.finding is not None:
            raise Violation(f"{self.name}: a sound record is doubted: {store.finding}")
        rows = list(store.rows())
        self._look_at_rows(rows)
        self.tags += [tag_of(row) for row in rows[len(self.tags) :]]
        self.rows = rows
        self._look_at_commands()
        if self.other is not None:
            self._look_at_merges(self.other)
        if whole:
            store.sealed().check_structure()
            verify(store.sealed(), list(self.heads.values()))
            self.outcomes_as_kept(store)

    def _look_at_rows(self, rows: list[StoredRow]) -> None:
        if [row.position for row in rows] != list(range(1, len(rows) + 1)):
            raise Violation(f"{self.name}: positions are not 1, 2, 3 …")
        if len(rows) < len(self.rows):
            raise Violation(
                f"{self.name}: positions after {len(rows)} were there, and are lost"
            )
        for before, row in zip(self.rows, rows, strict=False):
            if before != row and not self._emptied(before, row):
                raise Violation(f"{self.name}: {before} became {row}")
        versions: dict[str, int] = {}
        stamp = 0
        for row in rows:
            versions[row.stream] = versions.get(row.stream, 0) + 1
            if row.version != versions[row.stream]:
                raise Violation(f"{self.name}: {row.stream} has a gap at {row}")
            if row.recorded_at < stamp:
                raise Violation(f"{self.name}: the clock went back at {row}")
            stamp = row.recorded_at

    def _emptied(self, before: StoredRow, row: StoredRow) -> bool:
        concerned = {before.report, before.target} & self.redacted
        return before._replace(body=b"") == row and bool(concerned)

    def _look_at_commands(self) -> None:
        at: dict[str, list[int]] = {}
        for position, tag in enumerate(self.tags, 1):
            at.setdefault(tag, []).append(position)
        doubled = [tag for tag, positions in at.items() if len(positions) > 1]
        if doubled:
            raise Violation(f"{self.name}: recorded more than once: {doubled[:3]}")
        for command in self.commands.values():
            there = [at[tag][0] for tag in command.tags if tag in at]
            if there and len(there) != len(command.tags):
                raise Violation(f"{self.name}: {command.key} is not whole: {there}")
            if command.ended == REFUSED and there:
                raise Violation(
                    f"{self.name}: {command.key} is at {there}, and 'nothing was "
                    "recorded' was said"
                )
            if command.ended == ACKNOWLEDGED and there != command.positions:
                raise Violation(
                    f"{self.name}: {command.key} was acknowledged at "
                    f"{command.positions}, and is at {there}"
                )

    def _look_at_merges(self, other: Record) -> None:
        here = set(self.tags)
        taken = [tag for tag in other.tags if tag in here and tag.startswith("other.")]
        if len(taken) not in self.merged or len(taken) < self.merged_for_sure:
            raise Violation(
                f"{self.name}: {len(taken)} events of {other.name} are in it, and not "
                f"one of {sorted(self.merged)}, or fewer than {self.merged_for_sure}"
            )

    def outcomes_as_kept(self, store: SQLiteStore) -> None:
        """Each key that is kept gives the outcome that was acknowledged."""
        with store.writing() as work:
            for key, command in self.commands.items():
                kept = work.outcome_of(key)
                if command.ended != ACKNOWLEDGED or not command.keyed:
                    continue
                if kept is None:
                    raise Violation(f"{self.name}: the key {key} was forgotten")
                self.acknowledge(command, kept[1])

    def hear(self, head: Head) -> None:
        """A head that was put beside the chronicle; it is held for ever."""
        before = self.heads.setdefault(head.size, head)
        if before.root != head.root:
            raise Violation(f"{self.name}: two heads of {head.size:,} events")

    def digest(self) -> str:
        """Of all that was recorded; salts and signatures are left to chance."""
        hashed = hashlib.sha256()
        for row in self.rows:
            hashed.update(repr(row).encode())
        return hashed.hexdigest()[:16]
