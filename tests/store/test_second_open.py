"""A file that is opened twice, by two names, or cut short: nothing is lost unseen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.errors import Damaged, InputError, StorageError
from chronicle.formats.rows import open_local
from chronicle.store.sqlite.schema import check_file

OPENING = [
    ch.SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=1),
    ch.ActorRegistered(actor="red", name="Red"),
]
ELSEWHERE = """
import sys
import chronicle as ch
with ch.open(sys.argv[1]) as log:
    log.head
    if len(sys.argv) > 2:
        log.append(ch.ControlReported(report_id=sys.argv[2], source="s",
            settlement="alder", controller="red", valid_from="2024-11-28"))
"""


def report(id_: str) -> ch.ControlReported:
    return ch.ControlReported(
        report_id=id_,
        source="s",
        settlement="alder",
        controller="red",
        valid_from="2024-11-27",
    )


def elsewhere(path: Path, *words: str) -> None:
    command = [sys.executable, "-c", ELSEWHERE, str(path), *words]
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with ch.create(tmp_path / "a.chronicle") as log:
        log.append(OPENING)
    return tmp_path / "a.chronicle"


def looks(path: Path) -> None:
    ch.open(path).close()


def looks_as_a_command_does(path: Path) -> None:
    from chronicle.cli.opening import is_record

    assert is_record(path)


def looks_as_an_output_does(path: Path) -> None:
    from chronicle.cli.render import free
    from chronicle.errors import UsageError

    with pytest.raises(UsageError, match="is a database"):
        free(path)


def looks_as_an_import_does(path: Path) -> None:
    with pytest.raises(InputError, match="SQLite database"):
        open_local(path)


@pytest.mark.skipif(os.name != "posix", reason="locks that a close drops are POSIX's")
@pytest.mark.parametrize(
    "look",
    [looks, looks_as_a_command_does, looks_as_an_output_does, looks_as_an_import_does],
)
def test_a_second_look_at_an_open_file_leaves_its_locks(path, look) -> None:
    """Else another process takes itself for the last and removes the log under us."""
    mine = ch.open(path)
    mine.append(report("mine-1"))
    look(path)

    elsewhere(path)
    assert path.with_name(path.name + "-wal").exists()
    elsewhere(path, "theirs")
    assert mine.head == 4
    assert mine.append(report("mine-2")) == [5]

    mine.close()
    with ch.open(path) as log:
        told = [r.event.report_id for r in log.log(2)]
    assert told == ["mine-1", "theirs", "mine-2"]


def test_a_file_with_two_names_is_refused(path: Path) -> None:
    os.link(path, path.with_name("b.chronicle"))

    with pytest.raises(StorageError, match="second name"):
        ch.open(path)
    path.with_name("b.chronicle").unlink()
    ch.open(path).close()


def test_a_new_chronicle_has_one_name_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.chronicle"
    ch.create(path).close()

    assert path.stat().st_nlink == 1
    assert not list(tmp_path.glob(".a.chronicle*"))
    with pytest.raises(ch.errors.Conflict, match="was not touched"):
        ch.create(path)


def test_a_file_cut_anywhere_in_its_last_two_pages_is_noticed(path: Path) -> None:
    with ch.open(path) as log:
        log.append([report(f"r{n}") for n in range(30)])
    whole = path.stat().st_size
    cut = path.with_name("cut.chronicle")
    for less in [*range(1, 8192, 509), 4095, 4096, 4097, 8191, 8192]:
        shutil.copy(path, cut)
        os.truncate(cut, whole - less)
        with pytest.raises(Damaged):
            check_file(cut)
