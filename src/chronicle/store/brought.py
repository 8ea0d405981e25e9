"""Which import brought what: the files of a data set, and what each of them told.

An import records a file in one transaction that its `ImportFinished` closes. A row
belongs to the import whose closing event follows it, with the same stamp.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chronicle.domain.decide import Register, stands
from chronicle.domain.events import ImportFinished, ReportAmended
from chronicle.domain.timeline import RecordedEvent
from chronicle.store.protocol import Reading, Writing, microseconds
from chronicle.store.register import recorded_of

__all__ = [
    "Brought",
    "Import",
    "last_run",
    "missing",
    "note_run",
    "note_undone",
    "standing_of",
]

_RUN = "chronicle:import:"  # keys under which the command of an import is kept
_UNDONE = "chronicle:undone:"


class Import(NamedTuple):
    """One import of one file: its rows stand after one position, up to another."""

    after: int
    position: int  # of the event that closed it
    recorded_at: int
    dataset: str
    file: str

    def holds(self, position: int, recorded_at: int) -> bool:
        """Whether what was recorded there and then is of this import."""
        between = self.after < position <= self.position
        return between and recorded_at == self.recorded_at


class Brought:
    """The imports of a log, in order, as a transaction sees them."""

    def __init__(self, log: Reading) -> None:
        self.imports: list[Import] = []
        before = 0
        for row in log.rows(types=("import-finished",)):
            event = recorded_of(row).event
            if isinstance(event, ImportFinished):
                self.imports.append(
                    Import(
                        before,
                        row.position,
                        row.recorded_at,
                        event.dataset,
                        event.file,
                    )
                )
            before = row.position
        self._ends = [one.position for one in self.imports]

    def by(self, position: int, recorded_at: int) -> Import | None:
        """The import that recorded the row there; None where none did."""
        place = bisect_left(self._ends, position)
        found = self.imports[place] if place < len(self.imports) else None
        if found is not None and found.holds(position, recorded_at):
            return found
        return None

    def file_of(self, told: RecordedEvent) -> str:
        """The file that told an event; empty where none did."""
        found = self.by(told.position, microseconds(told.recorded_at))
        return "" if found is None else found.file

    def of(self, dataset: str, file: str, *, dated: bool = False) -> list[Import]:
        """The imports of one file of a data set; with *dated* whatever day it names."""
        return [
            one
            for one in self.imports
            if one.dataset == dataset and _same_file(one.file, file, dated)
        ]


def missing(
    log: Reading,
    brought: Brought,
    dataset: str,
    file: str,
    types: Sequence[str],
    mentioned: set[str],
    *,
    dated: bool = False,
) -> tuple[list[str], bool]:
    """Reports that only this file told, and not among *mentioned*; whether any is.

    A report that another file of the data set told or amended since is left alone.
    """
    ids: list[str] = []
    again = False
    for one in brought.of(dataset, file, dated=dated):
        for row in log.rows(one.after, one.position, types):
            if (
                not row.report
                or not row.body
                or not one.holds(row.position, row.recorded_at)
            ):
                continue
            if row.report in mentioned:
                again = True
            else:
                ids.append(row.report)
    return list(_only_told_by(log, brought, (dataset, file, dated), ids)), again


_DAY = re.compile(r"(?<![0-9])[0-9]{4}([-_.]?)[0-9]{2}\1[0-9]{2}(?![0-9])", re.ASCII)


def _same_file(one: str, other: str, dated: bool) -> bool:
    """Whether two names are of one file; *dated*: of whichever day it was taken."""
    if dated:
        return _DAY.sub("DAY", one) == _DAY.sub("DAY", other)
    return one == other


def _only_told_by(
    log: Reading, brought: Brought, of: tuple[str, str, bool], ids: list[str]
) -> Iterator[str]:
    dataset, file, dated = of
    for first in range(0, len(ids), 1_000):
        some = ids[first : first + 1_000]
        elsewhere: set[str] = set()
        for row in log.remarks_on(some):
            event = recorded_of(row).event
            if isinstance(event, ReportAmended) and event.dataset == dataset:
                by = brought.by(row.position, row.recorded_at)
                if by is not None and not _same_file(by.file, file, dated):
                    elsewhere.add(event.report)
        yield from (id_ for id_ in some if id_ not in elsewhere)


def standing_of(log: Reading, register: Register, ids: Sequence[str]) -> list[str]:
    """Those of *ids*, all told, that count now."""
    spoken_of = {row.target for row in log.remarks_on(ids)}
    return [id_ for id_ in ids if id_ not in spoken_of or stands(id_, register)]


def note_run(work: Writing, position: int, digest: bytes, start: int) -> None:
    """Keep that the import closed at *position* is of a command begun at *start*."""
    work.remember(f"{_RUN}{position}", digest, [start])


def last_run(work: Writing, brought: Brought, position: int | None) -> list[Import]:
    """The imports of one command: of the one closed at *position*, or of the last.

    The last is the last that was not undone. Empty where there is none.
    """
    imports = [
        one
        for one in brought.imports
        if work.outcome_of(f"{_UNDONE}{one.position}") is None
        and (position is None or one.position <= position)
    ]
    if not imports or (position is not None and imports[-1].position != position):
        return []
    last = imports[-1]
    run = work.outcome_of(f"{_RUN}{last.position}")
    if run is None or position is not None:
        return [last]
    return [one for one in imports if work.outcome_of(f"{_RUN}{one.position}") == run]


def note_undone(work: Writing, imports: Sequence[Import]) -> None:
    """Keep that *imports* were undone."""
    for one in imports:
        work.remember(f"{_UNDONE}{one.position}", b"", [])
