"""An open log: which one it is, its clocks, what its names mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from chronicle.domain.cautions import Facts
from chronicle.domain.names import Gazetteer
from chronicle.domain.questions import Asked, PlainQuestions
from chronicle.domain.state import References
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent
from chronicle.domain.times import Day, KnownAt, as_day, as_known_at, spoken_day
from chronicle.domain.views import (
    marked,
)
from chronicle.errors import (
    AmbiguousName,
    IntegrityFailure,
    UnknownId,
)
from chronicle.store.branch_guard import WHAT_IF, is_what_if
from chronicle.store.log import EventLog
from chronicle.store.memory import system_clock
from chronicle.store.sql.store import SQLStore
from chronicle.store.sqlite.store import SQLiteStore

if TYPE_CHECKING:
    from chronicle.replay.stored import Telling

    pass


__all__ = ["Clock", "OpenRecord"]

LONG = 10_000  # events from which on columns are worth the time to load them
Clock = Callable[[], datetime]


class OpenRecord:
    """An open log: which it is, its clocks, its names; `Chronicle` stands on it."""

    def __init__(self, log: EventLog, clock: Clock = system_clock) -> None:
        self._clock = clock  # for `today`; what is recorded has the store's own
        self._facts: tuple[int, Facts] | None = None
        self._log = log
        self._identity: str | None = None
        self._columns: Asked | None = None
        self.index_progress: Telling | None = None
        """Opens a line of progress for the first question to a long log."""

    def close(self) -> None:
        """Let go of the file."""
        self._log.store.close()

    @property
    def head(self) -> int:
        """The last position of the log; 0 when it is empty."""
        return self._log.store.head()

    @property
    def identity(self) -> str:
        """The id of this log, given once when it was made."""
        if self._identity is None:
            self._identity = self._log.store.identity()
        return self._identity

    @property
    def wrote(self) -> bool:
        """Whether anything was recorded through this object."""
        return self._log.store.wrote

    @property
    def finding(self) -> IntegrityFailure | None:
        """What was found wrong with the log when it was opened; then it is read-only.

        The answers are of what is left. `verify` looks at all of it.
        """
        return self._log.store.finding

    @property
    def cautions(self) -> list[str]:
        """What could not be looked at when the log was opened, and why."""
        return list(self._log.store.cautions)

    @property
    def what_if(self) -> str:
        """The name of the branch that this is; empty for the record."""
        identity = self.identity
        return identity.removeprefix(WHAT_IF) if is_what_if(identity) else ""

    def told_apart(self, table: Table) -> Table:
        """*table*, with WHAT-IF in its header when it is of a branch."""
        return marked(table, self.what_if)

    def position(self, known_at: KnownAt | None = None) -> int:
        """The position that a moment of the record's clock names."""
        return self._log.position(as_known_at(known_at))

    def facts(self, known_at: KnownAt | None = None) -> Facts:
        """When the record begins, the days it speaks of, what lacks a publication."""
        position = self.position(known_at)
        if self._facts is None or self._facts[0] != position:
            self._facts = position, self._asked(position).facts(position)
        return self._facts[1]

    def day(self, value: Day | None = None, name: str = "on") -> date:
        """A day in words: `last`, `today`, `yesterday`, `-3d`, or a date.

        `last` is the last day that a control report speaks of, and what None stands
        for; in an empty record None is today. Raises `UsageError`.
        """
        if isinstance(value, date):
            return as_day(value, name)
        last = self.facts().last_day if value in (None, "last") else None
        today = self._clock().date()
        if value is None:
            return last or today
        return spoken_day(value, name, today=today, last=last)

    def _asked(self, position: int) -> Asked:
        """What answers up to a position: columns where that is long, else the fold."""
        if position < LONG:
            return PlainQuestions(lambda upto: self._log.recorded(upto=upto))
        if self._columns is None:
            from chronicle.replay.questions import Questions

            self._columns = Questions(self._log, self.index_progress)
        return self._columns

    @property
    def name(self) -> str:
        """What to call it: its file, its branch; empty in memory."""
        store = self._log.store
        if isinstance(store, SQLiteStore):
            return store.path.name
        return store.title if isinstance(store, SQLStore) else self.what_if

    def codes(self, kind: str) -> list[str]:
        """The ids of `settlement`, `actor` or `source`, in order of their codes."""
        return self._log.store.codes(kind)

    def log(self, after: int = 0, upto: int | None = None) -> Iterator[RecordedEvent]:
        """The events after one position and up to another, as they were recorded."""
        return self._log.recorded(after, upto)

    def report(self, report: str) -> RecordedEvent | None:
        """The event that tells *report*, as it was first recorded; None for none."""
        return self._log.report(report)

    def references(self) -> References:
        """Settlements, routes, actors and sources as registered now, by id."""
        head = self.head
        if head < LONG:
            return self._log.references()
        return self._asked(head).references(head)

    def find(self, name: str) -> str:
        """The id of the settlement that *name* names, in any script.

        Raises `UnknownId` with candidates when there is none, or more than one.
        """
        head = self.head
        if head >= LONG and self._asked(head).knows(name):
            return name
        settlements = self.references().settlements
        if name in settlements:
            return name
        gazetteer = Gazetteer(
            {id_: (place.name, *place.aliases) for id_, place in settlements.items()}
        )
        found = gazetteer.find(name)
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousName("settlement", name, found)
        raise UnknownId("settlement", name, gazetteer.like(name))
