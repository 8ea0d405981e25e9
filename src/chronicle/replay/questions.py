"""Questions to a long log: columns choose the reports, the plain fold judges them.

Whatever the lens and the clocks, an answer hangs on few reports of each settlement.
They are found in the index and the ledger, which are saved beside the log, followed by
what was recorded since; only they are read and decoded, and `chronicle.domain` makes
of them what it would make of the whole log. The plain twins are `state.state_of`,
`views.history_table` and `cautions.facts_of`.
"""

from __future__ import annotations

import threading
from datetime import date

import numpy as np

from chronicle.domain.cautions import Facts
from chronicle.domain.events import is_dated
from chronicle.domain.lenses import parse_lens
from chronicle.domain.outline import Line, Outline, outline_of
from chronicle.domain.questions import Clocks
from chronicle.domain.state import (
    Evidence,
    OtherEvidence,
    References,
    State,
    fold,
    judge,
    references,
)
from chronicle.domain.timeline import RecordedEvent, as_of, effective_claims, until
from chronicle.replay.choosing import CHOSEN, Take, candidates
from chronicle.replay.columns import Columns, Int32, read
from chronicle.replay.engine import TAIL, Replay
from chronicle.replay.family import (
    events_at,
    of_kind,
    remarks_on,
    told_of,
)
from chronicle.replay.figures import that_may_hold
from chronicle.replay.ledger import BLOCK, REGISTERED, Ledger, day_of, kept_ledger
from chronicle.replay.lenses import ColumnLens, lens_named
from chronicle.replay.lines import Drawing
from chronicle.replay.links import bearing_on, links_of, rivalled
from chronicle.replay.segments import read_all
from chronicle.replay.spoken import NEVER, last_spoken
from chronicle.replay.stored import LogSource, Telling, cache_folder
from chronicle.store.columnar import KINDS, NO_DAY, NOBODY, day_number
from chronicle.store.log import EventLog

__all__ = ["Questions"]

FEW = 200  # settlements that are asked for one by one
INCIDENT = KINDS["incident-reported"]
_OTHER_CLAIMS = (
    "displacement-reported",
    "incident-reported",
    "route-status-reported",
    "support-reported",
    "legend-reported",
)
_REMARKS = (
    "report-retracted",
    "report-amended",
    "reports-linked",
    "report-redacted",
)


class Questions:
    """The answers of one log; several threads may ask."""

    def __init__(self, log: EventLog, telling: Telling | None = None) -> None:
        self._log = log
        self._source = LogSource(log, telling)
        self._folder = cache_folder(log)
        self._lock = threading.Lock()
        self._replay: Replay | None = None
        self._ledger: Ledger | None = None
        self._ledger_head = 0
        self._ledger_of = ""
        self._references: tuple[int, References] = -1, References()
        self._dated = False

    # --- what the answers stand on ---------------------------------------------------

    def _index(self) -> Replay:
        """The engine, which has taken in what the log has gained."""
        if self._replay is None:
            self._replay = Replay.open(self._source, self._folder)
        else:
            self._replay.refresh()
        return self._replay

    def _book(self) -> Ledger:
        """The ledger, made anew where it is too old or stands for another log."""
        head = self._source.head()
        at = self._ledger_head
        if (
            self._ledger is None
            or not head - TAIL <= at <= head
            or self._ledger_of != self._source.identity(at)
        ):
            self._index()  # which seals segments, from which the ledger is made
            found = kept_ledger(self._source, self._folder, head, head - TAIL)
            self._ledger, self._ledger_head, self._ledger_of = found
            self._references = -1, References()
        return self._ledger

    def _later(self, position: int) -> Columns:
        """The events between the ledger's head and a position."""
        after = min(self._ledger_head, position)
        return read(self._source.scan(after, position), after)

    # --- questions -------------------------------------------------------------------

    def state(self, clocks: Clocks, lens: str) -> State:
        """What was so: equal to `state_of` in every place and reference.

        `links` are those that bear on a report that decides. `heard` has of control
        the reports that decide, and those of their day; the rest is gathered when it is
        asked for.
        """
        ids = self._log.store.codes("settlement")
        with self._lock:
            replay = self._index()
            columns = _columns_of(self._log, lens)
            chosen, last = self._choose(replay, clocks, columns, ids)
            known = self._with_family(replay, chosen, clocks.position)
            refs = self._registered(clocks.position, by=clocks.published_by)
        return self._judged(clocks, lens, events_at(self._log, known), refs, last)

    def outline(self, clocks: Clocks, lens: str) -> Outline:
        """`state` without its reasons: equal to `outline_of` it, but read from columns.

        Places that a link may make disputed are asked for one by one.
        """
        rule = _columns_of(self._log, lens)
        if rule.rule not in CHOSEN:
            return outline_of(self.state(clocks, lens))
        codes = self._log.store.codes
        ids = codes("settlement")
        with self._lock:
            replay = self._index()
            drawing = Drawing(rule, replay.grades(clocks.position))
            last = self._choose(replay, clocks, rule, ids, drawing.take)[1]
            refs = self._registered(clocks.position, by=clocks.published_by)
            stretches = (self._book(), links_of(self._later(clocks.position)))
            at = rivalled(stretches, drawing.deciding, clocks.position)
        unclear = [ids[code] for code in sorted(drawing.places_of(at))]
        if len(unclear) > FEW:
            return outline_of(self.state(clocks, lens))
        lines = {
            id_: Line(None, "unknown", last_heard=last.get(id_))
            for id_ in refs.settlements
        }
        rows = self._log.store.rows_at(drawing.deciding.tolist())
        report = {row.position: row.report or "" for row in rows}
        told = drawing.lines(report, ids, codes("actor"), codes("source"), last)
        lines.update((id_, line) for id_, line in told if id_ in lines)
        for id_ in lines.keys() & unclear:
            alone = outline_of(self.place(id_, clocks, lens)).places[id_]
            lines[id_] = alone._replace(last_heard=last.get(id_))
        name, by = parse_lens(lens).name, clocks.published_by
        return Outline(clocks.on, clocks.position, by, name, lines, refs)

    def place(self, settlement: str, clocks: Clocks, lens: str) -> State:
        """The same of one settlement alone, without the day on which it was spoken of.

        `heard` has all that was told of its control; there is no place where the
        settlement is not registered.
        """
        events = self.history(settlement, clocks.position)
        with self._lock:
            refs = self._registered(clocks.position, settlement, clocks.published_by)
        return self._judged(clocks, lens, events, refs, {})

    def _judged(
        self,
        clocks: Clocks,
        lens: str,
        events: list[RecordedEvent],
        refs: References,
        last: dict[str, date],
    ) -> State:
        found = effective_claims(events, clocks.published_by)
        told = fold(until(found, clocks.on))
        return judge(
            Evidence(told.control, last, lambda: self._other(clocks)),
            clocks.on,
            parse_lens(lens),
            refs,
            links=found.links,
            position=clocks.position,
            published_by=clocks.published_by,
        )

    def _choose(
        self,
        replay: Replay,
        clocks: Clocks,
        lens: ColumnLens,
        ids: list[str],
        take: Take | None = None,
    ) -> tuple[Int32, dict[str, date]]:
        """Positions of what says what is so; the last day of which anybody spoke."""
        view = replay.view(clocks.on, clocks.position, clocks.published_by)
        places = np.arange(len(ids))
        grades = replay.grades(clocks.position)
        found = candidates(view, places, lens, grades, take)
        ledger = self._book()
        spoken = last_spoken(
            self._log, ledger, self._later(clocks.position), clocks, ids
        )
        last = {
            id_: day_of(number)
            for id_, number in zip(
                ids, np.maximum(found.last, spoken).tolist(), strict=True
            )
            if number != NEVER
        }
        return found.position, last

    def _with_family(self, replay: Replay, claims: Int32, position: int) -> Int32:
        """Positions of control reports, of the links on them, and of all remarks.

        With them those that a link sets against them, however long past.
        """
        stretches = (self._book(), links_of(self._later(position)))
        rivals, links = bearing_on(stretches, claims, position)
        known = np.union1d(claims, rivals[rivals <= position])
        tail = replay.tail_at(position)
        about = remarks_on(replay.index, tail, known.astype(np.int32), position)
        return np.union1d(np.union1d(known, about), links).astype(np.int32)

    def history(self, settlement: str, position: int) -> list[RecordedEvent]:
        """All that was ever told of control of a settlement, and the remarks on it."""
        ids = self._log.store.codes("settlement")
        if settlement not in ids:
            return []
        with self._lock:
            replay = self._index()
            tail = replay.tail_at(position)
            told = told_of(replay.index, tail, ids.index(settlement), position)
            known = self._with_family(replay, told, position)
        return events_at(self._log, known)

    def figures(self, clocks: Clocks) -> State:
        """The figures of displaced people that hold, without a place."""
        codes = self._log.store.codes
        areas = {name: code for code, name in enumerate(codes("area"))}
        same = [areas.get(id_, NOBODY) for id_ in codes("settlement")]
        by = clocks.published_by
        with self._lock:
            known = that_may_hold(
                self._index().all_figures(),
                day_number(clocks.on),
                clocks.position,
                None if by is None else day_number(by),
                no_area=areas.get("", NOBODY),
                area_of_place=np.array(same, np.int32),
            )
        return self._told(clocks, known)

    def incidents(self, clocks: Clocks, since: date | None) -> State:
        """The incidents of some days, without a place."""
        with self._lock:
            self._index()  # which seals segments
            head = self._source.head()
            columns = read_all(self._folder, self._source, head)
        first = NO_DAY if since is None else day_number(since)
        known = of_kind(columns, INCIDENT, first, day_number(clocks.on))
        return self._told(clocks, known[known <= clocks.position])

    def _told(self, clocks: Clocks, known: Int32) -> State:
        """A state of what some events say, without a place."""
        with self._lock:
            refs = self._registered(clocks.position, "", clocks.published_by)
        found = effective_claims(events_at(self._log, known), clocks.published_by)
        told = fold(until(found, clocks.on))
        return State(
            clocks.on,
            clocks.position,
            clocks.published_by,
            "latest",
            {},
            refs,
            told,
            found.links,
        )

    def references(self, position: int, by: date | None = None) -> References:
        """The reference data as registered up to a position, and published by a day."""
        with self._lock:
            return self._registered(position, by=by)

    def knows(self, settlement: str) -> bool:
        """Whether there is a settlement of that id."""
        with self._lock:
            refs = self._registered(self._source.head(), settlement)
        return settlement in refs.settlements

    def _registered(
        self, position: int, settlement: str | None = None, by: date | None = None
    ) -> References:
        """Reference data up to a position; of the settlements only one, where given.

        What was decoded for all settlements is kept: the next question wants it too.
        It serves any day of publication as long as nothing in it says when it was.
        """
        ledger, later = self._book(), self._later(position)
        new = np.flatnonzero(
            (later.kind >= REGISTERED[0]) & (later.kind <= REGISTERED[1])
        )
        known = np.concatenate([ledger.reference, later.position[new]])
        kept = known <= position
        if settlement is not None:
            ids = self._log.store.codes("settlement")
            code = ids.index(settlement) if settlement in ids else NOBODY
            kind = np.concatenate([ledger.reference_kind, later.kind[new]])
            place = np.concatenate([ledger.reference_place, later.place[new]])
            kept &= (kind != REGISTERED[0]) | (place == code)
        known = known[kept]
        if settlement is not None or self._references[0] != len(known):
            events = events_at(self._log, known)
            if settlement is not None:
                return references(events, by)
            self._references = len(known), references(events)
            self._dated = any(is_dated(one.event) for one in events)
        if by is not None and self._dated:
            return references(events_at(self._log, known), by)
        held = self._references[1]
        return References(
            dict(held.settlements),
            dict(held.routes),
            dict(held.actors),
            dict(held.sources),
        )

    def facts(self, position: int) -> Facts:
        """What explains an empty answer: equal to `facts_of` of the events."""
        if not position:
            return Facts()
        with self._lock:
            ledger = self._book()
            block = min(position // BLOCK, len(ledger.blocks) - 1)
        after = block * BLOCK
        rest = read(self._source.scan(after, position), after)
        totals = ledger.totals(block, rest)
        first, last, control = (
            None if day is None else day_of(day)
            for day in (totals.first, totals.last, totals.last_control)
        )
        begun = events_at(self._log, np.array([1], np.int32))[0].recorded_at
        return Facts(begun, totals.control, totals.undated, first, control or last)

    def _other(self, clocks: Clocks) -> OtherEvidence:
        """What was said of anything but control: every such event is decoded."""
        types = (*_OTHER_CLAIMS, *_REMARKS)
        rows = self._log.recorded(upto=clocks.position, types=types)
        return fold(as_of(rows, clocks.on, clocks.published_by)).other


def _columns_of(log: EventLog, lens: str) -> ColumnLens:
    """The lens of that name, with the code of its source."""
    name = parse_lens(lens).name
    source = name.removeprefix("source:")
    sources = log.store.codes("source") if source != name else []
    code = sources.index(source) if source in sources else None
    return lens_named(name, code)
