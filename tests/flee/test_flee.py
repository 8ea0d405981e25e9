"""FLEE's own folders, read as they stand with every fault told; and the command."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from chronicle.cli import cli
from chronicle.errors import InputError, UsageError
from chronicle.flee.model import run_flee
from chronicle.flee.read import read_flee
from chronicle.formats.problem import Problem
from flee_toy import LAYOUT, ROUTES, SETS, changed, row, toy_folder

WARTS = SETS / "syria2022-warts"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return toy_folder(tmp_path / "toy")


def problem(file: str, line: int, column: str | None, value: str) -> Problem:
    return Problem(file=file, line=line, column=column, value=value, rule="")


def places_of(problems: list[Problem], file: str, rule: str) -> list[Problem]:
    """Those of one file under a rule, without the rule's words."""
    return [
        replace(one, rule="")
        for one in problems
        if one.file.endswith(file) and rule in one.rule
    ]


# --- what is told --------------------------------------------------------------------


def test_a_problem_says_file_line_column_value_and_rule():
    bad = Problem(
        file="control.csv",
        line=17,
        column="valid_from",
        value="31/02/22",
        rule="is no day of the calendar",
    )
    told = "control.csv:17: valid_from: '31/02/22': is no day of the calendar"
    assert str(bad) == told
    whole = Problem(file="routes.csv", line=0, column=None, value="", rule="is missing")
    assert str(whole) == "routes.csv: is missing"
    empty = Problem(file="a.csv", line=2, column="name", value="", rule="is empty")
    assert str(empty) == "a.csv:2: name: '': is empty"
    assert len(str(replace(bad, value="x" * 999))) < 200


# --- the sets as FLEE's authors left them --------------------------------------------


@pytest.mark.parametrize(
    ("name", "kinds", "routes", "closures", "days", "camps"),
    [
        ("mali2012", (12, 4, 7, 0), 35, 2, 300, 7),
        ("burundi2015", (7, 17, 5, 1), 41, 3, 396, 5),
        ("ssudan2013", (25, 16, 10, 0), 60, 3, 604, 10),
    ],
)
def test_the_good_sets_are_read_whole(
    name: str,
    kinds: tuple[int, ...],
    routes: int,
    closures: int,
    days: int,
    camps: int,
):
    case, _ = read_flee(SETS / name)
    names = ("conflict_zone", "town", "camp", "forwarding_hub")
    found = [place.kind for place in case.locations]
    assert tuple(map(found.count, names)) == kinds
    assert (len(case.links), len(case.closures)) == (routes, closures)
    assert (case.period.days, len(case.camps)) == (days, camps)
    assert {len(column) for column in case.conflicts.values()} == {days}


def test_mali_is_read_to_the_value():
    case, _ = read_flee(SETS / "mali2012")
    kidal = case.locations[0]
    assert (kidal.name, kidal.kind, kidal.conflict_day) == ("Kidal", "conflict_zone", 0)
    assert (kidal.latitude, kidal.longitude) == (18.444305, 1.401523)
    assert (kidal.population, kidal.line) == (25617, 2)
    link = case.links[0]
    assert (link.first, link.second, link.distance_km) == ("Douentza", "Mentao", 487)
    closure = case.closures[1]
    assert (closure.kind, closure.second, closure.end_day) == ("country", "Niger", 33)
    assert case.conflicts["Menaka"][:3] == (0, 1, 1)
    assert case.total is not None
    assert case.total.on(0) == 20075
    assert case.total.on(1) == 20818  # 20075 + 5206/7, rounded down
    assert case.settings.camp_weight == 5.0
    assert case.settings.capacity_buffer == 0.75
    assert case.settings.conflict_spawn_decay == (1, 1, 1, 0.5, 0.1)
    assert case.home_country == "Mali"


def test_what_is_odd_in_the_good_sets_is_told():
    told = {name: read_flee(SETS / name)[1] for name in ("mali2012", "burundi2015")}
    burundi = told["burundi2015"]
    columns = places_of(burundi, "conflicts.csv", "column of no location")
    assert [one.value for one in columns] == ["Isale", "Gitega-Ruyigi"]
    assert len(places_of(burundi, "locations.csv", "nobody lives there")) == 18
    assert places_of(burundi, "conflicts.csv", "ends in a comma") == [
        problem("input_csv/conflicts.csv", 1, None, ",")
    ]
    assert any("395 more rows, where the header has 34" in one.rule for one in burundi)
    region = problem("input_csv/locations.csv", 7, "region", "Ruyigi ")
    assert region in places_of(burundi, "locations.csv", "blanks around it")
    blanks = places_of(told["mali2012"], "conflicts.csv", "blanks around values")
    assert blanks == [problem("input_csv/conflicts.csv", 1, None, " Kidal")]
    unnamed = places_of(told["mali2012"], ".csv", "no row of data_layout.csv")
    assert len(unnamed) == 5


@pytest.fixture(scope="module")
def warts() -> list[Problem]:
    return read_flee(WARTS)[1]


def test_the_doubled_header_is_told(warts: list[Problem]):
    bad = problem("input_csv/locations.csv", 1, "region", "#name")
    assert places_of(warts, "locations.csv", "header should say region") == [bad]


def test_the_eleven_duplicate_routes_are_told(warts: list[Problem]):
    again = places_of(warts, "routes.csv", "again; FLEE counts it twice")
    assert [one.line for one in again] == [10, 11, 17, 19, 23, 25, 26, 29, 33, 34, 35]
    assert again[0].value == "Deir ez Zor,Ar Raqqa"
    first = next(one for one in warts if one.line == 35 and "again" in one.rule)
    assert "is the route of line 27" in first.rule


def test_the_eleven_pieces_of_the_graph_are_told(warts: list[Problem]):
    (apart,) = [one for one in warts if "pieces of the graph" in one.rule]
    assert (apart.file, apart.line, apart.value) == ("input_csv/routes.csv", 0, "11")
    assert "Osmaniye, Adana" in apart.rule


def test_columns_without_place_and_places_without_column_are_told(
    warts: list[Problem],
):
    columns = places_of(warts, "conflicts.csv", "column of no location")
    assert [one.value for one in columns] == (
        [
            "Solidarity",
            "Al Roj",
            "Abu Abdullah",
            "Emirati",
            "Horsh",
            "Kawergosk",
            "Zamalek",
        ]
    )
    places = places_of(warts, "locations.csv", "has no column in conflicts.csv")
    assert [one.value for one in places] == (
        ["Kah", "Qamishli", "Al-Mafraq", "Zarqa", "Beirut", "Kawrgosk"]
    )


def test_the_layout_and_the_files_of_counts_are_told(warts: list[Problem]):
    assert places_of(warts, "data_layout.csv", "in the layout already") == [
        problem("source_data/data_layout.csv", 19, "camp", "Bardarash")
    ]
    left = places_of(warts, ".csv", "no row of data_layout.csv")
    assert [Path(one.file).stem for one in left] == (
        [
            "abala",
            "ayorou",
            "damba",
            "djibo",
            "dori",
            "fassala",
            "mangaize",
            "mentao",
            "niamey",
            "tahoua",
        ]
    )
    assert places_of(warts, "registration_corrections.csv", "is empty") == [
        problem("input_csv/registration_corrections.csv", 0, None, "")
    ]


def test_names_with_blanks_are_told(warts: list[Problem]):
    blanks = places_of(warts, "locations.csv", "has blanks in it")
    assert [(one.line, one.value) for one in blanks] == [
        (4, "Ar Raqqa"),
        (10, "Deir ez Zor"),
        (12, "As Sweida"),
    ]


def test_the_125_returns_to_quiet_are_told(warts: list[Problem]):
    ends = [one for one in warts if "conflict ends here" in one.rule]
    times = [int((re.findall(r"first of (\d+)", one.rule) or [1])[0]) for one in ends]
    assert sum(times) == 125
    assert (ends[0].line, ends[0].column, ends[0].value) == (364, "Damascus", "0")


def test_faults_that_no_readme_names_are_told(warts: list[Problem]):
    short = places_of(warts, "routes.csv", "shorter than the straight line of 659 km")
    assert short == [problem("input_csv/routes.csv", 20, "distance", "29.96")]
    long = places_of(warts, "routes.csv", "far above the straight line")
    assert [one.value for one in long] == ["4289.03", "2708.15", "259.59"]
    wrong_days = places_of(warts, "locations.csv", "is not what conflicts.csv says")
    assert [one.line for one in wrong_days] == [2, 7, 9, 11]
    assert len(places_of(warts, "locations.csv", "is a capacity below")) == 8
    stale = [one for one in warts if "FLEE carries it on for 721 days" in one.rule]
    assert len(stale) == 20
    (total,) = places_of(warts, "data_layout.csv", "below the sum of the camps")
    assert total.column == "total"


def test_every_problem_of_the_warts_names_a_line_that_holds_its_value(
    warts: list[Problem],
):
    for one in warts:
        if one.line and one.value:
            line = (WARTS / one.file).read_text().splitlines()[one.line - 1]
            number = re.fullmatch(r"[\d.]+", one.value)
            wanted = one.value.rstrip("0").rstrip(".") if number else one.value
            assert wanted in line, str(one)


def test_the_warts_can_still_be_run():
    run = run_flee(read_flee(WARTS)[0])
    assert np.isfinite(run.simulated).all()
    assert run.simulated.shape == (732, 21)


# --- the command ---------------------------------------------------------------------


def test_the_command_prints_json_with_score_days_camps_and_problems():
    done = CliRunner().invoke(cli, ["flee", str(SETS / "mali2012"), "--format", "json"])
    told = json.loads(done.stdout)
    assert told["ard"] == pytest.approx(0.2155, abs=0.0001)
    assert len(told["days"]) == told["days_scored"] == 300
    assert told["days"][1]["date"] == "2012-03-01"
    camp = told["camps"][0]
    assert camp["camp"] == "Fassala-Mbera"
    assert len(camp["simulated"]) == len(camp["counted"]) == 300
    fields = {"file", "line", "column", "value", "rule", "lost"}
    assert set(told["problems"][0]) == fields
    assert len(told["problems"]) == len(read_flee(SETS / "mali2012")[1])


def test_the_command_prints_csv_and_tells_problems_beside_it(toy: Path):
    changed(toy, *row(ROUTES, "alder,elm,5,0"))
    done = CliRunner().invoke(cli, ["flee", str(toy), "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 20 * 2
    assert rows[3]["camp"] == "dogwood"
    assert rows[3]["date"] == "2024-11-28"
    assert "problem: input_csv/routes.csv:5: name2: 'elm'" in done.stderr


def test_the_command_prints_a_table_of_camps(toy: Path):
    out = toy / "camps.txt"
    done = CliRunner().invoke(
        cli, ["flee", str(toy), "--format", "table", "--out", str(out)]
    )
    assert done.exit_code == 0
    assert "ARD 0." in out.read_text()
    assert "dogwood" in out.read_text()


def test_the_command_runs_a_folder_without_counts(toy: Path):
    (toy / LAYOUT).unlink()
    done = CliRunner().invoke(cli, ["flee", str(toy), "--format", "json"])
    told = json.loads(done.stdout)
    assert (told["ard"], told["camps"]) == (None, [])


def test_the_command_refuses_what_is_no_folder(tmp_path: Path):
    for path, error in ((tmp_path / "nothing", UsageError), (tmp_path, InputError)):
        done = CliRunner().invoke(cli, ["flee", str(path)])
        assert isinstance(done.exception, error)
