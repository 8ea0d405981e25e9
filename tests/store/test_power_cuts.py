"""What a cut of the power leaves of a chronicle (`soak_power.py`).

`make soak` cuts two hundred thousand times.
"""

from __future__ import annotations

import re
from pathlib import Path
from unittest import mock

import pytest

import soak_power
from chronicle.errors import OutcomeUnknown, StorageError
from chronicle.store.checkpoint import Head
from chronicle.store.headfile import head_beside, read_head
from chronicle.store.log import EventLog
from chronicle.store.sqlite import store as sqlite
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening
from recorded_disk import FSYNC, FULL, OK, READ_ONLY, WRITE, Disk, Op
from soak_power import NAMED, WHOLE, Platter


@pytest.mark.slow
def test_five_thousand_cuts_lose_nothing_acknowledged() -> None:
    ended = soak_power.campaign(5_000, seed=1)
    assert ended["well"] == 5_000
    assert ended["disks"] > 1_000


def test_what_is_not_synced_is_lost_and_the_head_tells() -> None:
    """The test of the test; and what the head beside the chronicle is for."""
    ended = soak_power.campaign(150, seed=1, synchronous="NORMAL")
    assert ended["told"] > 10
    assert ended["lost"] == 0  # unseen
    assert ended["well"] + ended["told"] == 150


def test_a_head_that_is_not_on_the_disk_tells_of_no_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chronicle.store.headfile.sync_folder", lambda folder: None)
    ended = soak_power.campaign(150, seed=1, synchronous="NORMAL")
    assert ended["lost"] > 0


def test_each_head_is_on_the_disk_before_anything_is_acknowledged(
    tmp_path: Path,
) -> None:
    made = soak_power.history(3, tmp_path)
    heads = [op for op in made.ops if op.kind == "head"]
    assert {op.at for op in heads} == {WHOLE | NAMED}
    acknowledged = [n for n, op in enumerate(made.ops) if op.kind == "told"]
    assert len(heads) > len(acknowledged) > 10


def test_a_commit_that_the_disk_does_not_sync_is_unknown_and_settled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.chronicle"
    broken = False

    def watch(op: Op) -> int:
        return FSYNC if broken and op.kind == "sync" else OK

    with Disk(tmp_path, watch):
        store = SQLiteStore.create(path)
        EventLog(store).append(opening())
        broken = True
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="run the same command again"):
                EventLog(store).append([control("r1")], key="k")
        broken = False
        assert EventLog(store).append([control("r1")], key="k") == [6]
        assert [row.position for row in store.rows()] == [1, 2, 3, 4, 5, 6]
        store.close()


@pytest.mark.parametrize("code", [FULL, WRITE, READ_ONLY], ids=["full", "io", "ro"])
def test_a_write_that_fails_anywhere_records_nothing(tmp_path: Path, code: int) -> None:
    """At the first write of a command, the second …, until all are done."""
    path = tmp_path / "a.chronicle"
    left = 10_000

    def watch(op: Op) -> int:
        nonlocal left
        left -= op.kind == "write"
        return code if left < 0 else OK

    with Disk(tmp_path, watch):
        store = SQLiteStore.create(path)
        EventLog(store).append(opening())
        number, told = 0, ""
        while number == 0 or told:
            left, told, number = number, "", number + 1
            try:
                EventLog(store).append([control("r1")], key="k")
            except (OutcomeUnknown, StorageError) as refused:
                told = str(refused)
            assert store.head() == (5 if told else 6)
            assert not told or re.search("nothing was recorded|recorded or not", told)
        assert number > 4
        left = 10_000
        store.close()


class Killed(BaseException):
    """Between the commit and the head."""


def test_what_is_found_under_a_key_is_on_the_disk_with_its_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.chronicle"
    store = SQLiteStore.create(path)
    EventLog(store).append(opening())
    beside, synced = head_beside(path), []
    killed = mock.patch.object(sqlite, "write_head", side_effect=Killed)
    with killed, pytest.raises(Killed):
        EventLog(store).append([control("r1")], key="k")
    assert Head.parse(read_head(beside)).size == 5
    monkeypatch.setattr(sqlite, "sync_file", synced.append)
    assert EventLog(store).append([control("r1")], key="k") == [6]
    assert Head.parse(read_head(beside)).size == 6
    assert synced == [path.with_name("a.chronicle-wal")]
    monkeypatch.setattr(sqlite, "sync_file", mock.Mock(side_effect=OSError(5, "no")))
    with pytest.raises(OutcomeUnknown, match="recorded or not: run the same command"):
        EventLog(store).append([control("r1")], key="k")
    SQLiteStore.open(path).close()  # to read goes on
    store.close()


def test_a_platter_keeps_sectors_whole_or_not_at_all() -> None:
    disk = Platter()
    disk.take(Op("write", "a", 0, b"1" * 1_024))
    disk.take(Op("sync", "a"))
    disk.take(Op("write", "a", 256, b"2" * 512))
    halves = iter((True, False))
    torn = disk._after("a", lambda op, at: next(halves))
    assert torn == b"1" * 256 + b"2" * 256 + b"1" * 512
    disk.take(Op("size", "a", 100))
    assert disk._after("a", lambda op, at: op.kind == "size") == b"1" * 100
    disk.take(Op("sync", "a"))
    assert disk._after("a", lambda op, at: False) == b"1" * 100
