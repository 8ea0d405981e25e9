"""A view has every event once, whatever dies when."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle as ch
import strategies
from chronicle.domain.events import Claim, Event
from chronicle.domain.timeline import effective_claims
from chronicle.errors import IntegrityFailure
from chronicle.store.claims_view import ClaimsView, claim_row
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.projections import Follower
from chronicle.store.sqlite.store import SQLiteStore
from plain_log import PlainLog


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    store = SQLiteStore.create(tmp_path / "a.chronicle")
    found = EventLog(store)
    found.append(
        [
            ch.SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=2),
            ch.ActorRegistered(actor="red", name="Red"),
        ]
    )
    yield found
    store.close()


def claim(number: int, source: str = "s") -> ch.ControlReported:
    return ch.ControlReported(
        report_id=f"{source}{number}",
        settlement="alder",
        controller="red",
        valid_from="2022-08-01",
        source=source,
    )


def rows(path: Path) -> list[tuple[object, ...]]:
    view = sqlite3.connect(path)
    try:
        return view.execute("SELECT * FROM claims ORDER BY position").fetchall()
    finally:
        view.close()


def expected(log: EventLog) -> list[tuple[object, ...]]:
    """The view, worked out at once from the whole log."""
    events = list(log.recorded())
    standing = {s.position: s.claim for s in effective_claims(events).standing}
    return [
        claim_row(one, standing.get(one.position, one.event), one.position in standing)
        for one in events
        if isinstance(one.event, Claim)
    ]


@settings(max_examples=40, deadline=None)
@given(strategies.logs(), st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_the_view_is_the_fold_however_it_is_cut(
    events: list[Event], sizes: list[int]
) -> None:
    log, plain = EventLog(MemoryStore()), PlainLog()
    with tempfile.TemporaryDirectory() as folder:
        follower = Follower(log, Path(folder) / "v.db", ClaimsView())
        for number, event in enumerate(events):
            if (decided := plain.append(event)) is not None:
                log.append([decided])
            if number % 3 == 0:
                follower.step(sizes[number % len(sizes)])
        for size in sizes:
            follower.step(size)
        assert follower.catch_up(batch=sizes[0]) == log.store.head()
        follower.close()
        assert rows(Path(folder) / "v.db") == expected(log)


def test_view_and_position_move_together(log: EventLog, tmp_path: Path) -> None:
    class Failing(ClaimsView):
        def apply(self, view, batch, log):  # type: ignore[no-untyped-def]
            super().apply(view, batch, log)
            raise RuntimeError("the process dies here")

    log.append([claim(n) for n in range(5)])
    failing = Follower(log, tmp_path / "v.db", Failing())
    with pytest.raises(RuntimeError):
        failing.step()
    assert failing.position == 0
    failing.close()
    assert rows(tmp_path / "v.db") == []
    follower = Follower(log, tmp_path / "v.db", ClaimsView())
    assert follower.catch_up() == 7
    follower.close()
    assert len(rows(tmp_path / "v.db")) == 5


def test_two_followers_of_one_view_double_nothing(
    log: EventLog, tmp_path: Path
) -> None:
    class Counting(ClaimsView):
        name = "counting"

        def create(self, view):  # type: ignore[no-untyped-def]
            view.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER)")

        def apply(self, view, batch, log):  # type: ignore[no-untyped-def]
            view.executemany(
                "INSERT INTO seen VALUES (?)", [(one.position,) for one in batch]
            )

    log.append([claim(n) for n in range(300)])
    followers = [Follower(log, tmp_path / "v.db", Counting()) for _ in range(2)]
    threads = [
        threading.Thread(target=f.catch_up, kwargs={"batch": 7}) for f in followers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f.catch_up() for f in followers} == {302}
    for follower in followers:
        follower.close()
    view = sqlite3.connect(tmp_path / "v.db")
    seen = [p for (p,) in view.execute("SELECT position FROM seen ORDER BY position")]
    view.close()
    assert seen == list(range(1, 303))


class Seen:
    """A view that lists each position as often as it was told."""

    name = "seen"

    def create(self, view: sqlite3.Cursor) -> None:
        view.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER)")

    def apply(self, view, batch, log):  # type: ignore[no-untyped-def]
        view.executemany("INSERT INTO seen VALUES (?)", [(r.position,) for r in batch])


def test_a_follower_that_read_further_than_another_wrote_doubles_nothing(
    log: EventLog, tmp_path: Path
) -> None:
    """Between its read and its write, the other one takes in the first half."""
    log.append([claim(1)])
    one, two = (Follower(log, tmp_path / "v.db", Seen()) for _ in range(2))

    class Slow:
        store = log.store

        def recorded(self, after: int) -> Iterator[object]:
            found = list(log.recorded(after))
            if not after:
                one.step(batch=2)
            return iter(found)

    two._log = Slow()  # type: ignore[assignment]
    two.step()
    assert two.position == 2
    assert two.catch_up() == 3
    for follower in (one, two):
        follower.close()
    view = sqlite3.connect(tmp_path / "v.db")
    assert view.execute("SELECT position FROM seen").fetchall() == [(1,), (2,), (3,)]
    view.close()


def test_followers_that_start_together_are_not_too_busy(
    log: EventLog, tmp_path: Path
) -> None:
    failed: list[BaseException] = []

    def start(number: int) -> None:
        try:
            for round_ in range(8):
                Follower(log, tmp_path / f"{round_}.db", Seen()).close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=start, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_view_of_another_log_is_refused(log: EventLog, tmp_path: Path) -> None:
    Follower(log, tmp_path / "v.db", ClaimsView()).close()
    other = EventLog(SQLiteStore.create(tmp_path / "b.chronicle"))
    with pytest.raises(IntegrityFailure, match="another log"):
        Follower(other, tmp_path / "v.db", ClaimsView())
    other.store.close()


def test_a_follower_sees_what_is_told_while_it_follows(
    log: EventLog, tmp_path: Path
) -> None:
    follower, stop = Follower(log, tmp_path / "v.db", ClaimsView()), threading.Event()
    thread = threading.Thread(target=follower.follow, args=(stop,))
    thread.start()
    for number in range(20):
        log.append([claim(number)])
    deadline = time.monotonic() + 30
    while follower.position < log.store.head() and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join()
    follower.close()
    assert rows(tmp_path / "v.db") == expected(log)


KILLED = """
import sys
from pathlib import Path
from chronicle.store.claims_view import ClaimsView
from chronicle.store.log import EventLog
from chronicle.store.projections import Follower
from chronicle.store.sqlite.store import SQLiteStore
log = EventLog(SQLiteStore.open(Path(sys.argv[1])))
follower = Follower(log, Path(sys.argv[2]), ClaimsView())
print("ready", flush=True)
follower.catch_up(batch=3)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_follower_misses_and_doubles_nothing(
    log: EventLog, tmp_path: Path
) -> None:
    for start in range(0, 600, 60):
        log.append([claim(n) for n in range(start, start + 60)])
    log.append([ch.ReportRetracted(report=f"s{n}") for n in range(0, 600, 5)])
    for attempt in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, log.store.path, tmp_path / "v.db"],  # type: ignore[attr-defined]
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.01 * attempt)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    follower = Follower(log, tmp_path / "v.db", ClaimsView())
    follower.catch_up()
    follower.close()
    assert rows(tmp_path / "v.db") == expected(log)
