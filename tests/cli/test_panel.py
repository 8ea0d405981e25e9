"""`chronicle panel`: place by day, of one record and of several side by side."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import chronicle as ch
from chronicle.report.panels import panels, places_table
from shell import run

PLACES = {
    # record -> id -> (name, GeoNames id, P-code)
    "north": {"alder": ("Alder", "11", "X01"), "birch": ("Birch", "", "X02")},
    "south": {
        "aldermere": ("Aldermere", "11", ""),
        "birch": ("Birch", "", "X09"),
        "cedar": ("Cedar", "", "X02"),
    },
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = []
    for record, places in PLACES.items():
        paths.append(tmp_path / f"{record}.chronicle")
        with ch.create(paths[-1]) as log:
            log.append(
                [
                    *(
                        ch.SettlementRegistered(
                            settlement=id_, name=name, lat=10.25, lon=20.75,
                            geonames_id=geonames, pcode=pcode,
                        )
                        for id_, (name, geonames, pcode) in places.items()
                    ),
                    ch.ActorRegistered(actor="red", name="Red"),
                    ch.ControlReported(
                        report_id="r1", source="radio", settlement="birch",
                        controller="red", valid_from=date(2024, 1, 1),
                    ),
                    ch.ControlReported(
                        report_id="r2", source="radio", settlement="birch",
                        status="contested",
                        valid_from=date(2024, 1, 9 + len(record) % 2),
                    ),
                ]
            )  # fmt: skip
    return paths


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_panel_of_one_record_is_a_state_for_each_day(files: list[Path]) -> None:
    ended = run("panel", files[0])
    assert ended.code == 0, ended.err
    found = rows(ended.out)
    with ch.open(files[0]) as log:
        wanted = [
            (id_, str(day.date()), place.control or "", place.status)
            for id_ in ("alder", "birch")
            for day in pd.date_range("2024-01-01", "2024-01-10")
            for place in [log.state(day.date()).places[id_]]
        ]
    keys = ("settlement", "on", "control", "status")
    assert [tuple(row[key] for key in keys) for row in found] == wanted
    assert "as known at position" in ended.err


def test_several_records_keep_their_ids_and_share_places(files: list[Path]) -> None:
    ended = run("panel", *files, "--freq", "M", "--to", "2024-01-31")
    assert ended.code == 0, ended.err
    assert [(r["record"], r["place"], r["settlement"]) for r in rows(ended.out)] == [
        ("north", "geonames:11", "alder"),
        ("north", "pcode:X02", "birch"),
        ("south", "geonames:11", "aldermere"),
        ("south", "south/birch", "birch"),  # the same name is no code
        ("south", "pcode:X02", "cedar"),
    ]
    assert {r["on"] for r in rows(ended.out)} == {"2024-01-31"}


def test_without_days_all_records_have_the_same(files: list[Path]) -> None:
    with ch.open(files[0]) as north, ch.open(files[1]) as south:
        found = panels({"north": north, "south": south}, "W")
    days = found.groupby("record")["on"].unique().map(list)
    assert days["north"] == days["south"]
    assert str(days["north"][-1].date()) == "2024-01-10"
    assert found.attrs["records"]["north"]["position"] == 5


def test_the_places_of_the_records_are_one_table(files: list[Path]) -> None:
    found = rows(run("panel", *files, "--places").out)
    assert [(r["place"], r["north"], r["south"]) for r in found] == [
        ("geonames:11", "alder", "aldermere"),
        ("pcode:X02", "birch", "cedar"),
        ("south/birch", "", "birch"),
    ]


def registered(record: str, **places: dict[str, Any]) -> ch.Chronicle:
    log = ch.memory()
    common = {"name": "x", "lat": 10.25, "lon": 20.75}
    log.append(
        ch.SettlementRegistered(settlement=id_, **(common | more))
        for id_, more in places.items()
    )
    return log


def test_a_code_that_a_record_has_twice_joins_nothing() -> None:
    one = registered("one", a={"geonames_id": "1"}, b={"geonames_id": "1"})
    two = registered("two", a={"geonames_id": "1"})
    found = places_table({"one": one, "two": two})
    assert found.column("place") == ["one/a", "one/b", "two/a"]


def test_codes_that_contradict_each_other_join_by_the_surer_one() -> None:
    one = registered(
        "one", a={"geonames_id": "1", "pcode": "P"}, b={"geonames_id": "2"}
    )
    two = registered("two", a={"geonames_id": "1"}, b={"pcode": "P"})
    found = places_table({"one": one, "two": two})
    assert sorted(found.column("place")) == ["geonames:1", "one/b", "two/b"]


def test_a_shared_place_is_as_coarse_as_the_strictest_record_asks() -> None:
    one = registered("one", a={"pcode": "P"})
    two = registered("two", a={"pcode": "P", "sensitivity": "high"})
    three = registered("three", a={"pcode": "P", "sensitivity": "severe"})
    assert places_table({"one": one, "two": two}).column("lat") == [10.2]
    found = places_table({"one": one, "two": two, "three": three})
    assert found.column("lat") == [None]


def test_the_panel_goes_out_in_every_format(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    told = {}
    for suffix in ("csv", "json", "parquet", "xlsx"):
        path = tmp_path / f"panel.{suffix}"
        ended = run("panel", files[0], "--columns", "settlement,on", "--out", path)
        assert ended.code == 0, ended.err
        told[suffix] = path
    frame = pd.read_parquet(told["parquet"])
    assert list(frame.columns) == ["settlement", "on"]
    sheet = pd.read_excel(told["xlsx"], sheet_name="table")
    assert len(sheet) == len(frame) == len(pd.read_csv(told["csv"])) == 20
    about = pd.read_excel(told["xlsx"], sheet_name="about")
    assert "as known at position 5" in about["about"][0]


def test_what_makes_no_panel_is_told(files: list[Path]) -> None:
    same = run("panel", files[0], files[0])
    assert same.code == 2
    assert "are one record" in same.err
    none = run("panel")
    assert none.code == 2
    assert run("panel", files[0], "--columns", "nothing").code == 2
    back = run("panel", files[0], "--from", "2024-02-01", "--to", "2024-01-01")
    assert back.code == 2
    assert "has no day" in back.err


def test_the_environment_names_the_record_of_a_panel(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONICLE_FILE", str(files[0]))
    assert len(rows(run("panel").out)) == 20


@pytest.mark.parametrize("command", ["state", "history", "log"])
def test_any_table_is_a_workbook_too(
    files: list[Path], tmp_path: Path, command: str
) -> None:
    path = tmp_path / "table.xlsx"
    more = ["birch"] if command == "history" else []
    ended = run(command, files[0], *more, "--out", path)
    assert ended.code == 0, ended.err
    whole = rows(run(command, files[0], *more).out)
    sheet = pd.read_excel(path, sheet_name="table")
    assert list(sheet.columns) == list(whole[0])
    assert len(sheet) == len(whole)
