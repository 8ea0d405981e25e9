"""The one contract, on every store; and what only a file can get wrong."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from chronicle.domain.events import ReportAmended, ReportRedacted
from chronicle.errors import Busy, Conflict, StorageError
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.protocol import Store
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import Clock, control, draft, opening
from store_contract import SECRET, StoreContract
from turns import Turns


class TestMemoryStore(StoreContract):
    def make(self, tmp_path: Path, clock: Clock) -> Store:
        return MemoryStore(clock)


class TestSQLiteStore(StoreContract):
    def make(self, tmp_path: Path, clock: Clock) -> Store:
        return SQLiteStore.create(tmp_path / "a.chronicle", clock, lock_timeout=0.2)

    # threads wait for each other longer than one that waits for itself
    def test_threads_take_turns_and_lose_nothing(self, store: Store) -> None:
        assert isinstance(store, SQLiteStore)
        store._lock_timeout = 30.0
        super().test_threads_take_turns_and_lose_nothing(store)


class TestTwoHandlesOnOneFile(StoreContract):
    """What one handle writes another one reads, codes and keys included."""

    def make(self, tmp_path: Path, clock: Clock) -> Store:
        path = tmp_path / "a.chronicle"
        first = SQLiteStore.create(path, clock, lock_timeout=0.2)
        return Turns(first, SQLiteStore.open(path, clock, lock_timeout=0.2))

    def test_threads_take_turns_and_lose_nothing(self, store: Store) -> None:
        assert isinstance(store, Turns)
        for one in store.stores:
            one._lock_timeout = 30.0
        super().test_threads_take_turns_and_lose_nothing(store)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.chronicle"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore.create(path, Clock(), lock_timeout=0.2)
    yield made
    made.close()


def everything(folder: Path) -> bytes:
    """All bytes of all files of a folder."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return b"".join(file.read_bytes() for file in files)


def test_a_redacted_payload_is_in_none_of_the_files(
    store: SQLiteStore, path: Path
) -> None:
    log = EventLog(store)
    long = " ".join([SECRET] * 900)  # over several pages
    log.append([*opening(), control("r1", note=SECRET), control("r2", note=long)])
    log.append([control(f"s{n}") for n in range(200)])
    log.append([ReportAmended(report="r1", changes={"note": SECRET + "!"})])
    assert SECRET.encode() in everything(path.parent)
    log.append([ReportRedacted(report="r1"), ReportRedacted(report="r2")])
    assert SECRET.encode() not in everything(path.parent)
    store.close()
    assert SECRET.encode() not in everything(path.parent)


def test_a_payload_that_was_in_the_file_before_is_overwritten_there(
    store: SQLiteStore, path: Path
) -> None:
    log = EventLog(store)
    log.append([*opening(), control("r1", note=SECRET)])
    store.close()
    assert SECRET.encode() in path.read_bytes()
    with_new_handle = SQLiteStore.open(path)
    EventLog(with_new_handle).extend([ReportRedacted(report="r1")])
    assert SECRET.encode() not in everything(path.parent)
    with_new_handle.close()


@contextmanager
def reader_of(path: Path) -> Iterator[None]:
    """Another program that looks at the file as it is now."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM events").fetchone()
        yield


def test_a_payload_held_by_a_reader_leaves_when_the_reader_is_done(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chronicle.store.sqlite.store.PATIENCE_MS", 20)
    log = EventLog(store)
    log.append([*opening(), control("r1", note=SECRET)])
    with reader_of(path):
        log.append([ReportRedacted(report="r1")])
        assert not store.purge()  # it says so
        assert SECRET.encode() in everything(path.parent)
    log.append([control("next")])
    assert SECRET.encode() not in everything(path.parent)
    assert store.purge()


def test_a_payload_held_by_a_reader_is_gone_after_closing(
    store: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chronicle.store.sqlite.store.PATIENCE_MS", 20)
    log = EventLog(store)
    log.append([*opening(), control("r1", note=SECRET)])
    with reader_of(path):
        log.append([ReportRedacted(report="r1")])
    store.close()
    assert SECRET.encode() not in everything(path.parent)


def test_a_reader_half_way_holds_no_payload_back(
    store: SQLiteStore, path: Path
) -> None:
    log = EventLog(store)
    log.append([*opening(), *(control(f"s{n}") for n in range(9_000))])
    log.append([control("r1", note=SECRET)])
    rows = log.recorded()
    next(rows)
    log.append([ReportRedacted(report="r1")])
    assert SECRET.encode() not in everything(path.parent)
    assert SECRET not in repr(list(rows))


def test_a_redacted_payload_is_not_in_memory_either() -> None:
    store = MemoryStore(Clock())
    log = EventLog(store)
    log.append([*opening(), control("r1", note=SECRET)])
    log.append([ReportAmended(report="r1", changes={"note": SECRET + "!"})])
    log.append([ReportRedacted(report="r1")])
    held = [store._rows, store._hot, store._commands, store.recorder._stored_events]
    assert SECRET not in repr(held)
    found = store.recorder.select_notifications(1, 100)
    assert [n.state for n in found][5:7] == [b"", b""]


def test_the_files_are_for_their_owner_only(store: SQLiteStore, path: Path) -> None:
    EventLog(store).append(opening())
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_creating_over_anything_is_refused_and_touches_nothing(path: Path) -> None:
    path.write_bytes(b"precious")
    with pytest.raises(Conflict, match="not touched"):
        SQLiteStore.create(path)
    assert path.read_bytes() == b"precious"
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))
    with pytest.raises(Conflict):
        SQLiteStore.create(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(Conflict):
        SQLiteStore.create(path)
    path.rmdir()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_the_rest_of_an_older_chronicle_is_not_mixed_into_a_new_one(
    path: Path, suffix: str
) -> None:
    left = path.with_name(path.name + suffix)
    left.write_bytes(b"old")
    with pytest.raises(Conflict, match=suffix):
        SQLiteStore.create(path)
    assert not path.exists()
    assert left.read_bytes() == b"old"


def test_creating_where_nothing_can_be_made_says_why(tmp_path: Path) -> None:
    for name in ("no/folder/a", "n" * 300, "file/a"):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError):
            SQLiteStore.create(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_an_identity_is_given_once(store: SQLiteStore, path: Path) -> None:
    other = SQLiteStore.create(path.with_name("b.chronicle"))
    again = SQLiteStore.open(path)
    assert again.identity() == store.identity() != other.identity()
    again.close()
    other.close()


def test_what_was_closed_is_not_used_again(store: SQLiteStore) -> None:
    reader = store.rows()
    with store.writing() as work:
        work.insert([draft() for _ in range(9_000)])
    assert next(reader).position == 1
    store.close()
    store.close()
    with pytest.raises(StorageError, match="closed"):
        list(reader)
    assert store.datastore.pool.num_in_use == 0
    for question in (store.head, store.identity, lambda: list(store.rows())):
        with pytest.raises(StorageError, match="closed"):
            question()
    with pytest.raises(StorageError, match="closed"), store.writing():
        pass


CLOSED_BY_ANOTHER = """
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from chronicle.errors import StorageError
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening
store = SQLiteStore.create(Path(sys.argv[1]))
EventLog(store).append([*opening(), *(control(f"r{n}") for n in range(3_000))])
store.close()
for _ in range(30):
    store = SQLiteStore.open(Path(sys.argv[1]))
    reading = threading.Barrier(4)
    ended = []
    def read():
        reading.wait()
        try:
            while True:
                assert len(list(store.rows())) == 3_005
        except StorageError as error:
            ended.append(str(error))
    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    reading.wait()
    store.close()
    for thread in threads:
        thread.join()
    assert len(ended) == 3 and all("closed" in said for said in ended), ended
print("done")
"""


def test_closing_while_other_threads_read_ends_them_with_an_error(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSED_BY_ANOTHER, path, Path(__file__).parents[1]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


def test_a_store_that_was_forgotten_lets_go_of_its_files(path: Path) -> None:
    store = SQLiteStore.create(path)
    EventLog(store).append(opening())
    held = [weakref.ref(c) for c in store.datastore.pool._pool]
    assert held
    del store
    gc.collect()
    assert [connection() for connection in held] == [None] * len(held)


def test_no_connection_stays_out_of_the_pool(store: SQLiteStore) -> None:
    log = EventLog(store)
    log.append(opening())
    for number in range(40):
        next(store.rows())
        with pytest.raises(Conflict):
            log.append([control("r")], expected={"alder": 0})
        with pytest.raises(RuntimeError), store.writing():
            raise RuntimeError
        log.append([control(f"r{number}")])
    assert store.datastore.pool.num_in_use == 0
    assert store.datastore.pool.num_in_pool <= 5


def test_too_many_readers_at_once_are_refused_and_the_writer_goes_on(
    store: SQLiteStore,
) -> None:
    readers = [store.rows() for _ in range(99)]  # half way, they hold nothing
    with store.writing() as work:
        work.insert([draft() for _ in range(9_000)])
    assert {next(reader).position for reader in readers} == {1}
    pool = store.datastore.pool
    pool.pool_timeout = 0.05
    with ExitStack() as taken:
        for _ in range(pool.pool_size + pool.max_overflow):
            taken.enter_context(store.datastore.get_connection(commit=False))
        with pytest.raises(StorageError):
            next(store.rows())
        with pytest.raises(StorageError), store.writing():
            pass
    with store.writing() as work:
        work.insert([draft("r")])
    assert store.head() == 9_001


def test_a_reader_in_the_way_does_not_slow_each_write(
    store: SQLiteStore, path: Path
) -> None:
    """The write-ahead log cannot be folded in; it is tried, and not waited for."""
    waits: list[str] = []
    with store.datastore.get_connection(commit=True) as connection:
        connection._sqlite_conn.set_trace_callback(waits.append)
    with reader_of(path):
        for _ in range(2):
            with store.writing() as work:
                work.insert([draft(body=b"b" * 6_000_000)])
    waits = [sql for sql in waits if "busy_timeout" in sql]
    assert waits.count("PRAGMA busy_timeout=0") == 2
    assert "PRAGMA busy_timeout=1000" not in waits


def test_the_write_ahead_log_is_folded_in_when_it_is_long(
    store: SQLiteStore, path: Path
) -> None:
    wal = path.with_name(path.name + "-wal")
    with store.writing() as work:
        work.insert([draft(body=b"b" * 1_000_000)])
    assert wal.stat().st_size > 1_000_000
    with store.writing() as work:
        work.insert([draft(body=b"b" * 6_000_000)])
    assert wal.stat().st_size == 0


def test_a_symlink_is_the_file_that_it_names(store: SQLiteStore, path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    other = SQLiteStore.open(link, lock_timeout=0.1)
    EventLog(other).append(opening())
    assert store.head() == 5
    with store.writing(), pytest.raises(Busy), other.writing():
        pass
    other.close()
    assert not link.with_name("link.lock").exists()


@pytest.mark.parametrize(
    "name",
    ["a?mode=memory", "a#b", "100%41", "two words", "حلب", ":memory:", "a&b=c;'"],
)
def test_no_name_of_a_file_carries_options(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / name
    path.parent.mkdir()
    store = SQLiteStore.create(path)
    EventLog(store).append(opening())
    store.close()
    assert sorted(f.name for f in path.parent.iterdir()) == sorted(
        [name, name + ".head", name + ".lock"]
    )
    again = SQLiteStore.open(path)
    assert again.head() == 5
    again.close()


def test_a_name_that_is_no_text_works_too(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    store = SQLiteStore.create(path)
    EventLog(store).append(opening())
    store.close()
    again = SQLiteStore.open(path)
    assert again.head() == 5
    again.close()
