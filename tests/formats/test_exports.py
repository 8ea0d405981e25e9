"""Out again: what each export tells is what the record answers."""

import csv
import io
import json
import sqlite3
import struct
import zipfile
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest

import chronicle
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    IncidentReported,
    ReportAmended,
    ReportRetracted,
    ReportsLinked,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.errors import UsageError
from chronicle.formats.writing.guard import cell, guarded, unguarded


def place(id_, lat=36.0, **said):
    return SettlementRegistered(
        settlement=id_, name=id_.title(), lat=lat, lon=37.0, **said
    )


def control(id_, settlement, controller, day, source="ap", **said):
    return ControlReported(
        report_id=id_,
        source=source,
        settlement=settlement,
        controller=controller,
        status="held" if controller else "contested",
        valid_from=day,
        **said,
    )


@pytest.fixture
def log():
    hours = iter(range(10_000))
    start = datetime(2024, 12, 1, tzinfo=UTC)
    with chronicle.memory(clock=lambda: start + timedelta(hours=next(hours))) as made:
        made.append(
            [
                place("alder", geonames_id="11"),
                place("birch", lat=36.123456, sensitivity="high"),
                place("cedar", sensitivity="severe"),
                ActorRegistered(actor="red", name="Red", colour="#c0392b"),
                ActorRegistered(actor="blue", name="Blue & Co"),
                SourceRegistered(source="ap", name="AP", reliability="B"),
            ]
        )
        made.append(control("c1", "alder", "red", "2024-11-26", note="=1+1"))
        made.append(control("c2", "alder", "blue", "2024-11-30"))
        made.append(control("c3", "alder", "red", "2024-12-03", source="sana"))
        made.append(ReportRetracted(report="c2"))
        made.append(control("c4", "birch", None, "2024-11-28"))
        made.append(ReportAmended(report="c4", changes={"valid_from": "2024-11-29"}))
        made.append(ReportAmended(report="c3", changes={"settlement": "birch"}))
        made.append(control("c5", "cedar", "red", "2024-11-27", published="2024-11-27"))
        made.append(ReportsLinked(report="c3", other="c1", relation="disputes"))
        made.append(
            DisplacementReported(
                report_id="d1",
                source="ap",
                measure="flow",
                category="newly displaced",
                persons=1200,
                area="SY02",
                counter="ocha",
                since="2024-11-27",
                until="2024-11-30",
            )
        )
        made.append(
            IncidentReported(
                report_id="i1",
                source="ap",
                kind="Attack",
                valid_from="2024-11-27",
                settlement="alder",
                killed=3,
            )
        )
        yield made


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_the_long_table_answers_as_the_record_on_every_day_at_every_position(log):
    told = rows(log.export("control"))
    days = [date(2024, 11, 25) + timedelta(days=n) for n in range(12)]
    for recorded in log.log():
        moment = recorded.recorded_at.isoformat().replace("+00:00", "Z")
        for day in days:
            state = log.state(day, known_at=recorded.position)
            for id_, found in state.places.items():
                fits = [
                    row
                    for row in told
                    if row["settlement"] == id_
                    and row["valid_from"] <= str(day)
                    and (not row["valid_to"] or str(day) < row["valid_to"])
                    and row["known_from"] <= moment
                    and (not row["known_to"] or moment < row["known_to"])
                ]
                sides = [(row["control"] or None, row["status"]) for row in fits]
                if found.status == "unknown":
                    assert not sides
                else:
                    assert sides == [(found.control, found.status)]


def test_the_own_folder_imports_to_the_same_answers(log, tmp_path):
    for name, data in log.export("own").items():
        (tmp_path / name).write_bytes(data)
    with chronicle.memory() as again:
        assert not again.import_folder(tmp_path).problems
        for day in ("2024-11-27", "2024-11-30", "2024-12-03"):
            then, now = log.state(day), again.state(day)
            assert then.control == now.control
            assert then.status == now.status
            assert [f.claim.persons for f in then.figures] == [
                f.claim.persons for f in now.figures
            ]
        assert [r.event.killed for r in again.log() if hasattr(r.event, "killed")] == [
            3
        ]


def test_a_panel_has_a_row_for_each_place_and_day(log):
    told = rows(log.export("viina", start="2024-11-27", end="2024-11-29"))
    alder = [row["status"] for row in told if row["settlement"] == "alder"]
    birch = [row["status"] for row in told if row["settlement"] == "birch"]
    assert alder == ["red"] * 3
    assert birch == ["", "", "CONTESTED"]
    assert {row["geonameid"] for row in told if row["settlement"] == "alder"} == {"11"}
    with pytest.raises(UsageError):
        log.export("viina", start="2024-11-29", end="2024-11-27")


def test_geojson_has_inclusive_ends_and_tells_no_severe_place(log):
    told = json.loads(log.export("geojson"))["features"]
    spots = {
        one["properties"]["settlement"]: one["geometry"]
        and one["geometry"]["coordinates"]
        for one in told
    }
    assert spots == {"alder": [37.0, 36.0], "birch": [37.0, 36.1], "cedar": None}
    first = next(one["properties"] for one in told if one["id"] == 1)
    assert (first["start_date"], first["end_date"]) == ("2024-11-29", "2024-12-02")
    assert first["edtf"] == "2024-11-29/2024-12-02"


def test_kml_is_xml_with_time_spans(log):
    space = {"k": "http://www.opengis.net/kml/2.2"}
    root = ElementTree.fromstring(log.export("kml").decode())
    begins = [one.text for one in root.findall(".//k:begin", space)]
    assert begins == ["2024-11-26", "2024-11-29", "2024-12-03"]
    assert "#red" in [one.text for one in root.findall(".//k:styleUrl", space)]


def test_hxl_tags_stand_in_the_second_row_and_ends_are_included(log):
    _, tags, one = csv.reader(io.StringIO(log.export("hxl").decode()))
    told = dict(zip(tags, one, strict=True))
    assert told["#affected+idps+ind"] == "1200"
    assert (told["#date+start"], told["#date+end"]) == ("2024-11-27", "2024-11-29")


def test_a_geopackage_is_sqlite_with_points(log, tmp_path):
    path = tmp_path / "out.gpkg"
    path.write_bytes(log.export("gpkg"))
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    layers = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents"))
    assert layers["control"] == "features"
    assert layers["displacement"] == "attributes"
    ((shape, since),) = database.execute(
        "SELECT geom, valid_from FROM control WHERE settlement = 'alder'"
    )
    assert shape[:2] == b"GP"
    assert struct.unpack("<BIdd", shape[8:]) == (1, 1, 37.0, 36.0)
    assert since == "2024-11-26"
    database.close()
    assert log.export("gpkg") == path.read_bytes()


def test_a_workbook_has_sheets_days_and_no_formula(log):
    archive = zipfile.ZipFile(io.BytesIO(log.export("xlsx")))
    names = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheets = [one.get("name") for one in names.iter() if one.get("sheetId")]
    assert sheets == ["control", "displacement", "incidents", "settlements", "sources"]
    for name in archive.namelist():
        text = archive.read(name).decode()
        ElementTree.fromstring(text)
        assert "<f>" not in text
    first = archive.read("xl/worksheets/sheet1.xml").decode()
    assert (
        f'<c s="1"><v>{(date(2024, 11, 26) - date(1899, 12, 30)).days}</v></c>' in first
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_cell_that_a_spreadsheet_would_compute_is_guarded(text):
    assert cell(text) == f"'{text}"
    assert cell(-1) == "-1"


@pytest.mark.parametrize("text", ["=1+1", "'=1+1", "''-1", "'a", "a", "'", " =x", "-"])
def test_what_was_guarded_is_read_as_it_was(text):
    assert unguarded(guarded(text)) == text


def test_text_that_begins_as_a_formula_survives_the_own_folder(tmp_path):
    with chronicle.memory() as log:
        log.append(
            [
                SettlementRegistered(settlement="alder", name="=A1", aliases=("+x",)),
                ActorRegistered(actor="red", name="-Red"),
            ]
        )
        log.append(control("c1", "alder", "red", "2024-11-26", note="'=1+1"))
        log.append(
            control(f"c{n}", "alder", "red", "2024-11-27", note="=1+1")
            for n in range(2, 40)  # enough for a block
        )
        for name, data in log.export("own").items():
            (tmp_path / name).write_bytes(data)
        notes = [e.note for e in (r.event for r in log.log()) if hasattr(e, "note")]
    with chronicle.memory() as log:
        log.import_folder(tmp_path)
        place = log.references().settlements["alder"]
        assert (place.name, place.aliases) == ("=A1", ("+x",))
        assert log.references().actors["red"].name == "-Red"
        again = [r.event for r in log.log() if r.event.TYPE == "control-reported"]
        assert [one.note for one in again] == [n for n in notes if "1+1" in n]


def test_exports_keep_to_the_clocks(log):
    assert len(rows(log.export("control", known_at=7))) == 1
    told = json.loads(log.export("geojson", published_by="2024-11-27"))["features"]
    assert [one["properties"]["settlement"] for one in told] == ["cedar"]
