"""Those who act in the simulator: each a process of its own on the machine."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle.domain.events import (
    ReportRedacted,
    ReportRetracted,
    SettlementRegistered,
)
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import (
    ChronicleError,
    Conflict,
    IntegrityFailure,
    OutcomeUnknown,
)
from chronicle.formats.merging import merge_record
from chronicle.store.checkpoint import Head
from chronicle.store.headfile import head_beside, read_head
from chronicle.store.log import EventLog
from chronicle.store.projections import Follower
from chronicle.store.sqlite.backup import backup
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening
from simulated_machine import Died
from simulated_record import ACKNOWLEDGED, REFUSED, UNKNOWN, Command, Violation

if TYPE_CHECKING:
    from simulator import World

__all__ = ["Actor", "Keeper", "Viewer", "Writer", "told"]

PLACES = ("alder", "birch", "cedar")
FIRST = len(opening())
Turn = Generator[Any, Any, None]
New = tuple[str, list[Any], list[str]]  # a key, events, their tags


def told(fault: BaseException) -> str:
    """An error that nobody expected, and where it came from."""
    where = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{fault!r} at {Path(where.filename).name}:{where.lineno}"


class Actor:
    """A process on the machine; it starts again when it was killed."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.pace = world.chance.uniform(1.0, 5.0)  # seconds between two deeds

    def live(self) -> Turn:
        """Act for ever."""
        world = self.world
        while True:
            yield world.env.timeout(world.chance.expovariate(1 / self.pace))
            try:
                yield from self.turn()
            except Died:
                self.end()
            except Violation:
                raise
            except Exception as fault:  # SimPy raises a copy, which has no place
                raise Violation(f"{self.name}: {told(fault)}") from fault

    def end(self) -> None:
        """This process was killed, or all were."""
        if self.world.machine.dark:
            self.world.power_cut()
        else:
            self.kill()

    def kill(self) -> None:
        """Let it be dead, and its files let go of."""
        machine = self.world.machine
        machine.dead.add(self.name)
        self.leave()
        machine.dead.discard(self.name)
        self.world.tell(self.name, "killed")

    def do(self, deed: Callable[[], Any]) -> Any:
        """Act as this process; raises `Died` where it does not live to the end."""
        with self.world.machine.as_(self.name):
            return deed()

    def turn(self) -> Turn:
        """One deed."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let go of all files, as the system does for a process that has ended."""
        before, self.world.machine.acting = self.world.machine.acting, self.name
        with suppress(Died, ChronicleError, sqlite3.Error):
            self.let_go()
        self.world.machine.acting = before

    def let_go(self) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """Do what is to be done before the end."""


class _Aborted(BaseException):
    """A writer thought better of it."""


class Writer(Actor):
    """Appends, repeats, takes back, redacts; holds transactions; comes and goes."""

    def __init__(self, world: World, name: str, path: Path) -> None:
        super().__init__(world, name)
        self.path = path
        self.record = world.record if path == world.path else world.other
        self.store: SQLiteStore | None = None
        self.held: ExitStack | None = None  # a transaction that is open
        self.number = 0
        self.seen = 0  # the head when it last looked
        self.mine: list[str] = []  # reports
        self.anew = False  # since it was killed it did nothing

    def opened(self) -> SQLiteStore:
        if self.store is None:
            self.store = SQLiteStore.open(self.path, self.world.clock, lock_timeout=0)
            self.seen = self.store.head()
            if self.store.finding is not None:
                raise Violation(f"a sound record is doubted: {self.store.finding}")
        return self.store

    def let_go(self) -> None:
        self.anew = True
        held, self.held = self.held, None
        store, self.store = self.store, None
        try:
            if held is not None:
                with suppress(_Aborted):
                    held.__exit__(_Aborted, _Aborted(), None)
        finally:
            if store is not None:
                store.close()

    def turn(self) -> Turn:
        chance = self.world.chance
        deed, anew, self.anew = chance.random(), self.anew, False
        if ((anew and deed < 0.6) or 0.55 < deed < 0.75) and (again := self._again()):
            self.send(again)
        elif deed < 0.55:
            self.send(self._new())
        elif deed < 0.88:
            yield from self.hold()
        elif self.store is not None and chance.random() < 0.5:
            self.do(self.store.close)
            self.store = None
        elif self.store is not None:
            with suppress(ChronicleError):
                self.do(self.store.purge)

    def _key(self) -> str:
        self.number += 1
        return f"{self.name}.{self.number}"

    def _new(self) -> New:
        """A command that was never sent."""
        chance, key = self.world.chance, self._key()
        kind = chance.random() if self.record is self.world.record else 1.0
        if kind < 0.15:
            place = chance.choice(PLACES)
            name = f"{place} {key}"
            event = SettlementRegistered(settlement=place, name=name, lat=36, lon=37)
            return key, [event], [name]
        if kind < 0.3 and self.mine:
            return self._remark(key, chance.choice(self.mine))
        return self._reports(key, chance.choice((1, 1, 1, 2, 3, 9, 40)))

    def _remark(self, key: str, report: str) -> New:
        if self.world.chance.random() < 0.5:
            self.mine.remove(report)
            event: Any = ReportRedacted(report=report, report_id=f"{key}.x")
        else:
            event = ReportRetracted(report=report, report_id=f"{key}.x")
        return key, [event], [event.report_id]

    def _reports(self, key: str, size: int) -> New:
        chance = self.world.chance
        tags = [f"{key}.{n}" for n in range(size)]
        events = [
            control(
                tag,
                source=f"s{chance.randrange(3)}",
                settlement=chance.choice(PLACES),
                note="n" * chance.randrange(300),
            )
            for tag in tags
        ]
        return key, events, tags

    def _again(self) -> New | None:
        """One of the own commands once more; one whose outcome is not known first."""
        own = [
            command
            for command in self.record.commands.values()
            if command.keyed and command.key.startswith(f"{self.name}.")
        ]
        own = [c for c in own if c.ended != ACKNOWLEDGED] or own
        if not own:
            return None
        command = self.world.chance.choice(own)
        return command.key, list(command.events), command.tags

    def send(self, new: New) -> None:
        """Send a command, and hear how it ended, unless somebody dies."""
        key, events, tags = new
        expected: dict[str, int] = {}
        if self.world.chance.random() < 0.2 and hasattr(events[0], "settlement"):
            expected = {events[0].settlement: self.seen}
        command = self.record.command(key, events, tags)
        self.attempt(
            command,
            lambda: EventLog(self.opened()).append(events, key=key, expected=expected),
            expected,
        )

    def attempt(
        self,
        command: Command,
        deed: Callable[[], Sequence[int]],
        expected: dict[str, int],
    ) -> None:
        """Let *deed* record a command; what is known of it afterwards."""
        before = command.ended
        command.ended = UNKNOWN if before == REFUSED else before
        try:
            positions = self.do(deed)
        except OutcomeUnknown:
            self.world.tell(self.name, f"unknown: {command.key}")
            return
        except IntegrityFailure as doubted:
            raise Violation(f"a sound record is doubted: {doubted}") from None
        except ChronicleError as refused:
            command.ended = before
            why = type(refused).__name__
            self.world.tell(self.name, f"refused: {command.key}: {why}")
            if isinstance(refused, Conflict):
                self._conflicts(expected, command, refused)
            return
        self.record.acknowledge(command, positions)
        if before == REFUSED:  # else it may be the outcome of an earlier attempt
            self._overwrites_nothing(expected, command)
        if before != ACKNOWLEDGED:
            self.mine += [
                tag for tag in command.tags if " " not in tag and tag[-1] != "x"
            ]
        self.world.tell(self.name, f"acknowledged: {command.key} at {positions[:1]}")
        self._hear_head(positions)

    def _later(self, expected: dict[str, int], command: Command) -> list[str]:
        """Reports of others about a place, after what this one had seen of it."""
        assert self.store is not None
        found = []
        for recorded in EventLog(self.store).recorded(min(expected.values())):
            event: Any = recorded.event
            place = getattr(event, "settlement", None)
            if recorded.position > expected.get(place, 1 << 60):
                tag = getattr(event, "report_id", getattr(event, "name", ""))
                found += [tag] * (tag not in command.tags)
        return found

    def _overwrites_nothing(self, expected: dict[str, int], command: Command) -> None:
        assert self.store is not None
        if expected and self._later(expected, command):
            # Whatever came in the same moment came after: it had to wait its turn.
            before = [
                tag
                for tag in self._later(expected, command)
                if tag not in self._after(command)
            ]
            if before:
                raise Violation(f"{command.key} overwrote {before[:3]} unseen")
        self.seen = self.store.head()

    def _after(self, command: Command) -> set[str]:
        assert self.store is not None
        last = max(command.positions, default=0)
        return {
            getattr(r.event, "report_id", getattr(r.event, "name", ""))
            for r in EventLog(self.store).recorded(last)
        }

    def _conflicts(
        self, expected: dict[str, int], command: Command, refused: Conflict
    ) -> None:
        """A conflict is about something that is there."""
        if not expected:
            raise Violation(f"{command.key} conflicts with nothing: {refused}")
        assert self.store is not None
        self.seen = self.store.head()

    def _hear_head(self, positions: Sequence[int]) -> None:
        """What is acknowledged is in the head beside the file, or it was refused."""
        assert self.store is not None
        beside = head_beside(self.path)
        if beside in self.world.machine.behind:
            return
        head = Head.parse(read_head(beside))
        if not max(positions, default=0) <= head.size <= self.store.head():
            raise Violation(f"the head is of {head.size}, and {positions} acknowledged")
        self.record.hear(head)

    def hold(self) -> Turn:
        """A transaction that takes its time, and is committed or not."""
        chance = self.world.chance
        key, events, tags = self._reports(self._key(), chance.choice((1, 5)))
        command = self.record.command(key, events, tags)
        command.keyed = False
        self.held = held = ExitStack()
        try:
            deciding = self.do(
                lambda: held.enter_context(EventLog(self.opened()).deciding())
            )
            positions = self.do(lambda: list(deciding.record(events)))
        except ChronicleError as refused:
            self.held = None
            self.do(held.close)
            self.world.tell(self.name, f"refused: {key}: {type(refused).__name__}")
            return
        yield self.world.env.timeout(chance.expovariate(1.0))
        if self.held is not held:
            return  # it was killed meanwhile
        self.held = None
        if chance.random() < 0.4:
            with suppress(_Aborted, ChronicleError):
                self.do(lambda: held.__exit__(_Aborted, _Aborted(), None))
            self.world.tell(self.name, f"aborted: {key}")
            return

        def commit() -> list[int]:
            held.close()
            return positions

        self.attempt(command, commit, {})


class Seen:
    """A view that holds each event as often as it was told."""

    name = "seen"

    def create(self, view: sqlite3.Cursor) -> None:
        view.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER, tag TEXT)")

    def apply(
        self, view: sqlite3.Cursor, batch: Sequence[RecordedEvent], log: EventLog
    ) -> None:
        view.executemany(
            "INSERT INTO seen VALUES (?, ?)", [(r.position, _tag(r)) for r in batch]
        )


def _tag(recorded: RecordedEvent) -> str:
    event: Any = recorded.event
    if hasattr(event, "digest") and hasattr(event, "file"):
        return f"import:{event.digest}:{event.file}"
    return str(getattr(event, "report_id", "") or event.name)


class _Between(EventLog):
    """A log in which, while one follower reads, another may come and go."""

    def __init__(self, store: SQLiteStore, reader: Viewer) -> None:
        super().__init__(store)
        self._reader = reader

    def recorded(self, *asked: Any, **more: Any) -> Iterator[RecordedEvent]:
        rows = list(super().recorded(*asked, **more))
        self._reader.let_another()
        return iter(rows)


class Viewer(Actor):
    """Follows the record into a view that it shares with the other followers."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.store: SQLiteStore | None = None
        self.follower: Follower | None = None
        self.busy = False

    def opened(self) -> Follower:
        if self.follower is None:
            self.store = self.store or SQLiteStore.open(
                self.world.path, self.world.clock, lock_timeout=0
            )
            log = _Between(self.store, self)
            self.follower = Follower(log, self.world.view, Seen())
        return self.follower

    def let_go(self) -> None:
        follower, self.follower = self.follower, None
        store, self.store = self.store, None
        if follower is not None:
            follower.close()
        if store is not None:
            store.close()

    def let_another(self) -> None:
        """Another follower takes a step, while this one has read and not written."""
        others = [v for v in self.world.viewers() if v is not self and not v.busy]
        if others and self.world.chance.random() < 0.4:
            other = self.world.chance.choice(others)
            try:
                other.step()
            except Died:
                if not self.world.machine.dark:
                    other.kill()

    def step(self) -> None:
        self.busy = True
        try:
            size = self.world.chance.choice((1, 3, 1_000))
            self.do(lambda: self.opened().step(size))
        except ChronicleError as refused:
            self.world.tell(self.name, f"refused: {type(refused).__name__}")
            self.leave()
        finally:
            self.busy = False

    def turn(self) -> Turn:
        self.step()
        return
        yield

    def finish(self) -> None:
        self.do(lambda: self.opened().catch_up())


class Keeper(Actor):
    """Merges the other record in, and makes backups."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self.pace *= 3
        self.stores: dict[Path, SQLiteStore] = {}
        self.number = 0

    def opened(self, path: Path) -> SQLiteStore:
        if path not in self.stores:
            store = SQLiteStore.open(path, self.world.clock, lock_timeout=0)
            self.stores[path] = store
        return self.stores[path]

    def let_go(self) -> None:
        while self.stores:
            self.stores.popitem()[1].close()

    def turn(self) -> Turn:
        try:
            if self.world.chance.random() < 0.15:
                self.do(self._backup)
            else:
                self._merge()
            if self.world.chance.random() < 0.3:
                self.do(self.let_go)
        except ChronicleError as refused:
            if isinstance(refused, IntegrityFailure):
                raise Violation(f"a sound record is doubted: {refused}") from None
            self.world.tell(self.name, f"refused: {type(refused).__name__}")
            self.leave()
        return
        yield

    def _merge(self) -> None:
        other = self.do(lambda: self.opened(self.world.other_path))
        count = other.head() - FIRST
        record = self.world.record
        before = count in record.merged
        record.merged.add(count)
        try:
            self.do(lambda: self._take(other))
        except OutcomeUnknown:
            raise
        except ChronicleError:
            if not before:
                record.merged.discard(count)
            raise
        record.merged_for_sure = max(record.merged_for_sure, count)
        self.world.tell(self.name, f"merged: {count}")

    def _take(self, other: SQLiteStore) -> None:
        log = EventLog(self.opened(self.world.path))
        events = EventLog(other).recorded()
        merge_record(log, "b", other.identity(), events)

    def _backup(self) -> None:
        store = self.opened(self.world.path)
        rows = list(store.rows())
        self.number += 1
        made = backup(store, self.world.aside / f"{self.number}.chronicle")
        copy = self.opened(Path(made.path))
        if list(copy.rows()) != rows or made.position != len(rows):
            raise Violation("a backup is not what was backed up")
        self.world.tell(self.name, f"backup: of {len(rows)}")
