"""Faults that real files brought to light, each with its smallest input."""

import csv
import io
from datetime import date

import pytest

import chronicle
import field_files
from chronicle.domain.displacement import figures_on, why_not_added
from chronicle.domain.events import (
    DisplacementReported,
    IncidentReported,
    ReportAmended,
)
from chronicle.errors import InputError
from chronicle.formats.field_file import Wanted
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.sheet import SheetOptions
from chronicle.formats.spreadsheet.table import TableOptions

FIGURE = "id,valid_on,measure,category,persons,area,counter,published,source,note\n"


def folder(path, **files):
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, "utf-8")
    return path


def stock(id_, persons, day="2022-12-31", **said):
    return DisplacementReported(
        report_id=id_,
        source="iom",
        measure="stock",
        category="displaced",
        persons=persons,
        area="Northland",
        counter="iom",
        valid_on=day,
        **said,
    )


def test_stocks_of_one_day_stand_side_by_side_and_are_not_added(tmp_path):
    data = folder(
        tmp_path / "data",
        displacement=FIGURE
        + "a0,2022-11-30,stock,displaced,7,Northland,iom,2022-11-30,iom,\n"
        + "a1,2022-12-31,stock,displaced,100,Northland,iom,2022-12-31,iom,conflict\n"
        + "a2,2022-12-31,stock,displaced,250,Northland,iom,2022-12-31,iom,flood\n",
        sources="id,name\niom,IOM\n",
    )
    with chronicle.memory() as log:
        log.import_folder(data)
        told = log.displaced("2022-12-31")
        assert told.column("report") == ["a1", "a2"]
        assert "no total" in " ".join(told.notes)
        assert log.displaced("2022-12-30").column("report") == ["a0"]
        assert not [row for row in log.check("2022-12-31") if row["about"] == "a2"]


def test_an_earlier_stock_makes_way_whatever_the_order_of_rows():
    from chronicle.domain.timeline import EffectiveClaim

    when = __import__("datetime").datetime(2023, 1, 1)
    held = figures_on(
        [
            EffectiveClaim(n, when, claim)
            for n, claim in enumerate(
                [stock("b", 2), stock("a", 1, "2022-12-01"), stock("c", 3)], 1
            )
        ],
        date(2023, 1, 1),
    )
    assert [one.claim.report_id for one in held] == ["b", "c"]


@pytest.mark.parametrize(
    ("whole", "part", "apart"),
    [
        ("KG02000000000", "KG02205000000", False),
        ("SY02", "SY0201", False),
        ("SY02", "SY03", True),
        ("KG02000000000", "KG03000000000", True),
        ("AF10", "AF11", True),
    ],
)
def test_p_codes_nest_under_noughts(whole, part, apart):
    flows = [
        DisplacementReported(
            report_id=area,
            source="ocha",
            measure="flow",
            category="newly displaced",
            persons=1,
            area=area,
            counter="ocha",
            since="2022-09-14",
            until="2022-09-21",
        )
        for area in (whole, part)
    ]
    assert (why_not_added(flows) == "") is apart


def control(day, actor):
    return (
        "id,valid_from,settlement,to_actor,status,source\n"
        f"alder,{day},alder,{actor},held,table\n"
    )


def test_a_table_keyed_by_place_is_warned_of(tmp_path):
    shared = {
        "settlements": "id,name,lat,lon\nalder,Alder,1,2\n",
        "actors": "id,name\nred,Red\nblue,Blue\n",
    }
    one = folder(tmp_path / "1", control=control("2024-01-01", "red"), **shared)
    two = folder(tmp_path / "2", control=control("2024-03-01", "blue"), **shared)
    with chronicle.memory() as log:
        log.import_folder(one, dataset="t")
        told = log.import_folder(two, dataset="t")
        notes = [note for file in told.files for note in file.notes]
        assert any("an id names a report, not a place" in note for note in notes)
        assert any("alder" in note for note in notes)


def test_a_change_of_one_or_the_other_is_no_warning(tmp_path):
    shared = {
        "settlements": "id,name,lat,lon\nalder,Alder,1,2\n",
        "actors": "id,name\nred,Red\nblue,Blue\n",
    }
    one = folder(tmp_path / "1", control=control("2024-01-01", "red"), **shared)
    two = folder(tmp_path / "2", control=control("2024-01-02", "red"), **shared)
    with chronicle.memory() as log:
        log.import_folder(one, dataset="t")
        told = log.import_folder(two, dataset="t")
        assert told.total("changed") == 1
        assert not [note for file in told.files for note in file.notes]


def test_a_vintage_asks_the_log_no_more_often_than_the_one_before(tmp_path):
    """A table of which each day only `published` and `note` change."""
    shared = {
        "settlements": "id,name,lat,lon\nalder,Alder,1,2\nbirch,Birch,2,3\n",
        "actors": "id,name\nred,Red\n",
    }
    asked = []
    with chronicle.memory() as log:
        store = log._log.store
        for name in ("reports", "remarks_on"):
            real = getattr(store, name)

            def counting(ids, real=real):
                asked[-1] += 1
                return real(ids)

            setattr(store, name, counting)
        for day in range(1, 9):
            asked.append(0)
            rows = "".join(
                f"r{n},2023-12-01,{place},red,held,2024-01-{day:02},table,seen {day}\n"
                for n, place in enumerate(("alder", "birch"))
            )
            data = folder(
                tmp_path / "t",
                control="id,valid_from,settlement,to_actor,status,published,source,note\n"
                + rows,
                **shared,
            )
            log.import_folder(data)
        amended = [r for r in log.log() if isinstance(r.event, ReportAmended)]
        assert len(amended) == 14
        assert log.state("2024-01-01").places["alder"].control == "red"
        claims = [s.claim for s in log.state("2024-01-01").heard.control["alder"]]
        assert [claim.note for claim in claims] == ["seen 8"]
    assert asked[-1] == asked[3]


# --- vintages of a source's own data ------------------------------------------------


def ged(path, rows, **changes):
    with (field_files.FOLDER / "ucdp-ged" / "car.csv").open(encoding="utf-8") as file:
        told = list(csv.DictReader(file))[:rows]
    for row in told:
        for name, value in changes.get(f"id{row['id']}", {}).items():
            row[name] = value
    text = io.StringIO()
    writer = csv.DictWriter(text, list(told[0]))
    writer.writeheader()
    writer.writerows(told)
    path.write_text(text.getvalue(), "utf-8")
    return path


def test_a_later_vintage_changes_what_it_says_anew_whatever_its_file_is_called(
    tmp_path,
):
    first = ged(tmp_path / "GED_stored-2023-02-03.csv", 6)
    changed = {"where_coordinates": "Elsewhere city", "latitude": "5.5", "best": "9"}
    moved = {**changed, "high": "9", "date_start": "1993-05-01", "date_end": ""}
    second = ged(tmp_path / "GED_stored-2023-06-01.csv", 5, id20192=moved)
    with chronicle.memory() as log:
        log.import_folder(first)
        before = log.head
        told = log.import_folder(second)
        assert told.total("changed") == 1
        assert told.total("not_told") == 1  # it stands, and is told of
        assert not [one for one in told.problems if one.lost]
        assert told.total("gone") == 0
        found = log.report("ucdp-ged:20192").event
        assert isinstance(found, IncidentReported)
        assert found.killed != 9  # what was said before is kept
        now = {
            one.claim.report_id: one.claim
            for one in log.state("2030-01-01").heard.incidents
        }
        assert now["ucdp-ged:20192"].killed == 9
        then = log.state("2030-01-01", known_at=before).heard.incidents
        assert {one.claim.report_id: one.claim.killed for one in then}[
            "ucdp-ged:20192"
        ] == found.killed


def test_a_complete_vintage_retracts_what_it_lacks(tmp_path):
    first = ged(tmp_path / "GED_stored-2023-02-03.csv", 6)
    second = ged(tmp_path / "GED_stored-2023-06-01.csv", 5)
    with chronicle.memory() as log:
        log.import_folder(first)
        assert log.import_folder(second, complete=True).total("gone") == 1
        assert log.import_folder(first).total("changed") == 1  # it is back


def test_parts_of_one_data_set_are_no_vintages_of_each_other(tmp_path):
    one = ged(tmp_path / "GED_2022.csv", 6)
    two = ged(tmp_path / "GED_2023.csv", 2)
    with chronicle.memory() as log:
        log.import_folder(one)
        told = log.import_folder(two, complete=True)
        assert (told.total("gone"), told.total("not_told")) == (0, 0)


def test_vintages_list_what_came_in_and_what_each_said_anew(tmp_path):
    first = ged(tmp_path / "GED_stored-2023-02-03.csv", 6)
    second = ged(
        tmp_path / "GED_stored-2023-06-01.csv", 5, id20192={"best": "9", "high": "9"}
    )
    with chronicle.memory() as log:
        log.import_folder(first)
        log.import_folder(second, complete=True)
        told = log.vintages()
        assert told.column("file") == [first.name, second.name]
        assert told.column("changed") == [0, 1]
        assert told.column("gone") == [0, 1]
        rewritten = log.vintages(told.column("position")[1])
        changed = {row["field"]: row for row in rewritten if row["what"] == "changed"}
        assert set(changed) == {"killed", "killed_high"}
        assert (changed["killed"]["report"], changed["killed"]["after"]) == (
            "ucdp-ged:20192",
            "9",
        )
        gone = [row["report"] for row in rewritten if row["what"] == "gone"]
        assert len(gone) == 1
        log.import_folder(first)
        back = log.vintages(log.vintages().column("position")[2])
        assert [row["report"] for row in back if row["what"] == "back"] == gone
        with pytest.raises(InputError, match="no import was closed"):
            log.vintages(1)


@pytest.mark.parametrize(
    ("encoding", "name", "page"),
    [
        ("cp1251", "Мариуполь", "Windows-1251"),
        ("cp1256", "دير الزور", "Windows-1256"),
        ("cp1252", "Orléans", "Windows-1252"),
    ],
)
def test_a_format_of_the_field_is_read_in_the_code_page_of_its_words(
    encoding, name, page, tmp_path
):
    path = tmp_path / "cod.csv"
    text = f"PPL_NAME,PPL_PCODE,LAT,LONG\n{name},C1,47.1,37.5\n"
    path.write_bytes(text.encode(encoding))
    with chronicle.memory() as log:
        result = log.import_folder(path)
        assert [p.name for p in log.references().settlements.values()] == [name]
        (said,) = result.problems
        assert said.rule == f"is not UTF-8; read as {page}"


def test_two_code_pages_that_fit_are_asked_about_and_settled_by_encoding(tmp_path):
    path = tmp_path / "cod.csv"
    text = "PPL_NAME,PPL_PCODE,LAT,LONG\nКиїв,C1,50.4,30.5\n"
    path.write_bytes(text.encode("cp1251"))
    with chronicle.memory() as log:
        with pytest.raises(InputError, match="--encoding cp1251"):
            log.import_folder(path)
        said = ColumnMapping(sheet=SheetOptions(encoding="cp1251"))
        log.import_folder(path, wanted=Wanted(table=TableOptions(mapping=said)))
        assert log.references().settlements["c1"].name == "Київ"


def test_utf8_with_a_spoilt_byte_keeps_its_other_letters(tmp_path):
    path = tmp_path / "cod.csv"
    rows = "".join(f"Київ {n},C{n},50.4,30.{n}\n" for n in range(9))
    text = f"PPL_NAME,PPL_PCODE,LAT,LONG\n{rows}Лиман,X,49,37\n"
    path.write_bytes(text.encode()[:-20] + b"\xff" + text.encode()[-20:])
    with chronicle.memory() as log:
        result = log.import_folder(path)
        assert log.references().settlements["c1"].name == "Київ 1"
        assert any("UTF-8 but for some bytes" in one.rule for one in result.problems)
