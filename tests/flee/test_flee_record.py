"""A FLEE folder in the record."""

from datetime import date

import pytest

import chronicle
import flee_toy
from chronicle.domain.events import (
    DisplacementReported,
    IncidentReported,
    RouteStatusReported,
)
from chronicle.flee.read import read_flee
from chronicle.flee.record import flee_folder
from chronicle.formats.field_file import Wanted
from shell import run

WANTED = Wanted(folders={"flee": flee_folder})


@pytest.fixture
def folder(tmp_path):
    return flee_toy.toy_folder(tmp_path / "toy")


def test_a_folder_becomes_places_roads_conflict_and_counts(folder):
    case, _ = read_flee(folder)
    with chronicle.memory() as log:
        log.import_folder(folder, wanted=WANTED)
        known = log.references()
        assert len(known.settlements) == len(case.locations)
        assert len(known.routes) == len(case.links)
        events = [one.event for one in log.log()]
        counts = [e for e in events if isinstance(e, DisplacementReported)]
        told = [*case.camps, *([case.total] if case.total else [])]
        assert len(counts) == sum(len(one.days) for one in told)
        assert sum(c.persons for c in counts) == sum(
            round(n) for one in told for n in one.persons
        )
        assert {c.counter for c in counts} == {"unhcr"}
        zones = {
            name for name, days in case.conflicts.items() if any(n > 0 for n in days)
        }
        wars = [e for e in events if isinstance(e, IncidentReported)]
        assert len({w.settlement for w in wars}) == len(zones)
        assert all(w.aggregate for w in wars)
        assert all(isinstance(w.valid_from, date) for w in wars)
        head = log.head
        again = log.import_folder(folder, wanted=WANTED)
        assert log.head == head
        assert not again.total("new")


def test_closures_shut_the_roads_that_they_name(folder):
    case, _ = read_flee(folder)
    with chronicle.memory() as log:
        log.import_folder(folder, wanted=WANTED)
        shut = [e.event for e in log.log() if isinstance(e.event, RouteStatusReported)]
        assert bool(shut) == bool(case.closures)
        assert all(one.shut for one in shut)


def test_the_shell_knows_a_flee_folder(folder, tmp_path):
    file = tmp_path / "x.chronicle"
    chronicle.create(file).close()
    made = run("import", file, folder, "--format", "csv")
    assert made.code == 0
    assert made.out.splitlines()[1].startswith("toy,")


def test_a_user_may_say_that_a_folder_is_flees(folder, tmp_path):
    record = tmp_path / "f.chronicle"
    run("init", record)
    assert run("import", record, folder, "--as", "flee").code == 0
    (tmp_path / "other").mkdir()
    ended = run("import", record, tmp_path / "other", "--as", "flee")
    assert ended.code == 3
    assert "is no folder of the format flee" in ended.err
    ended = run("import", record, folder, "--as", "fleet")
    assert ended.code == 2
    assert "own, table, flee" in ended.err
