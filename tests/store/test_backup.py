"""Backups: taken while others write, proven before they get a name, restored."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.errors import (
    Conflict,
    Damaged,
    IntegrityFailure,
    StorageError,
    Untrusted,
    UsageError,
)
from chronicle.store.sqlite.snapshot import SQLiteSnapshot
from log_toys import control, opening
from shell import run

HELD = [control("r1"), control("r2", source="paper", controller="blue")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A chronicle of seven events, whose write-ahead log is not folded in."""
    path = tmp_path / "a.chronicle"
    with ch.create(path) as record:
        record.append([*opening(), *HELD], key="k")
    return path


def states(path: Path) -> list[object]:
    with ch.open(path) as record:
        return [record.identity, record.head, *record.log(), record.state().control]


def test_a_backup_holds_the_same_record_and_its_keys(
    path: Path, tmp_path: Path
) -> None:
    with ch.open(path) as record:
        made = record.backup(tmp_path / "b.chronicle")
    assert (made.path, made.position) == (tmp_path / "b.chronicle", 7)
    assert states(made.path) == states(path)
    with ch.open(made.path) as copy:  # a command of unknown outcome is still settled
        assert copy.append([*opening(), *HELD], key="k") == list(range(1, 8))
        assert copy.head == 7


def test_a_backup_has_what_is_only_in_the_write_ahead_log(
    path: Path, tmp_path: Path
) -> None:
    """What a copy of the file alone would lose."""
    with ch.open(path) as record:
        record.append(control("late"))
        made = record.backup(tmp_path / "b.chronicle")
        shutil.copyfile(path, tmp_path / "copied.chronicle")
    assert made.position == 8
    with ch.open(tmp_path / "copied.chronicle") as copied:
        assert copied.head == 7


def test_equal_records_have_equal_digests_and_others_not(
    path: Path, tmp_path: Path
) -> None:
    with ch.open(path) as record:
        first = record.backup(tmp_path / "1.chronicle")
        second = record.backup(tmp_path / "2.chronicle")
        record.append(control("late"))
        third = record.backup(tmp_path / "3.chronicle")
    assert first.digest == second.digest != third.digest
    with ch.open(second.path) as record:
        assert record.backup(tmp_path / "4.chronicle").digest == first.digest


def test_a_folder_keeps_backups_by_position(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with ch.open(path) as record:
        assert record.backup(kept).path == kept / "a-7.chronicle"
        record.append(control("late"))
        assert record.backup(kept).path == kept / "a-8.chronicle"
        with pytest.raises(Conflict):
            record.backup(kept)


def test_nothing_that_is_there_is_written_over(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.chronicle"
    other.write_bytes(b"precious")
    with ch.open(path) as record, pytest.raises(Conflict):
        record.backup(other)
    with pytest.raises(Conflict):
        ch.restore(path, other)
    for _ in range(2):
        with pytest.raises(Conflict, match="the backup itself"):
            ch.restore(path, path, replace=True)
    assert other.read_bytes() == b"precious"


def test_restoring_gives_the_record_as_it_was(path: Path, tmp_path: Path) -> None:
    before = states(path)
    with ch.open(path) as record:
        made = record.backup(tmp_path / "b.chronicle")
        record.append(control("late"))
    path.unlink()
    found = ch.restore(made.path, path)
    assert (found.digest, found.aside) == (made.digest, None)
    assert states(path) == before
    with ch.open(path) as record:
        assert record.append(control("r3")) == [8]


def test_what_is_replaced_is_kept_and_its_writers_are_told(
    path: Path, tmp_path: Path
) -> None:
    with ch.open(path) as record:
        made = record.backup(tmp_path / "b.chronicle")
        record.append(control("late"))
        found = ch.restore(made.path, path, replace=True)
        with pytest.raises(StorageError, match="replaced"):
            record.append(control("lost"))
    assert found.aside == tmp_path / "a.chronicle.replaced-1"
    with ch.open(path) as record, ch.open(found.aside) as aside:
        assert (record.head, aside.head) == (7, 8)  # with its write-ahead log
        assert record.merge(found.aside).new == 1
    again = ch.restore(made.path, path, replace=True)
    assert again.aside == tmp_path / "a.chronicle.replaced-2"


def test_a_backup_from_read_only_media_is_restored(path: Path, tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    with ch.open(path) as record:
        made = record.backup(disc)
    made.path.chmod(0o400)
    found = ch.restore(made.path, tmp_path / "c.chronicle")
    assert os.access(found.path, os.W_OK)
    assert states(found.path) == states(path)


@pytest.mark.parametrize("what", ["copy", "compare"])
def test_a_copy_that_is_not_proven_is_not_kept(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    real = SQLiteSnapshot.copy_into

    def spoilt(self: SQLiteSnapshot, made: Path, *more: object) -> None:
        real(self, made, *more)  # type: ignore[arg-type]
        if what == "copy":  # the last page was never written
            with made.open("rb+") as file:
                file.truncate(made.stat().st_size - 100)
        else:
            with sqlite3.connect(made) as db:
                guard = db.execute(
                    "SELECT sql FROM sqlite_schema WHERE name = 'commands_delete'"
                ).fetchone()[0]
                db.execute("DROP TRIGGER commands_delete")
                db.execute("DELETE FROM commands")
                db.execute(guard)
            db.close()

    monkeypatch.setattr(SQLiteSnapshot, "copy_into", spoilt)
    with ch.open(path) as record, pytest.raises(Damaged):
        record.backup(tmp_path / "b.chronicle")
    left = {file.name for file in tmp_path.iterdir()}
    beside = {"a.chronicle.head", "a.chronicle.lock", "b.chronicle.lock"}
    assert left <= {"a.chronicle", *beside}


def test_a_record_that_does_not_replay_has_no_backup(
    path: Path, tmp_path: Path
) -> None:
    """Its columns say something else than its events."""
    with sqlite3.connect(path) as db:
        guard = db.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'events_update'"
        ).fetchone()[0]
        db.execute("DROP TRIGGER events_update")
        db.execute("UPDATE events SET hot = zeroblob(48) WHERE position = 7")
        db.execute(guard)
    db.close()
    with ch.open(path) as record, pytest.raises(IntegrityFailure, match="position 7"):
        record.backup(tmp_path / "b.chronicle")
    assert not (tmp_path / "b.chronicle").exists()


def test_only_a_chronicle_is_restored(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no chronicle")
    with pytest.raises(Untrusted):
        ch.restore(tmp_path / "notes.txt", tmp_path / "c.chronicle")
    with pytest.raises(StorageError):
        ch.restore(tmp_path / "nothing", tmp_path / "c.chronicle")
    with ch.memory() as record, pytest.raises(UsageError, match="memory"):
        record.backup(tmp_path / "c.chronicle")
    assert not (tmp_path / "c.chronicle").exists()


WRITER = """
import sys, chronicle as ch
sys.path.insert(0, sys.argv[2])
from log_toys import control
with ch.open(sys.argv[1]) as record:
    for number in range(100_000):
        record.append([control(f"w{number}-{n}") for n in range(20)])
"""


@pytest.fixture
def writer(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    tests = str(Path(__file__).parents[1])
    process = subprocess.Popen([sys.executable, "-c", WRITER, path, tests])
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_the_restore_drill_under_a_writer(
    path: Path, tmp_path: Path, writer: subprocess.Popen[bytes]
) -> None:
    """Whole transactions only, each backup a prefix of the record that went on."""
    heads = []
    with ch.open(path) as record:
        while record.head < 100:
            assert writer.poll() is None
            threading.Event().wait(0.01)
        for number in range(5):
            made = record.backup(tmp_path / f"{number}.chronicle")
            found = ch.restore(made.path, tmp_path / f"back-{number}.chronicle")
            assert (found.position, found.digest) == (made.position, made.digest)
            heads.append(found.position)
            with ch.open(found.path) as back:
                assert list(back.log()) == list(record.log(0, found.position))
    assert writer.poll() is None
    assert all((head - 7) % 20 == 0 for head in heads)
    assert heads == sorted(heads)


def test_what_a_replicator_adds_is_refused_and_can_be_taken_away(path: Path) -> None:
    """As the page on backups tells users of Litestream."""
    before = states(path)
    tables = ("_litestream_seq", "_litestream_lock")
    for deed in ("CREATE TABLE {} (id INTEGER)", "DROP TABLE {}"):
        with sqlite3.connect(path) as db:
            for table in tables:
                db.execute(deed.format(table))
        db.close()
        if deed.startswith("CREATE"):
            with pytest.raises(Untrusted, match="_litestream_lock, _litestream_seq"):
                ch.open(path)
    assert states(path) == before


def test_from_the_command_line(path: Path, tmp_path: Path) -> None:
    made = run("backup", path, tmp_path / "b.chronicle")
    assert made.code == 0, made.err
    name, position, digest = made.out.split()
    assert (name, position, len(digest)) == (str(tmp_path / "b.chronicle"), "7", 64)
    assert "proven" in made.err
    assert run("backup", path, tmp_path / "b.chronicle").code == 4
    assert run("restore", tmp_path / "b.chronicle", path).code == 4
    back = run("restore", tmp_path / "b.chronicle", path, "--replace")
    assert back.code == 0, back.err
    assert back.out.split()[1:] == [position, digest]
    assert "a.chronicle.replaced-1" in back.err
    assert run("restore", tmp_path / "none", tmp_path / "c").code == 6


def test_progress_is_told(path: Path, tmp_path: Path) -> None:
    told = []
    with ch.open(path) as record:
        record.backup(
            tmp_path / "b.chronicle", progress=lambda what, done: told.append(what)
        )
    assert list(dict.fromkeys(told)) == ["copying", "replaying", "verifying"]
