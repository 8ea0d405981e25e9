"""UCDP GED: what its traps are read as."""

import csv

import pytest

import field_files
from chronicle.domain.events import IncidentReported, SettlementRegistered

CAR = field_files.FOLDER / "ucdp-ged" / "car.csv"


@pytest.fixture
def rows():
    with CAR.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(tmp_path, rows, **changes):
    path = tmp_path / "ged.csv"
    changed = [{**row, **changes} for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(changed)
    return path


def test_every_row_is_an_incident_with_its_best_figure(rows):
    incidents = field_files.events(field_files.read(CAR), IncidentReported)
    assert len(incidents) == len(rows)
    assert sum(one.killed for one in incidents) == sum(int(r["best"]) for r in rows)
    assert {one.report_id for one in incidents} == {f"ucdp-ged:{r['id']}" for r in rows}


def test_only_places_are_settlements(rows):
    incidents = field_files.events(field_files.read(CAR), IncidentReported)
    exact = {f"ucdp-ged:{r['id']}" for r in rows if r["where_prec"] in ("1", "2")}
    assert {one.report_id for one in incidents if one.settlement} == exact
    assert all(one.area for one in incidents if not one.settlement)


def test_a_bound_on_the_wrong_side_is_left_out_and_told(tmp_path, rows):
    path = written(tmp_path, rows[:1], low="3", best="2", high="3")
    read = field_files.read(path)
    (one,) = field_files.events(read, IncidentReported)
    assert (one.killed_low, one.killed, one.killed_high) == (None, 2, 3)
    assert "low given as 3" in one.note
    assert [problem.lost for problem in field_files.problems(read)] == [False]


def test_the_order_of_a_date_is_found_from_the_whole_file_or_asked_for(tmp_path, rows):
    two = [dict(rows[0]), dict(rows[1])]
    for row in two:
        row["date_start"] = row["date_end"] = "05/02/2014 00:00"
    path = written(tmp_path, two)
    read = field_files.read(path)
    assert not field_files.events(read, IncidentReported)
    assert "order of day and month" in str(field_files.problems(read)[0])
    told = field_files.read(path, options={"dates": "dmy"})
    days = {one.valid_from for one in field_files.events(told, IncidentReported)}
    assert {day.isoformat() for day in days} == {"2014-02-05"}
    two[1]["date_start"] = two[1]["date_end"] = "05/22/2014 00:00"
    found = field_files.events(
        field_files.read(written(tmp_path, two)), IncidentReported
    )
    assert [one.valid_from.isoformat() for one in found] == ["2014-05-02", "2014-05-22"]


def test_two_places_of_one_name_far_apart_are_two(tmp_path, rows):
    two = [dict(rows[1], where_prec="1"), dict(rows[1], id="7", where_prec="1")]
    two[1]["latitude"] = "6.0"
    places = field_files.events(
        field_files.read(written(tmp_path, two)), SettlementRegistered
    )
    assert [place.settlement for place in places] == [
        "bangui-bangui-region",
        "bangui-bangui-region@6.00,18.58",
    ]
