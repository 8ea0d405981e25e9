"""Events of another record taken in: what is the same once, what differs for review.

Each event keeps what it says, its data set too; when it was recorded is the clock of
the log that takes it in. A report that both tell alike is known. One that both tell
under one id in other words is a conflict: the record's own stands, and the other with
its remarks is left out. Remarks follow their reports, under another id where theirs is
taken. A second time nothing is added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from chronicle.domain.decide import Pending, decide
from chronicle.domain.events import (
    Event,
    EvidenceExported,
    ImportFinished,
    Redacted,
    Reference,
    Remark,
    Report,
    ReportRedacted,
)
from chronicle.errors import Conflict, InputError
from chronicle.store.branch_guard import keep_apart
from chronicle.store.brought import note_run
from chronicle.store.chunks import chunks
from chronicle.store.log import EventLog
from chronicle.store.register import recorded_of

__all__ = ["Clash", "Merged", "merge_events"]

_IMPORT = ImportFinished.TYPE


@dataclass(frozen=True, slots=True)
class Clash:
    """One id that both records have with other words: the fields that differ."""

    line: int  # where the other says it
    id: str
    differs: tuple[tuple[str, object, object], ...]  # field, here, there


@dataclass(slots=True)
class Merged:
    """What a merge came to."""

    new: int = 0
    known: int = 0
    known_ids: list[str] = field(default_factory=list)  # some of them
    clashes: list[Clash] = field(default_factory=list)
    left_out: int = 0  # remarks on what was not taken in, redacted reports
    refused: list[tuple[int, InputError]] = field(default_factory=list)


class _Merging:
    """One merge as it goes: which ids were given anew, which are in conflict."""

    def __init__(self, imported: Iterable[ImportFinished]) -> None:
        self.merged = Merged()
        self._imports = set(imported)  # those that the record has
        self._ids: dict[str, str] = {}  # of remarks, there and here
        self._out: set[str] = set()  # reports that were not taken in
        self._ours: set[tuple[type, str]] = set()  # registrations by this merge

    def take(
        self, chunk: Iterable[tuple[int, Event | Redacted]], pending: Pending
    ) -> Iterator[Event]:
        """The events that a chunk adds, each already in *pending*."""
        for line, event in chunk:
            try:
                decided = self._decided(line, event, pending)
            except InputError as error:
                self.merged.refused.append((line, error))
                if isinstance(event, Report):
                    self._out.add(event.report_id)
                continue
            if decided is not None:
                pending.add(decided)
                self.merged.new += not isinstance(decided, ImportFinished)
                yield decided

    def _decided(
        self, line: int, event: Event | Redacted, pending: Pending
    ) -> Event | None:
        if isinstance(event, Redacted):
            self._out.add(event.report_id)
            self.merged.left_out += 1
            return None
        if isinstance(event, EvidenceExported):
            return None  # it is about the other log, and its head
        if isinstance(event, ImportFinished):
            if event in self._imports:
                return None
            self._imports.add(event)
            return event
        if isinstance(event, Reference):
            return self._reference(line, event, pending)
        if isinstance(event, Remark):
            return self._remark(event, pending)
        assert isinstance(event, Report)
        return self._report(line, event, pending)

    def _knew(self, id_: str) -> None:
        self.merged.known += 1
        if len(self.merged.known_ids) < 5:
            self.merged.known_ids.append(id_)

    def _reference(self, line: int, event: Reference, pending: Pending) -> Event | None:
        key = type(event), event.key
        now = pending.registered(type(event), event.key)
        if now is not None and key not in self._ours:
            differs = _differing(now, event)
            if differs:
                self.merged.clashes.append(Clash(line, event.key, differs))
            else:
                self._knew(event.key)
            return None
        self._ours.add(key)
        return decide(event, pending)

    def _report(self, line: int, event: Report, pending: Pending) -> Event | None:
        told = pending.report(event.report_id)
        if told is None:
            return decide(event, pending)
        if isinstance(told.event, Redacted):
            self._out.add(event.report_id)
            self.merged.left_out += 1
            return None
        differs = _differing(told.event, event)
        if not differs:
            self._knew(event.report_id)
            return None
        self._out.add(event.report_id)
        self.merged.clashes.append(Clash(line, event.report_id, differs))
        return None

    def _remark(self, event: Any, pending: Pending) -> Event | None:
        there = event.report_id
        about = self._ids.get(event.report, event.report)
        others = [about, *([event.other] if hasattr(event, "other") else [])]
        if isinstance(event, ReportRedacted):
            others = [] if pending.report(about) is not None else others
        if self._out & set(others) or pending.report(about) is None:
            self._out.add(there)
            self.merged.left_out += 1
            return None
        event = replace(event, report=about)
        for remark in pending.remarks_on(about):
            said = remark.event
            if type(said) is type(event) and not _differing(
                said, event, ("report_id", "digest", "was")
            ):
                self._ids[there] = getattr(said, "report_id", "")
                self._knew(there)
                return None
        if pending.report(there) is not None:
            event = replace(event, report_id="")
        try:
            decided = decide(event, pending)
        except Conflict as error:
            raise InputError(str(error)) from None
        if decided is not None:
            self._ids[there] = getattr(decided, "report_id", there)
        else:
            self._out.add(there)
            self._knew(there)
        return decided


def _differing(
    here: Any, there: Any, passing: tuple[str, ...] = ()
) -> tuple[tuple[str, object, object], ...]:
    """The fields in which two events differ; of which data set they are is none."""
    if type(here) is not type(there):
        return (("type", here.TYPE, there.TYPE),)
    return tuple(
        (f.name, getattr(here, f.name), getattr(there, f.name))
        for f in fields(here)
        if f.name not in ("dataset", *passing)
        and getattr(here, f.name) != getattr(there, f.name)
    )


Told = tuple[int, Event | Redacted]  # the line or position there, and what it says


def merge_events(
    log: EventLog,
    events: Iterable[Told],
    closing: Callable[[Merged], ImportFinished],
    *,
    run: tuple[bytes, int],
    strict: bool = False,
) -> Merged:
    """Take *events* of another record into *log*, in one transaction.

    *closing* makes the event that says where they came from; it is recorded where
    anything was new. With *strict* a conflict leaves everything out, and raises
    `Conflict`. Raises `Untrusted` for the events of a what-if.
    """
    with log.deciding() as deciding:
        work, register = deciding.work, deciding.register
        before = (recorded_of(row).event for row in work.rows(types=(_IMPORT,)))
        merging = _Merging(one for one in before if isinstance(one, ImportFinished))
        for chunk in chunks(events):
            real = [event for _, event in chunk if isinstance(event, Event)]
            keep_apart(log.store.identity, real)
            register.prefetch(real)
            deciding.insert(list(merging.take(chunk, Pending(register))))
        merged = merging.merged
        if strict and merged.clashes:
            raise Conflict(
                f"{len(merged.clashes):,} ids say something else here, the first is "
                f"{merged.clashes[0].id!r}; nothing was merged"
            )
        if merged.new:
            deciding.record([closing(merged)])
            note_run(work, work.head, *run)
    return merged
