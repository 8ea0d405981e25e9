"""What is asked of a record: states, histories, differences, frames."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from chronicle.api.base import OpenRecord
from chronicle.domain.cautions import NO_CONTROL, cautions
from chronicle.domain.events import ControlReported
from chronicle.domain.incidents import incidents_table
from chronicle.domain.lenses import parse_lens
from chronicle.domain.outline import Outline, changed_lines, outline_of
from chronicle.domain.quality import STALE_DAYS, check_table
from chronicle.domain.questions import Asked, Clocks
from chronicle.domain.state import State, state_of
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.domain.times import Day, KnownAt
from chronicle.domain.views import (
    clocks,
    diff_table,
    displaced_table,
    history_table,
    why_table,
)
from chronicle.errors import (
    UnknownId,
    UsageError,
)

if TYPE_CHECKING:
    import pandas as pd

    from chronicle.replay import Replay


__all__ = ["RecordAnswers"]

Told = TypeVar("Told", State, Outline)


class RecordAnswers(OpenRecord):
    """What is asked of a record; every answer names its clocks."""

    def state(
        self,
        on: Day | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> State:
        """What was so at the end of *on*, as known then, seen through a lens.

        Without *on* it is the last day that a control report speaks of. *on* and
        *published_by* take the words of `day`. Raises `UnknownId` for a lens of a
        source that the record does not know. `State.cautions` say what the answer
        lacks, and why.
        """
        asked, clock = self._clocked(on, known_at, published_by, lens)
        return self._told(asked.state(clock, lens))

    def outline(
        self,
        on: Day | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> Outline:
        """`state` without its reasons: what a table or a difference of states tells.

        Of a long record it takes a fraction of the time, as few reports are read.
        """
        asked, clock = self._clocked(on, known_at, published_by, lens)
        return self._told(asked.outline(clock, lens))

    def _clocked(
        self,
        on: Day | None,
        known_at: KnownAt | None,
        published_by: Day | None,
        lens: str,
    ) -> tuple[Asked, Clocks]:
        day = self.day(on)
        by = None if published_by is None else self.day(published_by, "published_by")
        self._check_lens(lens)
        position = self.position(known_at)
        return self._asked(position), Clocks(day, position, by)

    def _told(self, found: Told, *, control: bool = True) -> Told:
        """*found* with what it lacks, and what it is a state of.

        *control* says whether the answer is about control, and lacks reports of it.
        """
        facts = self.facts(found.position or None)
        lacks: tuple[str, ...] = cautions(
            facts, found.on, found.position, found.published_by
        )
        if control and found.position and not facts.control:
            lacks = (NO_CONTROL, *lacks)
        told = (*self._found(), *lacks)
        from chronicle.replay.stored import digest_of

        digest = digest_of(self._log, found.position)
        return replace(found, what_if=self.what_if, cautions=told, digest=digest)

    def _found(self) -> tuple[str, ...]:
        return () if self.finding is None else (f"NOT WHOLE: {self.finding}",)

    def _check_lens(self, lens: str) -> None:
        """A lens of a source that never spoke sees nothing, and that helps nobody."""
        source = lens.removeprefix("source:")
        if source != lens and source:
            self.check_source(source)

    def check_source(self, source: str) -> None:
        """Raise `UnknownId` with the nearest ids for a source nobody heard of."""
        known = set(self.codes("source"))
        if source not in known:
            known.update(self.references().sources)
        if source not in known:
            near = get_close_matches(source, sorted(known), 3)
            raise UnknownId("source", source, near or sorted(known)[:5])

    def control_days(self, known_at: KnownAt | None = None) -> tuple[date, date] | None:
        """The first and the last day that reports of control speak of, if any do."""
        days = [
            recorded.event.since_day
            for recorded in self._log.recorded(upto=self.position(known_at))
            if isinstance(recorded.event, ControlReported)
        ]
        return (min(days), max(days)) if days else None

    def replay(self, *, compiled: bool = False) -> Replay:
        """The replay engine: any day as known at any position, in microseconds.

        It answers in codes and arrays, for programs that ask much; its caches lie in a
        folder beside the file, and are made anew when they do not stand for the log.
        Codes are ranks in `codes`. *compiled* needs numba (extra `fast`), and is worth
        its start-up time for many questions.
        """
        from chronicle.replay.stored import replay_of

        return replay_of(self._log, compiled=compiled)

    def frame(self, known_at: KnownAt | None = None) -> pd.DataFrame:
        """Every control report with both its intervals, as a pandas frame.

        A row says what a report says of the days `[valid_from, valid_to)` as the record
        stood in `[known_from, known_to)`; open ends are NaT. The next report of the
        place ends the days, and which is the next hangs on what is known, so a report
        has a row for each span of knowledge in which its end is the same. The row that
        holds a day and a moment is of the report that decides then, seen through the
        lens *latest*; one that was outdone on its own day holds no day. What was
        recorded and taken back at the same moment has no row.
        """
        from chronicle.replay.frames import control_frame

        return self._told_apart(control_frame(self._log, self.position(known_at)))

    def panel(
        self,
        freq: str = "D",
        start: Day | None = None,
        end: Day | None = None,
        *,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> pd.DataFrame:
        """Who held each settlement at the end of each day, as a pandas frame.

        *freq* is `D`, or `W` or `M` for the last day of each week (Sunday) or month;
        the last of them ends with *end*. Without *start* and *end* from the first to
        the last day that a control report which counts speaks of. `last_reported` is
        the last such day of the place by then: unchanged is not the same as reported.
        Raises `BudgetExceeded` for more than a hundred million rows.
        """
        from chronicle.replay.frames import panel_frame

        self._check_lens(lens)
        by = None if published_by is None else self.day(published_by, "published_by")
        frame = panel_frame(
            self._log,
            None if start is None else self.day(start, "start"),
            None if end is None else self.day(end, "end"),
            freq,
            self.position(known_at),
            published_by=by,
            lens=lens,
        )
        return self._told_apart(frame)

    def _told_apart(self, frame: pd.DataFrame) -> pd.DataFrame:
        """*frame*, marked when it is of a branch."""
        table = self.told_apart(Table((), [], str(frame.attrs["header"])))
        frame.attrs |= {"header": table.header, "what_if": self.what_if}
        return frame

    def history(
        self,
        settlement: str,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
    ) -> Table:
        """Every control report on a place, in order, and whether it counts."""
        id_ = self.find(settlement)
        position = self.position(known_at)
        log = list(self._asked(position).history(id_, position))
        by = None if published_by is None else self.day(published_by, "published_by")
        table = _history(id_, log, position, by)
        if position == 0:
            table.notes.extend(cautions(self.facts(), date.max, 0, None))
        elif not table.rows:
            table.notes.append(f"no report of control speaks of {id_}")
        return self.told_apart(table)

    def why(
        self,
        settlement: str,
        on: Day | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> Table:
        """The reports for and against, and the reasoning of the lens in the notes."""
        id_ = self.find(settlement)
        self._check_lens(lens)
        day, position = self.day(on), self.position(known_at)
        asked = self._asked(position)
        by = None if published_by is None else self.day(published_by, "published_by")
        state = asked.place(id_, Clocks(day, position, by), lens)
        told = cautions(self.facts(position or None), day, position, by)
        if id_ not in state.places:
            raise UsageError(
                told[0]
                if position == 0
                else f"{id_} was registered after position {position}; ask later"
            )
        log = list(asked.history(id_, position))
        table = why_table(state, id_, _history(id_, log, position, by))
        table.notes.extend(told)
        return self.told_apart(table)

    def diff(
        self,
        before: State | Outline | Day,
        after: State | Outline | Day,
        *,
        lens: str = "latest",
    ) -> Table:
        """Where two states differ: of two days, two clocks, or two lenses.

        A day stands for its state as known now, through *lens*. A place of which the
        first state knows nothing is *reported first*, which is no change of hands.
        """
        old, new = (
            outline_of(one)
            if isinstance(one, State)
            else one
            if isinstance(one, Outline)
            else self.outline(one, lens=lens)
            for one in (before, after)
        )
        header = f"From the {clocks(old)}\nto the {clocks(new)}"
        table = diff_table(changed_lines(old, new), new, header)
        table.notes.extend(dict.fromkeys((*old.cautions, *new.cautions)))
        return self.told_apart(table)

    def displaced(
        self,
        on: Day | None = None,
        area: str | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
    ) -> Table:
        """The figures of displaced people that hold on a day, never added blindly."""
        day, position = self.day(on), self.position(known_at)
        by = None if published_by is None else self.day(published_by, "published_by")
        found = self._asked(position).figures(Clocks(day, position, by))
        state = self._told(found, control=False)
        table = displaced_table(state, area)
        table.notes.extend(state.cautions)
        return self.told_apart(table)

    def incidents(
        self,
        since: Day | None = None,
        until: Day | None = None,
        *,
        settlement: str | None = None,
        kind: str | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
    ) -> Table:
        """Incidents of the days `[since, until]`, authors alleged, never added blindly.

        Without *since* and *until* all up to the last day reported on. *kind* is one of
        ACLED's sub-events, such as `Air/drone strike`.
        """
        place = None if settlement is None else self.find(settlement)
        day, position = self.day(until), self.position(known_at)
        by = None if published_by is None else self.day(published_by, "published_by")
        first = None if since is None else self.day(since, "since")
        asked = self._asked(position)
        found = asked.incidents(Clocks(day, position, by), first)
        state = self._told(found, control=False)
        table = incidents_table(state, first, place, kind)
        table.notes.extend(state.cautions)
        return self.told_apart(table)

    def check(self, on: Day | None = None, stale_days: int = STALE_DAYS) -> Table:
        """Disputes, stale places, problems of imports, drifting counts, broken names.

        *on* defaults to the last day that a report speaks of. Raises `IntegrityFailure`
        when the log was changed from outside in a way that shows.
        """
        if stale_days < 0:
            raise UsageError(f"stale_days: {stale_days} is no number of days")
        from chronicle.store.audit import audited

        events = list(audited(self._log.store))
        when = self.day(on) if on is not None or self.facts().last_day else None
        state = state_of(events, when or date.min, parse_lens("latest"))
        return self.told_apart(check_table(state, events, stale_days))

    def vintages(self, of: int | None = None) -> Table:
        """The imports in order; with *of*, a position, what that one said anew."""
        from chronicle.formats.vintage_tables import changes_table, vintages_table

        if of is None:
            return vintages_table(self._log.recorded(types=("import-finished",)))
        return changes_table(self._log.recorded(), of)


def _history(
    settlement: str, log: list[RecordedEvent], position: int, published_by: date | None
) -> Table:
    clock = f"as known at position {position}"
    if published_by is not None:
        clock += f", as published by {published_by}"
    found = effective_claims(log, published_by)
    return history_table(settlement, log, found, f"Reports on {settlement}, {clock}")
