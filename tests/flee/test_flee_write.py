"""A control history written as a FLEE folder, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chronicle.errors import InputError, UnknownId, UsageError
from chronicle.flee.read import read_flee
from chronicle.flee.write import Closure, ExportedRoad, conflict_changes
from flee_toy import PLACES, START, day, written


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"roads": [ExportedRoad(first="alder", second="elm", distance_km=5)]},
         UnknownId, "elm"),
        ({"conflicts": {"elm": []}}, UnknownId, "elm"),
        ({"counts": {"elm": []}}, UnknownId, "elm"),
        ({"closures": [Closure(first="alder", second="cedar", since=START)]},
         UnknownId, "route 'alder - cedar'"),
        ({"roads": [ExportedRoad(first="alder", second="birch", distance_km=0)]},
         InputError, "km above 0"),
        ({"places": [PLACES[0], PLACES[0]]}, InputError, "given twice"),
        ({"places": [replace(PLACES[0], id="#x")]}, InputError, "cannot take this id"),
        ({"places": [replace(PLACES[0], id="total")]}, InputError, "cannot take this"),
        ({"places": [replace(PLACES[0], latitude=95)]}, InputError, "off the map"),
        ({"places": [replace(PLACES[0], population=-1)]}, InputError, "0 or more"),
        ({"counts": {"cedar": [(START, -1)]}}, InputError, "fewer than 0"),
        ({"days": 0}, InputError, "a day at least"),
    ],
)  # fmt: skip
def test_what_flee_cannot_take_is_refused_and_nothing_written(
    tmp_path: Path, changes: dict[str, object], error: type[Exception], told: str
):
    with pytest.raises(error, match=re.escape(told)):
        written(tmp_path / "out", **changes)
    assert not (tmp_path / "out").exists()


def test_a_folder_in_use_is_not_touched(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_conflict_before_the_start_holds_on_the_first_day(tmp_path: Path):
    conflicts = {"birch": [(day(-9), True), (day(3), False)]}
    case, _ = read_flee(written(tmp_path / "out", conflicts=conflicts))
    assert case.conflicts["birch"][:5] == (1, 1, 1, 0, 0)


def test_conflict_is_read_off_a_control_history():
    history = [
        (day(0), "held", "red"),
        (day(3), "contested", None),
        (day(5), "held", "blue"),
        (day(9), "held", "blue"),
        (day(20), "held", "red"),
        (day(21), "besieged", "red"),
    ]
    assert conflict_changes(history, days_after_change=2) == [
        (day(3), True),
        (day(7), False),
        (day(20), True),
    ]
    assert conflict_changes([], days_after_change=2) == []


@pytest.mark.parametrize(("people", "hasten"), [(2_000, 1), (12_345_678, 123)])
def test_an_agent_of_flee_stands_for_more_where_more_people_live(
    tmp_path: Path, people: int, hasten: int
):
    homes = [place for place in PLACES if place.kind == "town"]
    places = [replace(p, population=0) if p in homes else p for p in PLACES]
    places[places.index(replace(homes[0], population=0))] = replace(
        homes[0], population=people
    )
    folder = written(tmp_path / "out", places=places)
    assert f"hasten: {hasten} " in (folder / "simsetting.yml").read_text()
    read_flee(folder)
