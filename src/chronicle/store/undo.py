"""Taking back what an import brought: by later events, as every mistake is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chronicle.domain.decide import Register
from chronicle.domain.events import (
    Claim,
    Event,
    Reference,
    Report,
    ReportAmended,
    ReportRetracted,
    ReportsLinked,
)
from chronicle.errors import InputError
from chronicle.store.brought import Brought, Import, last_run, note_undone
from chronicle.store.chunks import chunks
from chronicle.store.log import EventLog
from chronicle.store.protocol import Writing
from chronicle.store.register import SHELVES, ReferenceCache, recorded_of

__all__ = ["Undone", "undo_import"]


class Undone(NamedTuple):
    """What was taken back, by files, and how many registrations had to stay."""

    files: tuple[str, ...]
    retracted: int  # reports that the import had brought
    restored: int  # changes and retractions by the import, taken back
    registrations: int  # that were changed, and are as before again
    kept: int  # new registrations: nothing can unregister a place


def _undoing(
    work: Writing, register: Register, imports: Sequence[Import]
) -> tuple[list[Event], Undone]:
    """The events that take *imports* back, the newest first, and what they come to.

    What the import changed of a registration is registered as it was before, unless
    somebody has changed it since.
    """
    events: list[Event] = []
    retracted = restored = registrations = kept = 0
    for one in reversed(imports):
        before = ReferenceCache()
        before.catch_up(work, one.after)
        rows = [
            row
            for row in work.rows(one.after, one.position)
            if one.holds(row.position, row.recorded_at)
        ]
        for row in reversed(rows):
            event = recorded_of(row).event
            if isinstance(event, Reference):
                shelf = getattr(before.references, SHELVES[event.TYPE])
                was = shelf.get(event.key)
                if was is None:
                    kept += 1
                elif register.registered(type(event), event.key) == event:
                    events.append(was)
                    registrations += 1
            elif isinstance(event, Claim | ReportsLinked):
                events.append(_taken_back(event, one))
                retracted += 1
            elif isinstance(event, ReportAmended | ReportRetracted):
                events.append(_taken_back(event, one))
                told = register.report(event.report)
                back = told is not None and isinstance(told.event, ReportRetracted)
                retracted += back  # a report that the import had brought back
                restored += not back
    files = tuple(dict.fromkeys(one.file for one in imports))
    return events, Undone(files, retracted, restored, registrations, kept)


def _taken_back(event: Report, by: Import) -> ReportRetracted:
    return ReportRetracted(
        report=event.report_id,
        reason=f"import of {by.file} at position {by.position} undone",
        dataset=by.dataset,
    )


def undo_import(log: EventLog, position: int | None = None) -> Undone:
    """Take back what the last command of imports brought, or one import.

    *position* is that of its `ImportFinished`. Raises `InputError` where there is no
    such import, or it was undone already.
    """
    with log.deciding() as deciding:
        work = deciding.work
        imports = last_run(work, Brought(work), position)
        if not imports:
            where = "" if position is None else f" at position {position}"
            raise InputError(
                f"no import{where} that could be undone; nothing was recorded: "
                "chronicle log --type import-finished lists them"
            )
        events, undone = _undoing(work, deciding.register, imports)
        for some in chunks(events):
            deciding.record(some)
        note_undone(work, imports)
    return undone
