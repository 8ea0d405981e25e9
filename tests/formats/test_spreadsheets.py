"""Spreadsheets as people have them: each in at most three commands, nothing misread."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

import pytest

import chronicle as ch
import sheets
from shell import run

NAMES = ("Date", "Place", "Who", "Source", "Note")
TABLE = sheets.rows()


def as_excel(path: Path) -> Path:
    title = ["Valdoria: who holds what", None, None, None, None]
    typed = [(datetime.combine(day, time()), *rest) for day, *rest in TABLE]
    return sheets.excel(path / "own.xlsx", [title, [], NAMES, *typed], ["A1:E1"])


def as_libre_office(path: Path) -> Path:
    header = ("Lieu", "Date", "Contrôlé par", "Source", "Remarques", "")
    told = [
        (f"{place} ", f"{day:%d/%m/%Y}", who, source, note, "")
        for day, place, who, source, note in TABLE
    ]
    table = [header, *told, ("",) * 6]
    return sheets.text(path / "libre.csv", table, delimiter=";", encoding="utf-8-sig")


def as_google(path: Path) -> Path:
    header = ("Source", "Settlement name", "Date of control", "Held by", "Comments")
    told = [
        (source, place, f"{day:%b} {day.day}, {day.year}", who, note)
        for day, place, who, source, note in TABLE
    ]
    return sheets.text(path / "google.csv", [header, *told])


def as_arabic(path: Path) -> Path:
    header = ("المكان", "التاريخ", "الجهة المسيطرة", "المصدر", "ملاحظات")
    told = [
        (
            sheets.ARABIC[place],
            f"{day:%d/%m/%Y}",
            sheets.ARABIC[who], source, "نص",
        )
        for day, place, who, source, _ in TABLE
    ]  # fmt: skip
    return sheets.text(path / "arabic.csv", [header, *told], encoding="cp1256")


def as_russian(path: Path) -> Path:
    header = ("Дата", "Населённый пункт", "Кто", "Источник", "Примечание")
    told = [
        (f"{day.day}.{day.month}.{day.year}", place, who, source, "заметка")
        for day, place, who, source, _ in TABLE
    ]
    return sheets.text(
        path / "dmy.csv", [header, *told], delimiter="\t", encoding="cp1251"
    )


def as_open_document(path: Path) -> Path:
    return sheets.ods(path / "own.ods", [NAMES, *TABLE])


def as_utf16(path: Path) -> Path:
    return sheets.text(
        path / "wide.txt", [NAMES, *TABLE], delimiter="\t", encoding="utf-16"
    )


def as_sep(path: Path) -> Path:
    return sheets.text(
        path / "sep.csv", [NAMES, *TABLE], delimiter=";", before="sep=;\r\n"
    )


def as_gzip(path: Path) -> Path:
    plain = sheets.text(path / "plain.csv", [NAMES, *TABLE])
    (path / "own.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    return path / "own.csv.gz"


def as_zip(path: Path) -> Path:
    plain = sheets.text(path / "plain.csv", [NAMES, *TABLE])
    with zipfile.ZipFile(path / "own.zip", "w") as archive:
        archive.write(plain, "folder/plain.csv")
        archive.writestr("__MACOSX/._plain.csv", "x")
    return path / "own.zip"


def objects() -> list[dict[str, str]]:
    return [
        {
            "when": str(day),
            "Place": place,
            "held by": who,
            "Source": source,
            "Note": note,
        }
        for day, place, who, source, note in TABLE
    ]


def as_json(path: Path) -> Path:
    (path / "own.json").write_text(json.dumps({"rows": objects()}), "utf-8-sig")
    return path / "own.json"


def as_json_lines(path: Path) -> Path:
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in objects())
    (path / "own.ndjson").write_text(lines + "\n\n")
    return path / "own.ndjson"


def as_geojson(path: Path) -> Path:
    spots = {name: [44 + n / 10, 34 + n / 10] for n, name in enumerate(sheets.PLACES)}
    features = [
        {
            "type": "Feature",
            "properties": one,
            "geometry": {"type": "Point", "coordinates": spots[one["Place"]]},
        }
        for one in objects()
    ]
    told = {"type": "FeatureCollection", "features": features}
    (path / "own.geojson").write_text(json.dumps(told))
    return path / "own.geojson"


def as_parquet(path: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.Table.from_pylist(
        [{**one, "when": row[0]} for one, row in zip(objects(), TABLE, strict=True)]
    )
    parquet.write_table(table, path / "own.parquet")
    return path / "own.parquet"


MAKES = (
    as_excel, as_libre_office, as_google, as_arabic, as_russian, as_open_document,
    as_utf16, as_sep, as_gzip, as_zip, as_json, as_json_lines, as_geojson, as_parquet,
)  # fmt: skip


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__[3:])
def test_a_spreadsheet_answers_after_three_commands(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    path, record = make(tmp_path), tmp_path / "v.chronicle"
    assert run("init", record).code == 0
    ended = run("import", record, path, "--register")
    assert ended.code == 0, ended.err
    assert " 0 problems" in ended.err
    answer = run("state", record, "--on", "2025-03-20")
    assert answer.code == 0
    told = sheets.ARABIC if make is as_arabic else {}
    last = {told.get(place, place): told.get(who, who) for _, place, who, _, _ in TABLE}
    with ch.open(record) as log:
        actors = {id_: a.name for id_, a in log.references().actors.items()}
        state = log.state("2025-03-20")
        rows = {row["name"]: row for row in state.table()}
        assert len(rows) == 12
        for name, who in last.items():
            row = rows[name]
            if who in ("contested", sheets.ARABIC["contested"]):
                assert (row["control"], row["status"]) == (None, "contested")
            else:
                assert actors[row["control"]] == who
        assert sum(e.event.TYPE == "control-reported" for e in log.log()) == 40  # type: ignore[union-attr]
    again = run("import", record, path)
    assert again.code == 0
    assert "0 new, 0 changed, 0 gone, 0 not told this time, 40 unchanged" in again.err


def test_what_was_found_is_said(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    told = run("import", record, as_excel(tmp_path), "--register").err
    assert "1 row above the header (line 3) passed over" in told
    assert "1 merged range" in told
    assert "Date → valid_from, Place → settlement, Who → to_actor" in told
    assert "12 new places (12 without coordinates)" in told
    told = run("import", record, as_libre_office(tmp_path)).err
    assert "cells are parted by semicolons" in told
    assert "Date: digits of days are read as dmy" in told
    assert "40 cells had blanks around them" in told
    assert "read as cp1251" in run("import", record, as_russian(tmp_path)).err


def test_explain_shows_each_column_and_records_nothing(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    ended = run("import", record, as_google(tmp_path), "--explain")
    assert ended.code == 0
    assert ended.out.splitlines()[:3] == [
        "column,becomes,known_by,row_1,row_2,row_3",
        "Source,source,name,Reuters,Valdoria Post,Radio Kesh",
        "Settlement name,settlement,name,Tarn,Bel Hama,Vell",
    ]
    with ch.open(record) as log:
        assert log.head == 0


def test_a_mapping_is_saved_and_read_again(tmp_path: Path) -> None:
    record, toml = tmp_path / "v.chronicle", tmp_path / "m.toml"
    run("init", record)
    odd = sheets.text(
        tmp_path / "odd.csv",
        [
            ("A", "B", "C"),
            ("Tarn", "02/03/2025", "Gov."),
            ("Vell", "04/03/2025", "Gov."),
        ],
    )
    words = ("--column", "A=settlement", "--column", "B=valid_from")
    ended = run("import", record, odd, *words, "--kind", "control")
    assert ended.code == 3
    assert "no column is the to_actor or status" in ended.err
    words = (*words, "--column", "C=to_actor", "--source", "Reuters", "--register")
    ended = run("import", record, odd, *words, "--kind", "control")
    assert ended.code == 3
    assert "say --dates dmy or --dates mdy" in ended.err
    words = (*words, "--kind", "control", "--dates", "dmy", "--save-mapping", toml)
    assert run("import", record, odd, *words).code == 0
    ended = run("import", record, odd, "--mapping", toml)
    assert "2 unchanged" in ended.err
    with ch.open(record) as log:
        assert [r["valid_from"].month for r in log.history("tarn")] == [3]
    toml.write_text(toml.read_text().replace("dates", "datse"))
    ended = run("import", record, odd, "--mapping", toml)
    assert ended.code == 3
    assert "no key 'datse'; did you mean 'dates'?" in ended.err


# --- what may not be guessed --------------------------------------------------------


def refused(tmp_path: Path, table: list[tuple[object, ...]], *words: str) -> str:
    record = tmp_path / "r.chronicle"
    if not record.exists():
        run("init", record)
    path = sheets.text(tmp_path / "x.csv", table)
    ended = run("import", record, path, "--register", *words)
    assert ended.code == 3, ended
    with ch.open(record) as log:
        assert log.head == 0 or list(log.log())[-1].event.TYPE == "import-finished"  # type: ignore[union-attr]
    return ended.err


def test_days_that_may_be_two_are_asked_about(tmp_path: Path) -> None:
    table = [
        NAMES,
        ("01/03/2025", "Tarn", "Gov", "AP", ""),
        ("02/03/2025", "Vell", "Gov", "AP", ""),
    ]
    told = refused(tmp_path, table)
    assert "column 'Date': its days may be dmy or mdy" in told
    mixed = [
        *table,
        ("13/03/2025", "Tarn", "Gov", "AP", ""),
        ("03/14/2025", "T", "G", "A", ""),
    ]
    assert "several orders: '13/03/2025' (dmy), '03/14/2025' (mdy)" in refused(
        tmp_path, mixed
    )


def test_two_columns_of_one_meaning_are_asked_about(tmp_path: Path) -> None:
    table = [
        ("Date", "Place", "Who", "Controlled by", "Source"),
        ("2025-03-01", "a", "b", "c", "d"),
    ]
    assert "'Who' and 'Controlled by' may both be to_actor" in refused(tmp_path, table)


def test_a_table_that_nobody_can_tell_is_asked_about(tmp_path: Path) -> None:
    assert "say --kind" in refused(tmp_path, [("a", "b"), ("1", "2")])
    no_source = [("Date", "Place", "Who"), ("2025-03-01", "a", "b")]
    assert "--source NAME" in refused(tmp_path, no_source)


def test_faults_of_rows_are_told_and_the_others_go_in(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    path = sheets.text(
        tmp_path / "x.csv",
        [
            ("Date", "Place", "Who", "Source", "Status"),
            ("2025-03-01", "Tarn", "Gov", "AP", ""),
            ("31/02/2025", "Tarn", "Gov", "AP", ""),
            ("2025-03-02", "", "Gov", "AP", ""),
            ("2025-03-03", "Tarn", "", "AP", "held"),
            ("2025-03-03", "Tarn", "", "AP", "Under fog"),
            ("2025-03-04", "Tarn", "", "AP", "contested"),
        ],
    )
    ended = run("import", record, path, "--register")
    assert ended.code == 0
    for line, text in (
        (3, "Date: '31/02/2025': is no day of the calendar"),
        (4, "Place: '': must not be empty"),
        (5, "Who: '': names no party"),
        (6, "Status: 'Under fog': must be held"),
    ):
        assert f"x.csv:{line}: {text}" in ended.err
    assert "4 problems" in ended.err


# --- names --------------------------------------------------------------------------


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "v.chronicle"
    run("init", path)
    places = [
        ("name", "lat", "lon", "admin1", "pcode", "geonames_id", "aliases"),
        ("Tarn", "10.0", "20.0", "North", "VA01", "101", "Tarne|طرن"),
        ("Houla", "10.5", "20.0", "North", "VA02", "102", ""),
        ("Houla", "12.5", "20.0", "South", "VA03", "103", ""),
        ("Ad Dānā", "11.0", "21.0", "South", "VA04", "104", "الدانة"),
    ]
    file = sheets.text(tmp_path / "places.csv", places)
    assert run("import", path, file, "--as", "table").code == 0
    parties = tmp_path / "actors.csv"
    parties.write_text("id,name,short\ngov,Government of Valdoria,GoV\n")
    assert run("import", path, parties).code == 0
    return path


def table(
    tmp_path: Path, *rows: tuple[object, ...], more: tuple[str, ...] = ()
) -> Path:
    return sheets.text(
        tmp_path / "t.csv", [("Date", "Place", "Who", "Source", *more), *rows]
    )


def held(record: Path) -> dict[str, str | None]:
    with ch.open(record) as log:
        return {k: v for k, v in log.state("2025-04-01").control.items() if v}


@pytest.mark.parametrize("name", ["Tarn", "tarn", "TARNE", "طرن", "VA01", "101"])
def test_a_name_that_one_place_bears_is_taken(
    name: str, record: Path, tmp_path: Path
) -> None:
    path = table(tmp_path, ("2025-03-01", name, "gov", "AP"))
    assert run("import", record, path).code == 0
    assert held(record) == {"tarn": "gov"}


@pytest.mark.parametrize("name", ["Ad Dana", "الدانه", "al-Dana", "ad-dānā"])
def test_diacritics_and_arabic_variants_do_not_count(
    name: str, record: Path, tmp_path: Path
) -> None:
    assert (
        run("import", record, table(tmp_path, ("2025-03-01", name, "GoV", "AP"))).code
        == 0
    )
    assert list(held(record).values()) == ["gov"]


def test_a_name_of_two_places_is_one_problem(record: Path, tmp_path: Path) -> None:
    path = table(
        tmp_path, *[(f"2025-03-0{n}", "Houla", "gov", "AP") for n in range(1, 8)]
    )
    ended = run("import", record, path, "--register")
    assert ended.code == 3
    problems = [line for line in ended.err.splitlines() if line.startswith("t.csv:2")]
    (told,) = problems
    assert "'Houla': is the name of several: houla (Houla, North)" in told
    assert "houla-south (Houla, South, 222 km from houla)" in told
    assert "(7 rows)" in told


def test_a_place_is_told_by_province_or_by_coordinates(
    record: Path, tmp_path: Path
) -> None:
    rows = [("2025-03-01", "Houla", "gov", "AP", "South", "", "")]
    rows.append(("2025-03-01", "Houla", "gov", "AP", "", "10,51", "20,01"))
    path = table(tmp_path, *rows, more=("Province", "Lat", "Long"))
    assert run("import", record, path).code == 0
    assert held(record) == {"houla": "gov", "houla-south": "gov"}


def test_a_name_far_from_its_place_is_another(record: Path, tmp_path: Path) -> None:
    row = ("2025-03-01", "Tarn", "gov", "AP", "40", "40")
    path = table(tmp_path, row, more=("Lat", "Long"))
    ended = run("import", record, path)
    assert ended.code == 3
    assert "km off" in ended.err
    assert run("import", record, path, "--register").code == 0
    assert held(record) == {"tarn-2": "gov"}


def test_a_review_settles_names(record: Path, tmp_path: Path) -> None:
    review = tmp_path / "names.csv"
    rows = [
        ("2025-03-01", "Houla", "gov", "AP"),
        ("2025-03-02", "Houla", "Gov forces", "AP"),
        ("2025-03-03", "Tran", "gov", "AP"),
        ("2025-03-03", "Nowhere", "gov", "AP"),
    ]
    path = table(tmp_path, *rows)
    ended = run("import", record, path, "--review", review)
    assert ended.code == 3
    assert "4 names are open: fill in `choice`" in ended.err
    text = review.read_text("utf-8-sig")
    assert 'settlement,Tran,,1,4,"tarn (Tarn, North, 75% alike)"' in text
    for name, choice in (("Houla", "houla"), ("Gov forces", "gov"), ("Tran", "new")):
        text = text.replace(f",{name},,", f",{name},{choice},")
    review.write_text(text.replace(",Nowhere,,", ",Nowhere,-,"))
    ended = run("import", record, path, "--review", review)
    assert ended.code == 0
    assert "1 rows left out, as the review says" in ended.err
    assert held(record) == {"houla": "gov", "tran": "gov"}
    review.write_text("kind,name,choice\nsettlement,Houla,hula\n")
    ended = run("import", record, path, "--review", review)
    assert "was given the id 'hula', which no settlement has" in ended.err


def test_nothing_is_registered_for_rows_that_do_not_go_in(
    record: Path, tmp_path: Path
) -> None:
    path = table(tmp_path, ("2025-03-01", "Houla", "gov", "New Source"))
    assert run("import", record, path, "--register").code == 3
    with ch.open(record) as log:
        assert "new-source" not in log.references().sources


# --- people -------------------------------------------------------------------------


def test_figures_of_people(record: Path, tmp_path: Path) -> None:
    rows = [
        ("5 March 2025", "North", "~120 000", "OCHA"),
        ("6 March 2025", "North", "74k", "OCHA"),
        ("7 March 2025", "South", "over 70,000", "OCHA"),
        ("8 March 2025", "South", "5,000-7,000", "OCHA"),
        ("9 March 2025", "South", "٧٤٬٠٠٠", "OCHA"),
        ("10 March 2025", "South", "31.500", "OCHA"),
    ]
    path = sheets.text(
        tmp_path / "p.csv", [("As of", "District", "IDPs", "Source"), *rows]
    )
    ended = run("import", record, path)
    assert ended.code == 0
    assert "IDPs: '31.500': may be thousands or a decimal fraction" in ended.err
    with ch.open(record) as log:
        told = [
            (e.event.persons, e.event.low, e.event.high, e.event.qualifier)  # type: ignore[union-attr]
            for e in log.log()
            if e.event.TYPE == "displacement-reported"  # type: ignore[union-attr]
        ]
    assert told == [
        (120_000, None, None, "about"),
        (74_000, None, None, ""),
        (70_000, 70_000, None, "over"),
        (None, 5_000, 7_000, "range"),
        (74_000, None, None, ""),
    ]
    assert run("import", record, path, "--decimal", "comma").code == 0


def test_incidents(record: Path, tmp_path: Path) -> None:
    rows = [("2025-03-05", "Tarn", "Air/drone strike", "5-7", "12", "AP")]
    header = ("Date", "Town", "Event type", "Killed", "Wounded", "Source")
    path = sheets.text(tmp_path / "i.csv", [header, *rows])
    assert run("import", record, path).code == 0
    with ch.open(record) as log:
        (one,) = log.state("2025-03-06").heard.incidents
    assert (one.claim.killed_low, one.claim.killed_high, one.claim.injured) == (
        5,
        7,
        12,
    )


# --- encodings ----------------------------------------------------------------------


def test_an_encoding_that_may_be_two_is_asked_about(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    path = tmp_path / "x.csv"
    path.write_bytes(b"Date,Place,Who,Source\n2025-03-01,\xc0\xe0,Gov,AP\n")
    ended = run("import", record, path, "--register")
    assert ended.code == 3
    assert "may be" in ended.err
    assert "--encoding" in ended.err
    assert run("import", record, path, "--register", "--encoding", "cp1251").code == 0
    for wrong in ("cp9999", "rot13"):
        assert run("import", record, path, "--encoding", wrong).code == 2
    assert run("import", record, path, "--encoding", "utf-8").code == 3


def test_french_reads_as_french(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    rows = [
        ("Lieu", "Date", "Contrôlé par", "Source"),
        ("Évreux-la-Forêt", "2025-03-01", "Armée", "La Presse Libérée"),
    ]
    path = sheets.text(tmp_path / "f.csv", rows, encoding="cp1252")
    assert run("import", record, path, "--register").code == 0
    with ch.open(record) as log:
        assert [p.name for p in log.references().settlements.values()] == [rows[1][0]]


# --- traps --------------------------------------------------------------------------


def test_archives_that_are_traps_are_refused(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(b"a,b\n" * 2**23))
    ended = run("import", record, bomb)
    assert ended.code == 3
    assert "times its size" in ended.err
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b" " * 2**25)
    assert "times its size" in run("import", record, tmp_path / "b.xlsx").err
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(b"Date,Place\n1,2\n")[:-6])
    assert run("import", record, cut).code == 3
    old = tmp_path / "old.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)
    assert "save it as .xlsx" in run("import", record, old).err
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../../evil.csv", "Date,Place,Who,Source\n2025-03-01,a,b,c\n")
    run("import", record, tmp_path / "out.zip", "--register")
    assert not (tmp_path.parent / "evil.csv").exists()


def test_coordinates_of_points_are_taken(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    assert run("import", record, as_geojson(tmp_path), "--register").code == 0
    with ch.open(record) as log:
        assert log.references().settlements["vell"].spot == (34.2, 44.2)


@pytest.mark.parametrize(
    "data", [b"[", b"{}", b"[1,2]", b'{"a":', b"[{}]", b"PAR1", b"PAR1" + b"x" * 99,
             b'{"a":1}\n{"b"', b"[" * 5_000, b'{"a":"\xff"}']
)  # fmt: skip
def test_objects_that_are_no_table(data: bytes, tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    (tmp_path / "x.json").write_bytes(data)
    ended = run("import", record, tmp_path / "x.json")
    assert ended.code == 3, ended


def test_entities_in_a_spreadsheet_are_refused(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    path = tmp_path / "x.ods"
    content = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", content)
    ended = run("import", record, path)
    assert ended.code == 3
    assert "entities" in ended.err


def test_a_name_that_is_a_formula_is_guarded_in_the_review_and_found_again(
    tmp_path: Path,
) -> None:
    record, review = tmp_path / "v.chronicle", tmp_path / "names.csv"
    run("init", record)
    rows = [("Date", "Place", "Who", "Source"), ("2025-03-01", "=A1", "Red", "Radio")]
    path = sheets.text(tmp_path / "t.csv", rows)
    run("import", record, path, "--review", review)
    text = review.read_text("utf-8-sig")
    assert ",'=A1," in text
    filled = text.replace("'=A1,,", "'=A1,new,").replace("Red,,", "Red,new,")
    review.write_text(filled, "utf-8")
    ended = run("import", record, path, "--review", review)
    assert ended.code == 0, ended.err
    assert "a1" in run("state", record, "--format", "csv").out


def test_what_a_review_calls_new_is_the_same_in_the_next_vintage(
    tmp_path: Path,
) -> None:
    record, review = tmp_path / "v.chronicle", tmp_path / "names.csv"
    with ch.create(record) as log:
        log.append(
            ch.SettlementRegistered(settlement=id_, name="Tarn")
            for id_ in ("tarn", "tarn-s")
        )
    names = "kind,name,choice\nsettlement,Tarn,new\nactor,Reds,new\n"
    review.write_text(names, "utf-8")
    header = ("Date", "Place", "Who", "Source")
    for day in ("2025-03-01", "2025-03-02", "2025-03-03"):
        path = sheets.text(
            tmp_path / f"{day}.csv", [header, (day, "Tarn", "Reds", "A")]
        )
        assert run("import", record, path, "--review", review).code == 0
    with ch.open(record) as log:
        known = log.references()
        assert sorted(known.settlements) == ["tarn", "tarn-2", "tarn-s"]
        assert sorted(known.actors) == ["reds"]
        assert log.state(on="2025-03-03").control["tarn-2"] == "reds"


def test_two_spellings_of_a_new_source_in_one_table_are_one(tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    rows = [
        ("2025-03-01", "Tarn", "Red", "Reuters"),
        ("2025-03-02", "Tarn", "RED", "REUTERS"),
    ]
    path = sheets.text(tmp_path / "t.csv", [("Date", "Place", "Who", "Source"), *rows])
    run("import", record, path, "--register")
    with ch.open(record) as log:
        assert list(log.references().sources) == ["reuters"]
        assert list(log.references().actors) == ["red"]
