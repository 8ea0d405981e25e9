"""The log of events: rows with meaning, decided on and recorded in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from chronicle.decide import Pending, decide
from chronicle.errors import Conflict, InputError, UsageError
from chronicle.events import (
    Event,
    Redacted,
    Reference,
    Remark,
    Report,
    ReportRedacted,
    ReportRetracted,
)
from chronicle.log.codec import encode
from chronicle.log.hot import hot
from chronicle.log.register import REFERENCE_TYPES, StoreRegister, recorded_of
from chronicle.log.store import Draft, Store, Writing, microseconds
from chronicle.log.vintage import Tally, from_last_vintage
from chronicle.state import References
from chronicle.timeline import Recorded

__all__ = ["EventLog", "Tally"]

T = TypeVar("T")

CHUNK = 4_096  # events that are decided on before they are inserted


class EventLog:
    """Events in a store, appended through `decide` and read as `Recorded`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def append(
        self,
        events: Iterable[Event],
        *,
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> list[int]:
        """Record *events*, all or none; the position at which each of them stands.

        An event that is in the log already adds nothing and gives its position there.
        *expected* maps settlements to the last position that the caller has seen:
        a later event about one of them raises `Conflict`. *key* names the command: the
        same key with the same events gives the first outcome again, so that a command
        whose outcome is unknown can be repeated.
        """
        given = list(events)
        digest = _digest(given)
        with self.store.writing() as work:
            if key is not None and (before := work.recalled(key)) is not None:
                if before[0] != digest:
                    raise Conflict(f"the key {key!r} was used for another command")
                return before[1]
            self._check_expected(expected or {})
            positions = self._decide(work, given)
            if key is not None:
                work.remember(key, digest, positions)
        self._after(given)
        return positions

    def extend(
        self, events: Iterable[Event], progress: Callable[[int], None] | None = None
    ) -> int:
        """Record a stream of events in one transaction, in bounded memory.

        *progress* is told how many were taken in. Returns how many were recorded.
        """
        before = count = 0
        with self.store.writing() as work:
            before = work.head
            for chunk in _chunks(events):
                self._decide(work, chunk)
                count += len(chunk)
                if progress is not None:
                    progress(count)
            return work.head - before

    def import_events(
        self,
        rows: Iterable[tuple[int, Event]],
        *,
        dataset: str,
        types: Sequence[str],
        label: str,
        finish: Callable[[Tally], Event | None],
        refused: Callable[[int, Event, InputError], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Tally:
        """Record one file of a data set: what is new, changed, gone since its last.

        *rows* are line numbers with events. *types* are the TYPEs that the file holds:
        a report of the data set and of such a type that the file no longer tells is
        retracted with *label* as the reason, and stands again when a later file tells
        it again. *refused* is told which events `decide` refuses, and the others go
        in; without it the first one raises. *finish* makes the event that closes the
        import, or None, and may raise to leave everything out. Raises `Conflict` when
        a report id belongs to another data set.
        """
        tally = Tally()
        mentioned: list[str] = []
        done = 0
        with self.store.writing() as work:
            register = StoreRegister(self.store)
            for chunk in _chunks(rows):
                register.prefetch([event for _, event in chunk])
                pending = Pending(register)
                news: list[Event] = []
                for line, event in chunk:
                    if isinstance(event, Report):
                        mentioned.append(event.report_id)
                    try:
                        for step in from_last_vintage(
                            event, pending, dataset, label, tally
                        ):
                            decided = decide(step, pending)
                            if decided is not None:
                                pending.add(decided)
                                news.append(decided)
                    except InputError as error:
                        tally.refused += 1
                        if refused is None:
                            raise
                        refused(line, event, error)
                self._insert(work, news, register)
                for event in news:
                    register.references().add(event)
                done += len(chunk)
                if progress is not None:
                    progress(done)
            if types:
                tally.gone = self._retract_gone(work, dataset, types, mentioned, label)
            closing = finish(tally)
            if closing is not None:
                self._decide(work, [closing])
        return tally

    def _retract_gone(
        self,
        work: Writing,
        dataset: str,
        types: Sequence[str],
        mentioned: list[str],
        label: str,
    ) -> int:
        """Retract what the file no longer tells; how many reports that were."""
        head = work.head
        for ids in _chunks(work.unmentioned(dataset, types, mentioned)):
            told = self.store.told(ids)
            self._decide(
                work,
                [
                    ReportRetracted(
                        report=id_, reason=f"gone from {label}", dataset=dataset
                    )
                    for id_ in ids
                    if told[id_].body  # a redacted report is gone already
                ],
            )
        return work.head - head

    def _check_expected(self, expected: Mapping[str, int]) -> None:
        if not expected:
            return
        for recorded in self.recorded(after=min(expected.values())):
            for settlement in self._concerned(recorded.event):
                seen = expected.get(settlement)
                if seen is not None and recorded.position > seen:
                    raise Conflict(
                        f"{settlement!r} has a later event, at position "
                        f"{recorded.position}; you had seen {seen}; nothing was "
                        "recorded: read again, decide again"
                    )

    def _concerned(self, event: Event | Redacted) -> set[str]:
        """The settlements that an event is about; a remark is about its report's."""
        while isinstance(event, Remark):
            found = self.told(event.report)  # type: ignore[attr-defined]
            if found is None:
                return set()
            event = found.event
        return places_of(event)

    def _decide(self, work: Writing, events: Sequence[Event]) -> list[int]:
        register = StoreRegister(self.store)
        register.prefetch(events)
        pending = Pending(register)
        news: list[Event] = []
        fates: list[tuple[Event, int | None]] = []
        for event in events:
            decided = decide(event, pending)
            if decided is None:
                fates.append((event, None))
            else:
                pending.add(decided)
                fates.append((decided, len(news)))
                news.append(decided)
        positions = self._insert(work, news, register)
        return [
            positions[index]
            if index is not None
            else self._where(event, register, work)
            for event, index in fates
        ]

    def _where(self, event: Event, register: StoreRegister, work: Writing) -> int:
        """The position of an event that adds nothing; 0 when nothing tells it by id."""
        report = getattr(event, "report_id", "") or getattr(event, "report", "")
        if report and (found := register.told(report)) is not None:
            return found.position
        if isinstance(event, Reference):
            for row in self.store.rows(types=(event.TYPE,)):
                if recorded_of(row).event == event:
                    return row.position
        row_ = self.store.told([report]).get(report)
        return row_.position if row_ else work.head

    def _insert(
        self, work: Writing, news: Sequence[Event], register: StoreRegister
    ) -> range:
        """Encode and store; a redaction also takes its report's payload away."""
        at = {
            e.report_id: work.head + n
            for n, e in enumerate(news, 1)
            if isinstance(e, Report)
        }

        def position_of(report: str) -> int:
            found = register.told(report)
            return at[report] if found is None else found.position

        drafts = []
        for event in news:
            if isinstance(event, ReportRedacted):
                event = self._with_digest(event)
            drafts.append(
                Draft(
                    _stream(event),
                    event.TYPE,
                    encode(event),
                    hot(event, work.code, position_of),
                    getattr(event, "report_id", None),
                    getattr(event, "report", None),
                    event.dataset,
                )
            )
        positions = work.insert(drafts)
        for event in news:
            if isinstance(event, ReportRedacted):
                work.empty(event.report)
        return positions

    def _with_digest(self, event: ReportRedacted) -> ReportRedacted:
        row = self.store.told([event.report]).get(event.report)
        if row is None:
            raise InputError(
                f"report {event.report!r} is not recorded yet: leave it out instead"
            )
        return replace(event, digest=hashlib.sha256(row.body).hexdigest())

    def _after(self, events: Sequence[Event]) -> None:
        """What was redacted must also leave the write-ahead log."""
        if any(isinstance(event, ReportRedacted) for event in events):
            purge = getattr(self.store, "purge", None)
            if purge is not None:
                purge()

    def recorded(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[Recorded]:
        """The events after one position and up to another, in order."""
        return map(recorded_of, self.store.rows(after, upto, types))

    def position(self, known_at: int | datetime | None) -> int:
        """The position that *known_at* names: the last one recorded by then.

        Raises `UsageError` for a position that the log has not reached.
        """
        head = self.store.head()
        if known_at is None:
            return head
        if isinstance(known_at, datetime):
            return self.store.position_at(microseconds(known_at))
        if not 0 <= known_at <= head:
            raise UsageError(f"no position {known_at}; the log ends at {head}")
        return known_at

    def references(self, upto: int | None = None) -> References:
        """The reference data as registered up to a position."""
        found = References()
        for row in self.store.rows(0, upto, REFERENCE_TYPES):
            found.add(recorded_of(row).event)
        return found

    def told(self, report: str) -> Recorded | None:
        """The event with that report id."""
        row = self.store.told([report]).get(report)
        return recorded_of(row) if row else None


def places_of(event: Event | Redacted) -> set[str]:
    """The settlements that an event is about."""
    names = ("settlement", "settlement_a", "settlement_b", "origin", "destination")
    return {value for name in names if (value := getattr(event, name, None))}


def _stream(event: Event) -> str:
    return f"source:{event.source}" if isinstance(event, Report) else "register"


def _digest(events: Sequence[Event]) -> bytes:
    joined = b"".join(e.TYPE.encode() + b"\0" + encode(e) for e in events)
    return hashlib.sha256(joined).digest()


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
