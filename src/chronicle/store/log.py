"""The log of events: rows with meaning, decided on and recorded in one transaction."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from chronicle.domain.decide import Pending, as_seen, decide
from chronicle.domain.events import (
    Claim,
    ControlReported,
    Event,
    Reference,
    Report,
    ReportRetracted,
    ReportsLinked,
)
from chronicle.domain.fields import NAME_LENGTH, text
from chronicle.domain.state import References
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import Conflict, InputError, Untrusted, UsageError
from chronicle.store.branch_guard import keep_apart
from chronicle.store.brought import (
    Brought,
    missing,
    note_run,
    standing_of,
)
from chronicle.store.bulk import Controls, columns_of, insert_claims, insert_controls
from chronicle.store.chunks import chunks, chunks_and_columns
from chronicle.store.codec import encode
from chronicle.store.positions import check_expected, positions_of, said_gone
from chronicle.store.protocol import Store, Writing, microseconds
from chronicle.store.recording import record
from chronicle.store.register import ReferenceCache, StoreRegister, recorded_of
from chronicle.store.vintages import Tally, bring_up_to_date, links_like

__all__ = ["Deciding", "EventLog", "Tally"]

EXAMPLES = 5  # ids of reports not told again that are named
FEW = 16  # events for which a chunk of columns would not pay


class Deciding(NamedTuple):
    """A transaction, what decisions ask of it, and ways to record.

    `record` decides on events; `insert` takes events that were decided on.
    """

    work: Writing
    register: StoreRegister
    record: Callable[[Sequence[Event]], Sequence[int]]
    insert: Callable[[Sequence[Event]], range]


class EventLog:
    """Events in a store, appended through `decide` and read as `RecordedEvent`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._shelf = ReferenceCache()
        self._shelf_lock = threading.Lock()

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
        a later event about one of them raises `Conflict` (a redaction is about none:
        what it takes away is also where it was). *key* names the command: the
        same key with the same events gives the first outcome again, so that a command
        whose outcome is unknown can be repeated.
        """
        given = list(events)
        digest = b"" if key is None else _digest(key, given)
        with self.store.writing() as work:
            if key is not None and (before := work.outcome_of(key)) is not None:
                if before[0] != digest:
                    raise Conflict(f"the key {key!r} was used for another command")
                return before[1]
            check_expected(work, expected or {})
            head, register = work.head, self._register(work)
            positions = self._decide(work, given, register)
            if key is not None:
                work.remember(key, digest, positions)
        if not register.took_references:  # committed: nothing to catch up with
            with self._shelf_lock:
                self._shelf.pass_over(head, work.head)
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
            register = self._register(work)
            for chunk in chunks(events):
                self._decide(work, chunk, register)
                count += len(chunk)
                if progress is not None:
                    progress(count)
            return work.head - before

    def import_events(
        self,
        rows: Iterable[tuple[int, Event] | Controls],
        *,
        dataset: str,
        types: Sequence[str],
        label: str,
        finish: Callable[[Tally], Event | None],
        refused: Callable[[int, Event, InputError], None] | None = None,
        complete: Callable[[], bool] = lambda: False,
        sure: bool = True,
        kept_ids: bool = False,
        run: tuple[bytes, int] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Tally:
        """Record one file of a data set: what is new and changed since its last.

        *rows* are line numbers with events, or many of them as columns. *types* are the
        TYPEs that the file holds, and *label* is its name: reports of such a type that
        only that file of the data set told, and that it no longer tells, are counted.
        Where *complete* says, at the end, that the file is all there is (and all of it
        could be read), they are retracted with *label* as the reason, and stand again
        when a later file tells them again; unless *sure*, a file that tells none of
        its own reports again raises `Conflict` instead. *refused* is told which events
        `decide` refuses, and the others go in; without it the first one raises.
        *finish* makes the event that closes the import, or None, and may raise to leave
        everything out. *kept_ids*: the ids are those of whoever keeps the data, so that
        any file of the data set may change a report, and a file whose name differs
        only in a day is an earlier vintage of this one. *run* tells
        imports of one command from those of others: a digest of the command, and the
        position at which it began. Raises `Conflict` when a report id belongs to
        another data set.
        """
        tally = Tally()
        mentioned: set[str] = set()
        done = 0
        with self.store.writing() as work:
            register = self._register(work)
            brought = Brought(work)
            again = bool(types and brought.of(dataset, label, dated=kept_ids))
            told_by = (lambda told: label) if kept_ids else brought.file_of

            def decide_on(some: Sequence[tuple[int, Event]]) -> None:
                keep_apart(self.store.identity, [event for _, event in some])
                register.prefetch([event for _, event in some])
                pending = Pending(register)
                news: list[Event] = []
                for line, event in some:
                    if again and isinstance(event, Report):
                        mentioned.add(event.report_id)
                    try:
                        news += bring_up_to_date(
                            event, pending, register, dataset, label, tally, told_by
                        )
                    except InputError as error:
                        tally.refused += 1
                        if refused is None:
                            raise
                        refused(line, event, error)
                    if again and isinstance(event, ReportsLinked):
                        mentioned.update(links_like(event, pending))
                record(work, news, register)

            for chunk in chunks_and_columns(rows):
                if isinstance(chunk, Controls):
                    ids = self._bring_in(work, chunk, register, dataset)
                    tally.new += len(ids)
                    if not ids:
                        decide_on(chunk.events())
                    done += len(chunk.lines)
                else:
                    first, claims = _claims_apart(chunk, dataset)
                    if first:
                        decide_on(first)
                    told = [event for _, event in claims]
                    if told and insert_claims(work, register, told) is not None:
                        tally.new += len(told)
                        if again:
                            mentioned.update(one.report_id for one in told)
                    elif told:
                        decide_on(claims)
                    done += len(chunk)
                if progress is not None:
                    progress(done)
            if again:
                self._without(
                    work, register, brought, (dataset, label, types), mentioned,
                    tally, retract=complete(), sure=sure, dated=kept_ids,
                )  # fmt: skip
            closing = finish(tally)
            if closing is not None:
                self._decide(work, [closing], register)
                if run is not None:
                    note_run(work, work.head, *run)
        return tally

    def _bring_in(
        self, work: Writing, chunk: Controls, register: StoreRegister, dataset: str
    ) -> Sequence[str]:
        """Record all of *chunk* if it is new throughout; the ids that went in."""
        if set(chunk.columns["dataset"]) != {dataset}:
            return ()
        stored = insert_controls(work, register, chunk.columns)
        return () if stored is None else chunk.columns["report_id"]

    def _without(
        self,
        work: Writing,
        register: StoreRegister,
        brought: Brought,
        file: tuple[str, str, Sequence[str]],
        mentioned: set[str],
        tally: Tally,
        *,
        retract: bool,
        sure: bool,
        dated: bool,
    ) -> None:
        """Count what *file* told before and not now; retract it where that is meant.

        What was retracted before, by an editor or by the data set, is neither.
        """
        dataset, label, types = file
        ids, any_again = missing(
            work, brought, dataset, label, types, mentioned, dated=dated
        )
        if retract and ids and not any_again and not sure:
            raise Conflict(
                f"{label} tells none of the {len(ids):,} reports again that {label} of "
                f"data set {dataset!r} told before, and --complete would retract them "
                "all; nothing of it was imported: give another data set another name "
                f"with --dataset, or confirm this one with --dataset {dataset}"
            )
        head = work.head
        for some in chunks(ids):
            if not retract:
                standing = standing_of(work, register, some)
                tally.not_told += len(standing)
                tally.examples += standing[: EXAMPLES - len(tally.examples)]
                continue
            before = said_gone(work, some, dataset)
            gone = [
                ReportRetracted(
                    report=id_, reason=f"gone from {label}", dataset=dataset
                )
                for id_ in some
                if id_ not in before
            ]
            self._decide(work, gone, register)
            tally.examples += [one.report for one in gone][
                : EXAMPLES - len(tally.examples)
            ]
        tally.gone = work.head - head

    @contextmanager
    def deciding(self) -> Iterator[Deciding]:
        """A transaction in which events are decided on; all is recorded at its end."""
        with self.store.writing() as work:
            register = self._register(work)
            yield Deciding(
                work,
                register,
                lambda events: self._decide(work, events, register),
                lambda news: record(work, news, register),
            )

    def _decide(
        self, work: Writing, events: Sequence[Event], register: StoreRegister
    ) -> list[int]:
        """Record what *events* add; the position at which each of them stands."""
        if len(events) >= FEW and all(type(e) is ControlReported for e in events):
            columns = columns_of(events)
            if (stored := insert_controls(work, register, columns)) is not None:
                return list(stored)
        events, fates = self._decided(events, register)
        news = [event for event in fates if event is not None]
        positions = record(work, news, register)
        known = [e for e, fate in zip(events, fates, strict=True) if fate is None]
        standing, added = iter(positions_of(work, known)), iter(positions)
        return [next(standing if fate is None else added) for fate in fates]

    def _decided(
        self, events: Sequence[Event], register: StoreRegister
    ) -> tuple[Sequence[Event], list[Event | None]]:
        """*events* as they may be recorded, and of each what it adds, or None."""
        keep_apart(self.store.identity, events)
        events = [as_seen(e) if isinstance(e, Reference) else e for e in events]
        register.prefetch(events)
        pending = Pending(register)
        fates: list[Event | None] = []
        for event in events:
            decided = decide(event, pending)
            fates.append(decided)
            if decided is not None:
                pending.add(decided)
        return events, fates

    def decided(self, events: Iterable[Event]) -> list[Event]:
        """What *events* would add to the log as it is now; nothing is recorded.

        Raises what `append` raises for them, but `Busy`: no lock is asked for.
        """
        with self._shelf_lock:
            self._shelf.catch_up(self.store, self.store.head())
            register = StoreRegister(self.store, self._shelf)
        _, fates = self._decided(list(events), register)
        return [event for event in fates if event is not None]

    def recorded(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[RecordedEvent]:
        """The events after one position and up to another, in order."""
        try:
            yield from map(recorded_of, self.store.rows(after, upto, types))
        except Untrusted as found:
            self.store.distrust(found)
            raise

    def position(self, known_at: int | datetime | None) -> int:
        """The position that *known_at* names: the last one recorded by then.

        Raises `UsageError` for a position that the log has not reached.
        """
        head = self.store.head()
        if known_at is None:
            return head
        if isinstance(known_at, datetime):
            if known_at.tzinfo is None:
                raise UsageError(f"{known_at} has no zone; add one, as in +00:00")
            return self.store.position_at(microseconds(known_at))
        if not 0 <= known_at <= head:
            raise UsageError(f"no position {known_at}; the log ends at {head}")
        return known_at

    def references(self, upto: int | None = None) -> References:
        """The reference data as registered up to a position."""
        if upto is None:
            head = self.store.head()
            with self._shelf_lock:
                self._shelf.catch_up(self.store, head)
                return self._shelf.copy().references
        shelf = ReferenceCache()
        shelf.catch_up(self.store, upto)
        return shelf.references

    def _register(self, work: Writing) -> StoreRegister:
        """What decisions ask, at the start of a transaction; one for all of it."""
        with self._shelf_lock:
            self._shelf.catch_up(work, work.head)
            return StoreRegister(work, self._shelf)

    def report(self, report: str) -> RecordedEvent | None:
        """The event with that report id."""
        row = self.store.reports([report]).get(report)
        return recorded_of(row) if row else None


_key = text(NAME_LENGTH, needed=True)


def _digest(key: str, events: Sequence[Event]) -> bytes:
    """What a command was, to know it again under its key."""
    try:
        _key(key)
    except ValueError as bad:
        raise UsageError(f"an idempotency key {bad}: {key!r:.80}") from None
    hashed = hashlib.sha256()
    for event in events:
        if not isinstance(event, Event):
            raise InputError(f"{type(event).__name__} is no event that the log holds")
        hashed.update(event.TYPE.encode() + b"\0" + encode(event))
    return hashed.digest()


def _claims_apart(
    chunk: Sequence[tuple[int, Event]], dataset: str
) -> tuple[Sequence[tuple[int, Event]], list[tuple[int, Claim]]]:
    """What to decide on row by row, and then many claims that may go in at once.

    Reference data comes first, as claims name it and it names none of them. Where there
    are other events, or few claims, all of the chunk is to be decided on in its order.
    """
    references: list[tuple[int, Event]] = []
    claims: list[tuple[int, Claim]] = []
    for line, event in chunk:
        if isinstance(event, Claim) and event.dataset == dataset:
            claims.append((line, event))
        elif isinstance(event, Reference):
            references.append((line, event))
        else:
            return chunk, []
    return (references, claims) if len(claims) >= FEW else (chunk, [])
