"""Figures of the log: appending, reading cold, following, importing, the shell.

Each function takes the number of events and a folder, checks what it timed, and returns
rows for the table of `chronicle bench`.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteTrackingRecorder

import chronicle as ch
from chronicle.replay import Replay
from chronicle.replay.columns import read
from chronicle.replay.segments import read_all
from chronicle.replay.stored import LogSource, replay_of
from chronicle.store.claims_view import ClaimsView, claim_row
from chronicle.store.log import EventLog
from chronicle.store.projections import Follower
from chronicle.store.sqlite.recorder import ChronicleDatastore
from chronicle.store.sqlite.schema import STATEMENTS, set_pragmas
from chronicle.store.sqlite.store import SQLiteStore
from figures import figure, interleaved

SETTLEMENTS = 1_000
SOURCES = 64
BATCH = 10_000
ROUNDS = 5


def claims(count: int) -> list[ch.ControlReported]:
    """*count* control reports on invented places by invented sources."""
    first = date(2020, 1, 1)
    return [
        ch.ControlReported(
            report_id=f"c{n}",
            settlement=f"s{n * 7_919 % SETTLEMENTS}",
            controller=("red", "blue", "green")[n * 31 % 3],
            valid_from=first + timedelta(days=n * 1_000 // count),
            published=first + timedelta(days=n * 1_000 // count + n % 5),
            source=f"source-{n % SOURCES}",
            reliability="ABCDF"[n % 5],
            credibility=1 + n % 6,
        )
        for n in range(count)
    ]


def register(log: EventLog) -> None:
    """The places and actors of `claims`."""
    log.append(
        [
            ch.SettlementRegistered(settlement=f"s{n}", name=f"Place {n}", lat=1, lon=1)
            for n in range(SETTLEMENTS)
        ]
    )
    log.append([ch.ActorRegistered(actor=a, name=a) for a in ("red", "blue", "green")])


def new_log(path: Path) -> EventLog:
    """An empty log, where an old one is removed."""
    for suffix in ("", "-wal", "-shm", ".lock", ".head"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return EventLog(SQLiteStore.create(path))


def filled(path: Path, count: int) -> EventLog:
    """A log of *count* claims."""
    log = new_log(path)
    register(log)
    log.extend(claims(count))
    return log


# --- appending ---------------------------------------------------------------------


def append_bulk(count: int, folder: Path) -> list[dict[str, Any]]:
    """`EventLog.extend`, as users call it, against `executemany` of its very rows."""
    events = claims(count)
    raw_path = folder / "bulk.db"
    insert = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)"
    rows: list[tuple[Any, ...]] = []

    def ours() -> Callable[[], None]:
        log.extend(events)
        return check

    def check() -> None:
        _check_head(log, count + SETTLEMENTS + 3)
        stored = sqlite3.connect(path)
        rows[:] = stored.execute("SELECT * FROM events ORDER BY position").fetchall()
        codes[:] = stored.execute("SELECT * FROM codes").fetchall()
        stored.close()

    def limit() -> Callable[[], None]:
        for start in range(len(rows) - count, len(rows), BATCH):
            raw.execute("BEGIN IMMEDIATE")
            raw.executemany(insert, rows[start : start + BATCH])
            raw.execute("COMMIT")
        return raw.close

    codes: list[tuple[Any, ...]] = []
    mine, theirs = [], []
    path = folder / "bulk.chronicle"
    for _ in range(ROUNDS):
        log = new_log(path)
        register(log)
        mine += interleaved([ours], 1)[0]
        for suffix in ("", "-wal", "-shm"):
            raw_path.with_name(raw_path.name + suffix).unlink(missing_ok=True)
        raw = sqlite3.connect(raw_path, isolation_level=None)
        raw.execute("PRAGMA journal_mode=WAL")
        set_pragmas(raw)
        for statement in STATEMENTS:
            raw.execute(statement)
        raw.executemany("INSERT INTO codes VALUES (?,?,?,?)", codes)
        raw.executemany(insert, rows[:-count])  # the places and actors
        theirs += interleaved([limit], 1)[0]
    return [
        figure(
            "append.bulk",
            mine,
            theirs,
            count=count,
            unit="events/s",
            against=f"executemany of the same rows, {BATCH:,} a transaction",
            goal=">= 0.9",
        )
    ]


class Place(Aggregate):
    """A settlement the library's way: an aggregate, an event class a deed."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.control: str | None = None

    @event("ControlChanged")
    def change(
        self, report: str, controller: str, valid_from: str, source: str
    ) -> None:
        self.control = controller

    @staticmethod
    def create_id(name: str) -> Any:
        return uuid5(NAMESPACE_URL, name)


def append_library(count: int, folder: Path) -> list[dict[str, Any]]:
    """The same claims as aggregates' events, saved by `Application.save`."""
    events = claims(count)

    def ours() -> Callable[[], None]:
        log.extend(events)
        return lambda: _check_head(log, count + SETTLEMENTS + 3)

    def library() -> Callable[[], None]:
        for start in range(0, count, BATCH):
            some = events[start : start + BATCH]
            for claim in some:
                places[claim.settlement].change(
                    claim.report_id,
                    claim.controller or "",
                    claim.valid_from.isoformat(),
                    claim.source,
                )
            touched = {claim.settlement for claim in some}
            pending = [e for s in touched for e in places[s].collect_events()]
            app.save(*pending)
        return check

    def check() -> None:
        assert app.recorder.max_notification_id() == count + SETTLEMENTS
        app.close()

    mine, theirs = [], []
    for number in range(3):
        log = new_log(folder / "ours.chronicle")
        register(log)
        mine += interleaved([ours], 1)[0]
        app = Application[Any](
            env={
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": str(folder / f"library-{number}.db"),
            }
        )
        places = {f"s{n}": Place(name=f"s{n}") for n in range(SETTLEMENTS)}
        app.save(*places.values())
        theirs += interleaved([library], 1)[0]
    return [
        figure(
            "append.library",
            mine,
            theirs,
            count=count,
            unit="events/s",
            against="Application.save of aggregates' events, decisions on both sides",
            goal=">= 4",
        )
    ]


def _check_head(log: EventLog, head: int) -> None:
    assert log.store.head() == head
    log.store.close()


def append_single(count: int, folder: Path) -> list[dict[str, Any]]:
    """One durable report a transaction, against one raw row a transaction."""
    count = min(count, 400)
    events = claims(2 * count)
    log = new_log(folder / "single.chronicle")
    register(log)
    raw = sqlite3.connect(folder / "single.db", isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    set_pragmas(raw)
    for statement in STATEMENTS:
        raw.execute(statement)
    row = (1, 1, "control-reported", 1, None, None, None, b"x" * 48, b"x" * 90)
    mine, theirs = [], []
    for n in range(2 * count):
        start = time.perf_counter()
        log.append([events[n]])
        middle = time.perf_counter()
        raw.execute("BEGIN IMMEDIATE")
        raw.execute(
            "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)",
            (n + 1, row[0], n + 1, *row[2:4], f"c{n}", *row[5:]),
        )
        raw.execute("COMMIT")
        mine.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    assert log.store.head() == SETTLEMENTS + 3 + 2 * count
    log.store.close()
    raw.close()
    pieces = [
        slice(start, start + count // 4) for start in range(0, 2 * count, count // 4)
    ]
    return [
        figure(
            "append.single",
            [sum(mine[piece]) for piece in pieces],
            [sum(theirs[piece]) for piece in pieces],
            count=count // 4,
            unit="reports/s",
            against="one raw row a transaction in the same schema, synchronous=FULL",
            goal=">= 0.8",
        )
    ]


# --- reading cold ------------------------------------------------------------------


def replay_cold(count: int, folder: Path) -> list[dict[str, Any]]:
    """Log to columns, against the raw SELECT and the library's notifications."""
    path = folder / "cold.chronicle"
    log = filled(path, count)
    head = log.store.head()
    raw = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    recorder = log.store.recorder  # type: ignore[attr-defined]

    def ours() -> Callable[[], None]:
        columns = read(log.store.columnar())
        return lambda: _same(len(columns), head)

    def select(column: str) -> Callable[[], Callable[[], None]]:
        def limit() -> Callable[[], None]:
            cursor = raw.execute(f"SELECT {column} FROM events ORDER BY position")
            seen = 0
            while block := cursor.fetchmany(4_096):
                seen += len(block)
            return lambda: _same(seen, head)

        return limit

    def notifications() -> Callable[[], None]:
        seen, start = 0, 1
        while block := recorder.select_notifications(start, 5_000):
            for one in block:
                json_like = one.state
                seen += len(json_like) > 0
            start = block[-1].id + 1
        return lambda: _same(seen, head)

    times = interleaved([ours, select("hot"), select("body"), notifications], ROUNDS)
    log.store.close()
    raw.close()
    common = {"count": head, "unit": "events/s"}
    return [
        figure(
            "replay.cold",
            times[0],
            times[2],
            against="raw SELECT of the payload",
            goal=">= 0.85",
            **common,
        ),
        figure(
            "replay.cold.hot",
            times[0],
            times[1],
            against="raw SELECT of the 48-byte records alone",
            goal="",
            **common,
        ),
        figure(
            "replay.cold.notifications",
            times[0],
            times[3],
            against="select_notifications on our file, without a mapper",
            goal="",
            **common,
        ),
    ]


def _same(found: int, wanted: int) -> None:
    assert found == wanted, (found, wanted)


def replay_library(count: int, folder: Path) -> list[dict[str, Any]]:
    """The library's two ways to state from its own file: a loop, and repositories."""
    app = Application[Any](
        env={
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(folder / "aggregates.db"),
        }
    )
    names = min(SETTLEMENTS, max(10, count // 50))
    places = {f"s{n}": Place(name=f"s{n}") for n in range(names)}
    app.save(*places.values())
    for start in range(0, count, BATCH):
        for n in range(start, min(start + BATCH, count)):
            place = places[f"s{n * 7_919 % names}"]
            place.change(f"c{n}", ("red", "blue")[n % 2], "2020-01-01", "s")
        app.save(*[e for p in places.values() for e in p.collect_events()])
    log = filled(folder / "twin.chronicle", count)
    head, source = log.store.head(), LogSource(log)
    caches = folder / "caches"
    Replay.open(source, caches)

    def ours() -> Callable[[], None]:
        columns = read(log.store.columnar())
        return lambda: _same(len(columns), head)

    def segments() -> Callable[[], None]:
        columns = read_all(caches, source, head)
        return lambda: _same(len(columns), head)

    def loop() -> Callable[[], None]:
        control: dict[Any, str] = {}
        start = 1
        while block := app.recorder.select_notifications(start, 5_000):
            for one in block:
                told = app.mapper.to_domain_event(one)
                if hasattr(told, "controller"):
                    control[told.originator_id] = told.controller
            start = block[-1].id + 1
        return lambda: _same(len(control), names)

    def repositories() -> Callable[[], None]:
        found = {name: app.repository.get(place.id) for name, place in places.items()}
        return lambda: _same(len(found), names)

    times = interleaved([ours, segments, loop, repositories], 3)
    found = _first_state(log, count, times[2])
    log.store.close()
    app.close()
    common = {"count": count, "unit": "events/s"}
    return [
        figure(
            "replay.library",
            times[0],
            times[2],
            against="the library's notifications, mapper and fold of its own file",
            goal=">= 15",
            **common,
        ),
        figure(
            "replay.library.segments",
            times[1],
            times[2],
            against="the same, ours from sealed segments",
            goal=">= 100",
            **common,
        ),
        figure(
            "replay.aggregates",
            times[0],
            times[3],
            against="repository.get of every aggregate",
            goal=">= 50",
            **common,
        ),
        found,
    ]


FIRST = """
import sys, time
from datetime import date
from pathlib import Path
import numpy
import chronicle.replay.engine
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.replay.stored import replay_of
path = Path(sys.argv[1])
start = time.perf_counter()
log = EventLog(SQLiteStore.open(path))
opened = time.perf_counter()
control = replay_of(log).state(date(2022, 1, 1))
done = time.perf_counter()
print(opened - start, done - opened, len(control.actor))
"""


def _first_state(log: EventLog, count: int, loop: list[float]) -> dict[str, Any]:
    """The first state of a new process with warm caches; what it imports is not in."""
    replay_of(log)  # the caches are there
    path = log.store.path  # type: ignore[attr-defined]
    took = []
    for _ in loop:
        done = subprocess.run(
            [sys.executable, "-c", FIRST, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        opening, asking, places = done.stdout.split()
        _same(int(places), SETTLEMENTS)
        took.append(float(opening) + float(asking))
    return figure(
        "open.first_state",
        took,
        loop,
        count=1,
        unit="states/s",
        against=f"the library's loop over {count:,} events; ours opens the file too",
        goal=">= 1000",
    )


# --- following, importing, the shell -------------------------------------------------


@dataclass
class LibraryView(SQLiteTrackingRecorder):
    """The claims of `ClaimsView`, one transaction an event."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.create_table_statements.append(
            "CREATE TABLE IF NOT EXISTS claims (report TEXT PRIMARY KEY, position, "
            "type, source, published, valid_from, settlement, controller, status, "
            "counts)"
        )

    def tell(self, row: tuple[Any, ...], tracking: Tracking) -> None:
        """The row and the position in one transaction, as the library has it."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            if row:
                cursor.execute(
                    "INSERT OR REPLACE INTO claims VALUES (?,?,?,?,?,?,?,?,?,?)", row
                )


def projection_rebuild(count: int, folder: Path) -> list[dict[str, Any]]:
    """A view built anew by our follower, against one transaction an event.

    The library's `ProjectionRunner` cannot follow SQLite, so the peer does by hand what
    it does: a mapped event, a view row and a tracking row in one transaction.
    """
    count = min(count, 20_000)
    log = filled(folder / "followed.chronicle", count)
    sample = max(200, count // 10)  # the peer is slow; its rate is what counts
    mine, theirs = [], []
    for number in range(3):
        follower = Follower(log, folder / f"ours-{number}.view", ClaimsView())
        start = time.perf_counter()
        follower.catch_up()
        mine.append(time.perf_counter() - start)
        follower.close()
        datastore = ChronicleDatastore(f"file:{folder}/theirs-{number}.view?mode=rwc")
        view = LibraryView(datastore)
        view.create_table()
        start = time.perf_counter()
        for recorded, _ in zip(
            log.recorded(SETTLEMENTS + 3), range(sample), strict=False
        ):
            row = claim_row(recorded, recorded.event, 1)
            view.tell(row, Tracking("claims", recorded.position))
        theirs.append((time.perf_counter() - start) * (count / sample))
        with datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT COUNT(*) FROM claims")
            _same(cursor.fetchone()[0], sample)
        datastore.close()
        ours = sqlite3.connect(folder / f"ours-{number}.view")
        _same(ours.execute("SELECT COUNT(*) FROM claims").fetchone()[0], count)
        ours.close()
    log.store.close()
    return [
        figure(
            "projection.rebuild",
            mine,
            theirs,
            count=count,
            unit="events/s",
            against="one transaction an event, view and tracking row",
            goal=">= 50",
        )
    ]


def import_csv(count: int, folder: Path) -> list[dict[str, Any]]:
    """Importing a control file, against `csv.reader` and a raw insert of its rows."""
    from import_rows import generate, raw

    mine, theirs = [], []
    for number in range(3):
        case = folder / f"case-{number}"
        case.mkdir()
        generate(case, count, 1)
        theirs.append(raw(case, count))
        log = ch.create(folder / f"import-{number}.chronicle")
        log.import_folder(case / "settlements.csv", dataset="toy")
        log.import_folder(case / "actors.csv", dataset="toy")
        start = time.perf_counter()
        result = log.import_folder(case / "control.csv", dataset="toy")
        mine.append(time.perf_counter() - start)
        _same(result.total("new"), count)
        log.close()
        shutil.rmtree(case)
    return [
        figure(
            "import.csv",
            mine,
            theirs,
            count=count,
            unit="rows/s",
            against="csv.reader and a raw insert of the cells, one transaction",
            goal=">= 0.3",
        )
    ]


def cli_state(count: int, folder: Path) -> list[dict[str, Any]]:
    """`chronicle state` on the real case, a whole process, against importing numpy."""
    from chronicle.cli.demo import bundled_case

    path = folder / "case.chronicle"
    with ch.create(path) as log:
        log.import_folder(bundled_case())
    environment = {
        k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"
    }
    state = [
        sys.executable,
        "-m",
        "chronicle",
        "state",
        str(path),
        "--on",
        "2024-11-30",
    ]

    def run(command: list[str]) -> Callable[[], None]:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment
        )
        return lambda: (
            None if "numpy" in command[-1] else _same(done.stdout.count("\n"), 297)
        )

    ours, theirs = interleaved(
        [lambda: run(state), lambda: run([sys.executable, "-c", "import numpy"])], 7
    )
    found = figure(
        "cli.state",
        ours,
        theirs,
        count=1,
        unit="runs/s",
        against="python -c 'import numpy'; the ratio is time to time",
        goal="<= 3",
    )
    found["ratio"] = round(1 / found["ratio"], 3)
    return [found]


SUITE = (
    append_bulk,
    append_single,
    append_library,
    replay_cold,
    replay_library,
    projection_rebuild,
    import_csv,
    cli_state,
)


def figures(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """All of them."""
    for take in SUITE:
        part = folder / take.__name__
        part.mkdir()
        yield from take(count, part)
        shutil.rmtree(part, ignore_errors=True)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        for row in figures(
            int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, Path(name)
        ):
            print(json.dumps(row))
