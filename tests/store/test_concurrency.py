"""Several writers on one file: nothing lost, none doubled, whoever dies."""

# ruff: noqa: PT012 - what fails here is a whole transaction
from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from chronicle.domain.events import ImportFinished
from chronicle.errors import Busy, Conflict, StorageError
from chronicle.store.log import EventLog, Tally
from chronicle.store.sqlite.lock import file_lock
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, draft, opening

WRITERS = 4
APPENDS = 25


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.chronicle"
    store = SQLiteStore.create(path)
    EventLog(store).append(opening())
    store.close()
    return path


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WRITERS, mp_context=context) as pool:
        yield pool


def append_many(path: Path, name: str) -> list[tuple[str, int]]:
    """Reports of the source *name* and of a shared one; each with its position."""
    store = SQLiteStore.open(path)
    log = EventLog(store)
    done: list[tuple[str, int]] = []
    for number in range(APPENDS):
        batch = [
            control(f"{name}.{number}.{n}", source=source, claimed_by=name)
            for n, source in enumerate((name, "shared", name))
        ]
        done += zip((e.report_id for e in batch), log.append(batch), strict=True)
    store.close()
    return done


def test_writers_side_by_side_lose_nothing_and_double_nothing(
    path: Path, pool: ProcessPoolExecutor
) -> None:
    names = [f"w{n}" for n in range(WRITERS)]
    done = [
        one for got in pool.map(append_many, [path] * WRITERS, names) for one in got
    ]
    store = SQLiteStore.open(path)
    rows = list(store.rows(5))
    assert [row.position for row in rows] == list(range(6, 6 + len(done)))
    assert {row.report: row.position for row in rows} == dict(done)
    for source in (*names, "shared"):
        versions = [row.version for row in rows if row.stream == f"source:{source}"]
        assert versions == list(range(1, len(versions) + 1))
    stamps = [row.recorded_at for row in rows]
    assert stamps == sorted(stamps)
    assert sorted(store.codes("source")) == sorted([*names, "shared"])
    store.close()


def append_one(path: Path) -> list[int]:
    store = SQLiteStore.open(path)
    try:
        return EventLog(store).append([control("r1"), control("r2")], key="k")
    finally:
        store.close()


def test_one_command_sent_many_times_is_done_once(
    path: Path, pool: ProcessPoolExecutor
) -> None:
    assert list(pool.map(append_one, [path] * 8)) == [[6, 7]] * 8
    store = SQLiteStore.open(path)
    assert store.head() == 7
    store.close()


def count_up(path: Path, name: str) -> int:
    """Read, decide, append what was decided, again where somebody was quicker."""
    store = SQLiteStore.open(path)
    log = EventLog(store)
    conflicts = done = 0
    while done < 10:
        seen = store.head()
        last = [r.event for r in log.recorded(5, seen)]
        count = int(last[-1].note) if last else 0  # type: ignore[union-attr]
        report = control(f"{name}.{done}.{conflicts}", note=str(count + 1))
        try:
            log.append([report], expected={"alder": seen})
            done += 1
        except Conflict:
            conflicts += 1
    store.close()
    return done


def test_nobody_overwrites_what_he_has_not_seen(
    path: Path, pool: ProcessPoolExecutor
) -> None:
    names = [f"w{n}" for n in range(WRITERS)]
    assert sum(pool.map(count_up, [path] * WRITERS, names)) == 10 * WRITERS
    store = SQLiteStore.open(path)
    notes = [r.event.note for r in EventLog(store).recorded(5)]  # type: ignore[union-attr]
    assert notes == [str(n) for n in range(1, 10 * WRITERS + 1)]
    store.close()


def import_one(path: Path) -> tuple[int, int]:
    store = SQLiteStore.open(path)

    def finish(tally: Tally) -> ImportFinished | None:
        made = ImportFinished(file="f", digest="0" * 64, new=tally.new)
        return made if tally.recorded else None

    rows = [(n, control(f"r{n}", dataset="acled")) for n in range(300)]
    tally = EventLog(store).import_events(
        rows, dataset="acled", types=("control-reported",), label="f", finish=finish
    )
    store.close()
    return tally.new, tally.unchanged


def test_one_file_imported_by_two_at_once_goes_in_once(
    path: Path, pool: ProcessPoolExecutor
) -> None:
    got = sorted(pool.map(import_one, [path] * 2))
    assert got == [(0, 300), (300, 0)]
    store = SQLiteStore.open(path)
    assert store.head() == 5 + 300 + 1
    store.close()


# --- whose turn it is -----------------------------------------------------------------


def test_busy_names_the_holder_and_records_nothing(path: Path) -> None:
    holder = SQLiteStore.open(path)
    other = SQLiteStore.open(path, lock_timeout=0.05)
    with holder.writing() as work:
        work.insert([draft("first")])
        with pytest.raises(Busy, match=f"process {os.getpid()}; waited 0.05 s") as busy:
            EventLog(other).append([control("second")])
    assert busy.value.exit_code == 5
    assert "a.chronicle is being written" in str(busy.value)
    assert holder.head() == 6
    other._lock_timeout = 30.0  # who gave up in between is not in the way
    assert EventLog(other).append([control("second")]) == [7]
    for store in (holder, other):
        store.close()


HOLD = """
import sys, time
from pathlib import Path
from chronicle.store.sqlite.store import SQLiteStore
store = SQLiteStore.open(Path(sys.argv[1]))
with store.writing() as work:
    print("holding", flush=True)
    time.sleep(60)
"""


def test_a_holder_that_is_killed_leaves_its_turn_and_nothing_else(path: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True
    )
    assert held.stdout is not None
    assert held.stdout.readline() == "holding\n"
    store = SQLiteStore.open(path, lock_timeout=0.05)
    with pytest.raises(Busy, match=f"process {held.pid};"):
        EventLog(store).append([control("r1")])
    store._lock_timeout = 30.0
    killer = threading.Timer(0.1, held.kill)
    killer.start()
    assert EventLog(store).append([control("r1")]) == [6]
    assert held.wait() == -signal.SIGKILL
    held.stdout.close()
    store.close()


def test_another_program_in_the_file_is_busy_too(path: Path) -> None:
    store = SQLiteStore.open(path)
    with store.datastore.get_connection(commit=True) as connection:
        connection._sqlite_conn.execute("PRAGMA busy_timeout=20").close()
    other = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
            "c.execute('BEGIN IMMEDIATE'); print(1, flush=True); sys.stdin.read()",
            path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(Busy, match="another program"):
        EventLog(store).append([control("r1")])
    other.communicate()
    assert EventLog(store).append([control("r1")]) == [6]
    store.close()


def test_a_lock_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with (
        pytest.raises(StorageError, match="cannot lock"),
        file_lock(tmp_path / "lock", 1.0),
    ):
        pass


def test_a_lock_is_let_go_though_a_forked_process_has_it_open(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with file_lock(lock, 1.0):
        os.set_inheritable(int(open_files_of(lock)[0]), True)
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=-1, close_fds=False
        )
    with file_lock(lock, 0.0):
        pass
    assert child.stdin is not None
    child.stdin.close()
    child.kill()
    child.wait()


def open_files_of(path: Path) -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            if link.readlink() == path:
                found.append(link.name)
        except OSError:
            continue
    return found


FORKED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from chronicle.errors import StorageError
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control
store = SQLiteStore.open(Path(sys.argv[1]))
log = EventLog(store)
log.append([control("r1")])
child = os.fork()
if child == 0:
    said = []
    for deed in (store.head, lambda: log.append([control("r2")])):
        try:
            deed()
        except StorageError as error:
            said.append(str(error))
    store.close()
    mine = SQLiteStore.open(Path(sys.argv[1]))
    EventLog(mine).append([control("r3")])
    mine.close()
    os._exit(0 if len(said) == 2 and "forked" in said[0] else 1)
assert os.waitpid(child, 0)[1] == 0
print(log.append([control("r4")]))
store.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked there")
def test_a_store_does_not_cross_a_fork(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, path, Path(__file__).parents[1]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[8]\n", "")


# --- deaths ---------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked there")
def test_what_was_acknowledged_outlives_kill_9() -> None:
    done = subprocess.run(
        [sys.executable, Path(__file__).parents[1] / "soak_kill.py", "20"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    said = re.search(
        r"40 writers killed, ([\d,]+) batches acknowledged, 0 lost", done.stdout
    )
    assert said is not None
    assert int(said[1].replace(",", "")) >= 20


def test_a_failed_append_leaves_the_next_one_sound(path: Path) -> None:
    store = SQLiteStore.open(path)
    log = EventLog(store)
    for number in range(5):
        with pytest.raises(KeyboardInterrupt), store.writing() as work:
            work.insert([draft(f"lost{number}", stream=f"source:{number}")])
            raise KeyboardInterrupt
        log.append([control(f"r{number}", source=str(number))])
    other = SQLiteStore.open(path)  # codes that were given up mean nothing to it
    EventLog(other).append([control("other", source="other")])
    log.append([control("last", source="last")])
    rows = list(store.rows(5))
    assert [row.stream for row in rows] == [
        *(f"source:{number}" for number in range(5)),
        "source:other",
        "source:last",
    ]
    assert {row.version for row in rows} == {1}
    for one in (store, other):
        one.close()


def test_a_waiter_that_gave_up_lets_the_lock_go_when_it_comes(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with file_lock(lock, 1.0):
        for _ in range(3):
            with pytest.raises(Busy), file_lock(lock, 0.01):
                pass
        with pytest.raises(Busy), file_lock(lock, 0.0):
            pass
    for _ in range(50):
        with file_lock(lock, 10.0):
            pass
    deadline = time.monotonic() + 10
    while open_files_of(lock) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert open_files_of(lock) == []
