"""Readers in the way, full disks, forked writers, leftovers: said, and survived."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.errors import Busy, Damaged, IntegrityFailure, StorageError
from chronicle.store.log import EventLog
from chronicle.store.sqlite import errors
from chronicle.store.sqlite import store as sqlite
from chronicle.store.sqlite.errors import operational
from chronicle.store.sqlite.lock import file_lock
from chronicle.store.sqlite.schema import check_file
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening
from shell import PYTHON, run, spawned

SECRET = "the harmful words"
PAGE = 4_096  # bytes, the default of SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append([*opening(), control("r1", note=SECRET)])
    return path


def bytes_of(path: Path) -> bytes:
    files = [path, *(path.with_name(path.name + s) for s in ("-wal", "-shm"))]
    return b"".join(file.read_bytes() for file in files if file.exists())


# --- a redaction with a reader in the way ----------------------------------------


def test_a_redaction_with_a_reader_in_the_way_says_so(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM events").fetchone()
        ended = run("redact", path, "r1", "--yes")
        assert (ended.code, ended.out) == (5, "7\tredact:r1\n")
        assert "is recorded, but the payload of r1 is still on the disk" in ended.err
        with ch.open(path) as log:  # nor is it forgotten by a process that comes later
            assert not log.purge()
    assert run("redact", path, "r1", "--yes").code == 0
    assert SECRET.encode() not in bytes_of(path)


def test_a_redaction_that_was_in_the_way_leaves_with_the_next_write(path: Path) -> None:
    with ch.open(path) as log:
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT COUNT(*) FROM events").fetchone()
            log.append(ch.ReportRedacted(report="r1"))
            assert not log.purge()
        log.append(control("r2"))
        assert log.purge()
        assert SECRET.encode() not in bytes_of(path)


# --- what was recorded before the answer could not be told -----------------------

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


@needs_full
@pytest.mark.parametrize("closed", [False, True], ids=["full", "closed"])
def test_what_was_recorded_is_not_called_unrecorded(path: Path, closed: bool) -> None:
    words = ["settlement=alder", "controller=red", "valid_from=2024-11-28", "source=s"]
    command = [*PYTHON, "report", str(path), *words, "--key", "mine"]
    with FULL.open("w") as full:
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" >&-', "sh", *command] if closed else command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 6
    assert "it was RECORDED in" in done.stderr
    assert "under the key 'mine'" in done.stderr
    assert spawned(*command[3:]).code == 0  # the same words again
    with ch.open(path) as log:
        assert log.head == 7


@needs_full
def test_an_answer_that_cannot_be_told_is_no_fault_of_ours(path: Path) -> None:
    for words in (["log", str(path)], ["--help"]):
        with FULL.open("w") as full:
            done = subprocess.run(
                [*PYTHON, *words], stdout=full, stderr=subprocess.PIPE, check=False
            )
        assert done.returncode == 6
        assert b"nothing was recorded by this command" in done.stderr
    with FULL.open("w") as full:
        done = subprocess.run([*PYTHON, "log", "none"], stderr=full, check=False)
    assert done.returncode == 6


# --- locks -----------------------------------------------------------------------


def test_busy_is_called_busy(path: Path) -> None:
    words = ["settlement=alder", "controller=red", "valid_from=2024-11-28", "source=s"]
    with file_lock(path.with_name(path.name + ".lock"), 0):
        ended = spawned(
            *("--json-errors", "report", path, *words),
            env={"CHRONICLE_LOCK_TIMEOUT": "0.2"},
        )
    told = json.loads(ended.err)
    assert (ended.code, told["error"], told["exit_code"]) == (5, "Busy", 5)
    assert f"process {os.getpid()};" in told["message"]


@pytest.mark.parametrize("told", ["１", "1_0", " 1 ", "1e3", "-1", "nan", "inf", "+1"])
def test_odd_digits_are_no_seconds(path: Path, told: str, monkeypatch) -> None:
    monkeypatch.setenv("CHRONICLE_LOCK_TIMEOUT", told)
    assert run("check", path).code == 2


def test_locks_of_other_programs_are_waited_for_as_long_as_was_said(
    path: Path,
) -> None:
    store = SQLiteStore.open(path, lock_timeout=0.25)
    with store.datastore.get_connection(commit=False) as connection:
        raw = connection._sqlite_conn
        waits = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    assert waits == 250
    seen: list[str] = []
    raw.set_trace_callback(seen.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="locked by another program"):
            EventLog(store).append([control("r2")])
    given = [int(s.split("=")[1]) for s in seen if s.startswith("PRAGMA busy_timeout=")]
    assert given
    assert max(given) <= 250
    store.close()


FORKED = """
import os, signal, sys, time
import chronicle as ch
log = ch.open(sys.argv[1])
with log._log.store.writing():
    child = os.fork()
    if child == 0:
        os.close(1)
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_a_killed_writer_does_not_keep_its_lock(path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORKED, path], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    child = int(writer.stdout.readline())
    writer.wait()
    writer.stdout.close()
    try:
        with ch.open(path, lock_timeout=5) as log:
            assert log.append(control("r2")) == [7]
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_unwinds_does_not_release_the_lock_of_its_parent(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "a.lock"
    child = 0
    with suppress(ZeroDivisionError), file_lock(lock, 0):
        child = os.fork()
        if child == 0:
            raise ZeroDivisionError
        os.waitpid(child, 0)
        with pytest.raises(Busy), file_lock(lock, 0):
            pass
    if child == 0:
        os._exit(0)


def test_the_holder_that_has_ended_is_not_named_as_the_one(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lock = tmp_path / "a.lock"
    with file_lock(lock, 0):
        lock.write_bytes(b"\0" + f"{ended.pid:<20}".encode())
        with pytest.raises(Busy, match=f"started by process {ended.pid}, which has"):
            file_lock(lock, 0).__enter__()


# --- what lies beside the file, and the file itself ------------------------------


def test_a_rollback_journal_of_another_program_is_left_alone(path: Path) -> None:
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\1" * 600)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="unfinished change"):
        ch.open(path)
    assert path.read_bytes() == before
    journal.unlink()
    ch.open(path).close()


def test_a_read_only_file_is_called_so(path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sqlite, "best_mode", lambda path: "ro")
    path.with_name(path.name + ".lock").touch()
    with ch.open(path) as log, pytest.raises(StorageError, match="is read-only"):
        log.append(control("r2"))


def test_a_file_read_without_locks_is_not_read_beside_a_writer(
    path: Path, monkeypatch
) -> None:
    """In a folder that is read-only to the reader, but not to the writer."""
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "best_mode", lambda path: "ro&immutable=1")
        reader = ch.open(path)
    with reader:
        before = reader.state(on="2024-12-01").control
        with ch.open(path) as writer:
            writer.append(control("r2"))
            with pytest.raises(Busy, match="run the command again"):
                reader.state(on="2024-12-01")
        with pytest.raises(Busy, match="was written to while it was read"):
            reader.state(on="2024-12-01")
    with ch.open(path) as again:
        assert again.state(on="2024-12-01").control.keys() == before.keys()


def test_a_second_name_given_to_an_open_file_is_noticed(path: Path) -> None:
    with ch.open(path) as log:
        os.link(path, path.with_name("b.chronicle"))
        with pytest.raises(StorageError, match="second name"):
            log.append(control("r2"))
        path.with_name("b.chronicle").unlink()
        assert log.append(control("r2")) == [7]


def test_a_file_that_is_cut_while_open_takes_no_more(path: Path) -> None:
    with ch.open(path) as log:
        log.append(control("r2"))
        os.truncate(path, path.stat().st_size - 4_096)
        with pytest.raises(StorageError, match="became shorter"):
            log.append(control("r3"))


def test_pages_that_only_the_log_holds_are_not_missing(path: Path) -> None:
    """In the middle of a checkpoint the file is shorter than the database."""
    with ch.open(path) as log:
        whole = path.stat().st_size
        log.append([control(f"n{n}", note="n" * 900) for n in range(60)])
        for suffix in ("", "-wal"):
            copy = path.with_name("copy" + suffix)
            copy.write_bytes(path.with_name(path.name + suffix).read_bytes())
    copy = path.with_name("copy")
    logged = _pages_in(path.with_name("copy-wal"))
    assert max(logged) * PAGE > whole == copy.stat().st_size
    check_file(copy)
    assert whole // PAGE not in logged  # the last page of old is nowhere else
    os.truncate(copy, whole - 100)
    with pytest.raises(Damaged, match=r"cut short|malformed"):
        check_file(copy)


def _pages_in(log: Path) -> set[int]:
    """The numbers of the pages that a fresh write-ahead log has frames of."""
    held = log.read_bytes()
    frames = range(32, len(held), 24 + PAGE)
    return {int.from_bytes(held[at : at + 4], "big") for at in frames}


def test_a_full_disk_is_called_full(path: Path, monkeypatch) -> None:
    """A closed chronicle cannot be read there: SQLite needs a file beside it."""
    assert not errors._is_full(path)

    class Full:
        f_bavail, f_frsize = 3, 4_096

    monkeypatch.setattr(os, "statvfs", lambda path: Full)
    told = operational(path, sqlite3.OperationalError("disk I/O error"))
    assert isinstance(told, StorageError)
    assert "is full, and even to read it" in str(told)


def test_nothing_is_recorded_after_damage_was_found(path: Path) -> None:
    with ch.open(path) as log:
        with closing(sqlite3.connect(path)) as other:
            (trigger,) = other.execute(
                "SELECT sql FROM sqlite_schema WHERE name = 'events_update'"
            ).fetchone()
            other.execute("DROP TRIGGER events_update")
            other.execute("UPDATE events SET hot = zeroblob(48) WHERE position = 6")
            other.execute(trigger)
            other.commit()
        assert log.append(control("r2")) == [7]
        with pytest.raises(IntegrityFailure, match="position 6"):
            log.check()
        with pytest.raises(Damaged, match="position 6"):
            log.append(control("r3"))


# --- what killed processes leave -------------------------------------------------


def test_what_a_killed_init_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a[1].chronicle"
    for name in ("0123abcd.new", "0123abcd.new-wal", "0123abcd.new-journal"):
        (tmp_path / f".a[1].chronicle.{name}").touch()
    (tmp_path / ".a[1].chronicle.notes.new").touch()
    ch.create(path).close()
    left = {file.name for file in tmp_path.iterdir()}
    beside = {f"{path.name}.lock", f"{path.name}.head"}
    assert left == {path.name, *beside, ".a[1].chronicle.notes.new"}


COPYING = """
import sys, time
import chronicle as ch
log = ch.open(sys.argv[1])
from chronicle.api.chronicle import _Scratch
copy = _Scratch(log._log.store)
print("ready", flush=True)
time.sleep(60)
"""


def test_the_copy_of_a_killed_dry_run_is_removed(
    path: Path, tmp_path: Path, monkeypatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    killed, living = (
        subprocess.Popen([sys.executable, "-c", COPYING, path], stdout=subprocess.PIPE)
        for _ in range(2)
    )
    for child in (killed, living):
        assert child.stdout is not None
        child.stdout.readline()
    assert len(list(place.iterdir())) == 2
    killed.kill()
    killed.wait()
    copies = tmp_path / "none.csv"
    copies.write_text("settlement,name\n")
    run("import", path, copies, "--dry-run")
    assert len(list(place.iterdir())) == 1
    living.kill()
    living.wait()
    for child in (killed, living):
        assert child.stdout is not None
        child.stdout.close()
