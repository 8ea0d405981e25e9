"""Rows of Chronicle's own CSV files that break a rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from own_toy import CONTROL, INCIDENT, TOY, events, problems, rows_of, told, write


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("c1,31/02/22,alder,red,,wire", "valid_from: '31/02/22': must be a day"),
        ("c1,2022-02-31,alder,red,,wire", "'2022-02-31': is no day of the calendar"),
        ("c1,２０２４-11-27,alder,red,,wire", "valid_from: '２０２４-11-27': must be"),
        ("c1,,alder,red,,wire", "valid_from: '': must not be empty"),
        (",2024-11-27,alder,red,,wire", "id: '': must not be empty"),
        ("c1,2024-11-27,alder,red,,", "source: '': must not be empty"),
        ("c 1,2024-11-27,alder,red,,wire", "id: 'c 1': must be an id: no blanks"),
        ("c\u202e1,2024-11-27,alder,red,,wire", "id: 'c\\u202e1': holds control or"),
        ("c1,2024-11-27,aldr,red,,wire", "did you mean 'alder'?"),
        ("c1,2024-11-27,Aldermere,red,,wire", "id: no such"),
        ("c1,2024-11-27,ألدر,red,,wire", "did you mean 'alder'?"),
        ("c1,2024-11-27,zzzzzz,red,,wire", "add it to settlements.csv first"),
        ("c1,2024-11-27,alder,red,,wire,x", "has 7 cells where the header has 6"),
        (f"{'c' * 121},2024-11-27,alder,red,,wire", "is longer than 120 characters"),
    ],
)
def test_a_row_that_breaks_a_rule_is_told_and_the_others_go_in(
    tmp_path: Path, line: str, problem: str
) -> None:
    rows = told(
        tmp_path,
        "control.csv",
        CONTROL,
        "c7,2024-11-27,birch,red,,wire",
        line,
        "c9,2024-11-27,cedar,red,,wire",
    )
    (found,) = problems(rows)
    assert found.startswith("control.csv:3: ")
    if problem != "id: no such":
        assert problem in found
    else:
        assert found.endswith("did you mean 'alder'?")
    assert [event.report_id for event in events(rows)] == ["c7", "c9"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("１２３", "must be a whole number"),
        ("1_000", "must be a whole number"),
        ("7.0", "must be a whole number"),
        ("NA", "must be a whole number"),
        ("1e400", "must be a whole number"),
        ("99999999999", "from 0 to 10,000,000,000"),
    ],
)
def test_numbers_are_read_strictly(tmp_path: Path, text: str, rule: str) -> None:
    header = "id,measure,category,valid_on,source,persons"
    row = f"d1,stock,displaced,2024-11-27,wire,{text}"
    (problem,) = problems(told(tmp_path, "displacement.csv", header, row))
    assert problem.startswith(f"displacement.csv:2: persons: {text!r}: ")
    assert rule in problem


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("10.00,20.00", ""),
        ("10.01,19.99", ""),
        (",20.00", ""),
        ("10.02,20.00", "lat: '10.02': is not where 'alder' is, at 10"),
        ("10.00,20.02", "lon: '20.02': is not where 'alder' is, at 20"),
        ("20.00,10.00", "lat: '20.00': is not where 'alder' is, at 10"),
        ("nan,20.00", "lat: 'nan': must be a number from -90 to 90"),
        ("10.00,1e400", "lon: '1e400': must be a number from -180 to 180"),
    ],
)
def test_coordinates_of_a_report_only_repeat_where_its_settlement_is(
    tmp_path: Path, cells: str, problem: str
) -> None:
    rows = told(
        tmp_path,
        "control.csv",
        f"{CONTROL},lat,lon",
        "c1,2024-11-27,alder,red,,wire,10.00,20.00",
        f"c2,2024-11-27,alder,red,,wire,{cells}",
    )
    found = "".join(problems(rows))
    assert problem in found
    assert bool(problem) == bool(found)


def test_an_incident_is_not_placed_finer_than_a_settlement(tmp_path: Path) -> None:
    rows = told(
        tmp_path,
        "incidents.csv",
        f"{INCIDENT},lat,lon",
        "i1,2024-11-26,,North,Attack,,,,wire,10.00,20.00",
    )
    (problem,) = problems(rows)
    assert "needs a settlement" in problem


def test_the_second_row_with_an_id_is_a_problem_even_if_it_says_the_same(
    tmp_path: Path,
) -> None:
    line = "c1,2024-11-27,alder,red,,wire"
    rows = told(
        tmp_path, "control.csv", CONTROL, line, line, line.replace("red", "blue")
    )
    assert problems(rows) == [
        "control.csv:3: id: 'c1': stands in a row further up already",
        "control.csv:4: id: 'c1': stands in a row further up already",
    ]
    rows = told(
        tmp_path,
        "routes.csv",
        "settlement_a,settlement_b,distance_km",
        "alder,birch,3",
        "birch,alder,4",
    )
    assert problems(rows) == [
        "routes.csv:3: 'alder--birch': stands in a row further up already"
    ]


def test_a_row_may_repeat_the_id_of_one_that_could_not_be_taken(tmp_path: Path) -> None:
    rows = told(
        tmp_path,
        "control.csv",
        CONTROL,
        "c1,2024-02-31,alder,red,,wire",
        "c1,2024-02-28,alder,red,,wire",
    )
    assert len(problems(rows)) == 1
    assert [event.valid_from for event in events(rows)] == [date(2024, 2, 28)]


def test_an_unknown_column_is_told_once_and_the_rows_go_in(tmp_path: Path) -> None:
    rows = told(
        tmp_path,
        "control.csv",
        f"{CONTROL},reliabilty,colour of the day",
        "c1,2024-11-27,alder,red,,wire,A,x",
        "c2,2024-11-27,alder,red,,wire,A,x",
    )
    assert problems(rows) == [
        "control.csv:1: 'reliabilty': unknown column, ignored; "
        "did you mean 'reliability'?",
        "control.csv:1: 'colour of the day': unknown column, ignored",
    ]
    assert [event.reliability for event in events(rows)] == [None, None]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (CONTROL.replace("to_actor", "to_acter"), "is 'to_acter' meant?"),
        (CONTROL.replace(",", ";"), "is separated by semicolons"),
        (f"{CONTROL},id", "'id': column stands 2 times in the header"),
        (f",{CONTROL}", "has no name for column 1"),
    ],
)
def test_without_a_header_no_row_is_guessed_at(
    tmp_path: Path, header: str, problem: str
) -> None:
    rows = told(tmp_path, "control.csv", header, "c1,2024-11-27,alder,red,,wire")
    assert problem in "".join(problems(rows))
    assert events(rows) == []


def test_a_source_that_is_not_registered_is_no_problem(tmp_path: Path) -> None:
    rows = told(tmp_path, "control.csv", CONTROL, "c1,2024-11-27,alder,red,,nobody")
    assert problems(rows) == []
    assert events(rows)[0].source == "nobody"


def test_hints_are_few_and_unknown_names_still_all_told(tmp_path: Path) -> None:
    lines = [f"c{n},2024-11-27,aldr{n},red,,wire" for n in range(40)]
    found = problems(told(tmp_path, "control.csv", CONTROL, *lines))
    assert len(found) == 40
    assert sum("did you mean" in one for one in found) == 20


def test_formulas_stay_the_text_that_they_are(tmp_path: Path) -> None:
    header = f"{CONTROL},note"
    (event,) = events(
        told(tmp_path, "control.csv", header, "c1,2024-11-27,alder,red,,wire,=1+1")
    )
    assert event.note == "=1+1"


def test_text_is_stored_in_one_form_of_unicode(tmp_path: Path) -> None:
    rows = told(
        tmp_path,
        "settlements.csv",
        "id,name,lat,lon",
        "cafe\u0301,Cafe\u0301,10.00,20.00",
    )
    assert events(rows)[0].settlement == "caf\u00e9"


def test_a_report_finds_its_settlement_in_another_form_of_unicode(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        {
            **TOY,
            "settlements.csv": "id,name,lat,lon\ncaf\u00e9,Café,10.00,20.00\n",
            "control.csv": f"{CONTROL}\nc1,2024-11-27,cafe\u0301,red,,wire\n",
        },
    )
    assert problems(rows_of(tmp_path, "control.csv")) == []


def test_what_could_not_be_located_is_a_problem_and_no_event(tmp_path: Path) -> None:
    rows = told(
        tmp_path,
        "unlocated.csv",
        "valid_from,name,to_actor,source,note",
        "2024-11-27,Sheikh Aqeel,red,observer,",
        ",Bala,,,",
    )
    assert problems(rows) == [
        "unlocated.csv:2: name: 'Sheikh Aqeel': not located: held by 'red', "
        "from '2024-11-27', says 'observer'",
        "unlocated.csv:3: name: 'Bala': not located",
    ]
    assert len(rows) == 2
