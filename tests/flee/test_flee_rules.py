"""The rules of FLEE after 3.1: its defaults, its food, and what it gave."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from chronicle.cli import cli
from chronicle.errors import UsageError
from chronicle.flee.food import FOOD
from chronicle.flee.model import cohorts_of_flee, run_flee
from chronicle.flee.read import read_flee
from flee_toy import CONFLICTS, LOCATIONS, PLACES, ROADS, day, toy_folder, written

HUNGER = "#Day,south,north,far\n0,5,0,0\n20,50,40,0\n60,10,80,0\n"
MOVE = """\
  flee_when_starving: True
  avoid_food_deprived_locations: True
  capacity_scaling: 0.2
"""
SPAWN = """\
  starvation_driven_spawning: True
  conflict_zone_spawning_only: False
"""

# What FLEE of commit 02cd2cb gave for the folder below with every agent and one seed:
# people in cedar and dogwood, all people, and the count that its error is over.
FLEE_FOOD = {
    5: (839, 734, 2394, 2494),
    12: (1666, 2907, 5606, 5706),
    20: (1269, 7172, 9278, 9378),
    39: (306, 15457, 18000, 18100),
}


@pytest.fixture
def hungry(tmp_path: Path) -> Path:
    regions = ("south", "south", "north", "far")
    folder = written(
        tmp_path / "hungry",
        places=[replace(one, region=r) for one, r in zip(PLACES, regions, strict=True)],
        roads=[*ROADS[:1], replace(ROADS[1], distance_km=80), *ROADS[2:]],
        conflicts={"alder": [(day(0), True), (day(25), False)]},
        counts={
            "total": [(day(0), 100), (day(39), 20000)],
            "cedar": [(day(0), 60), (day(39), 9000)],
            "dogwood": [(day(0), 40), (day(39), 9000)],
        },
    )
    (folder / "input_csv" / FOOD).write_text(HUNGER)
    settings = (folder / "simsetting.yml").read_text()
    settings = settings.replace("move_rules:\n", f"move_rules:\n{MOVE}")
    settings = settings.replace("spawn_rules:\n", f"spawn_rules:\n{SPAWN}")
    (folder / "simsetting.yml").write_text(settings)
    return folder


def test_food_and_the_sum_of_camps_give_what_flee_gave(hungry: Path):
    case, problems = read_flee(hungry, rules="2026-05")
    assert [one.file for one in problems] == [CONFLICTS]  # of its end alone
    run = run_flee(case, compiled=False)
    for number, (*people, counted) in FLEE_FOOD.items():
        found = (*run.simulated[number], run.everybody[number])
        assert found == pytest.approx(people, rel=0.02, abs=30)
        assert run.total[number] == counted


def test_each_rule_of_food_changes_what_it_is_about(hungry: Path):
    case, _ = read_flee(hungry, rules="2026-05")

    def without(rule: str) -> object:
        settings = replace(case.settings, **{rule: False})
        return cohorts_of_flee(replace(case, settings=settings))

    # Day 10: 27.5 % in the south and 20 % in the north lack food.
    inputs = cohorts_of_flee(case)
    assert inputs.leave_chance[10].round(6).tolist() == [
        1.0,
        0.4925,  # 0.275 + 0.725 * 0.3
        0.2008,
        0.001,
    ]
    assert without("flee_when_starving").leave_chance[10, 1] == 0.3
    assert inputs.attraction[10, 2] == pytest.approx(1 - 0.2**2)
    assert inputs.attraction[0, 1] == 1.0  # not yet on day 0
    assert inputs.attraction[10, 3] == 1.0  # abroad never
    assert without("avoid_food_deprived_locations").attraction[10, 2] == 1.0
    # By the food of the day before, 25.25 %: 125,250 of alder to 12,625 of birch.
    alder, birch = inputs.newcomers[10, :2]
    assert birch / alder == pytest.approx(12_625 / 125_250)
    assert without("starvation_driven_spawning").newcomers[10, 1] == 0
    only = replace(case.settings, conflict_zone_spawning_only=True)
    assert cohorts_of_flee(replace(case, settings=only)).newcomers[10, 1] == 0


def test_files_that_only_flee_would_read_are_told(hungry: Path):
    (hungry / "input_csv" / "location_changes.csv").write_text("alder,camp,3\n")
    problems = read_flee(hungry, rules="2026-05")[1]
    (told,) = [str(one) for one in problems if "location_changes" in one.file]
    assert told.endswith("is not modelled and was not read")


def test_flee_3_1_says_what_it_does_not_read(hungry: Path):
    case, problems = read_flee(hungry)
    assert case.food == {}
    assert case.settings.capacity_scaling == 1.0
    told = {(one.column or one.file): one.rule for one in problems}
    assert told[f"input_csv/{FOOD}"].startswith("FLEE 3.1 does not read it")
    assert "rules 2026-05" in told["flee_when_starving"]
    assert told["capacity_scaling"] == "has no effect in FLEE 3.1, nor here"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#Day,south\n0,5\n39,5\n", "no column is of this region of locations.csv"),
        ("#Day,south\n3,5\n30,5\n", "days 0 to 39 are asked for (FLEE stops)"),
        ("#Day,south\n0,5\n0,6\n39,5\n", "must be a day after that of the row above"),
        ("#Day,south\n0,500\n39,5\n", "must be a percentage from 0 to 100; 0 is used"),
        ("#Day,south\n", "has no row that can be used"),
    ],
)
def test_what_flee_would_stop_on_is_told_of_food(hungry: Path, text: str, told: str):
    (hungry / "input_csv" / FOOD).write_text(text)
    case, problems = read_flee(hungry, rules="2026-05")
    assert any(one.rule.startswith(told) for one in problems)
    run_flee(case, compiled=False)


def test_people_displaced_before_are_in_their_camps(tmp_path: Path):
    folder = toy_folder(tmp_path / "toy")
    path = folder / LOCATIONS
    head, *rows = path.read_text().splitlines()
    head = head.replace("title", "initial_idps")
    rows = [",".join([*one.split(",")[:8], idps]) for one, idps in zip(
        (one.replace('"Alder, the old"', "Alder") for one in rows), "7x5 ", strict=True
    )]  # fmt: skip
    path.write_text("\n".join([head, *rows]) + "\n")
    case, problems = read_flee(folder, rules="2026-05")
    assert [one.value for one in problems] == ["x"]
    inputs = cohorts_of_flee(case)
    assert inputs.present.tolist() == [0, 0, 60 + 5, 40]
    # The places of those counted on day 0 are not free, but not those of the others.
    assert inputs.capacity.tolist() == [-1, -1, 30_000 - 60, 0]
    older, problems = read_flee(folder)
    assert [one.value for one in problems] == ["initial_idps"]
    assert cohorts_of_flee(older).present.tolist() == [0, 0, 60, 40]


def test_any_conflict_ends_by_later_rules(tmp_path: Path):
    folder = written(tmp_path / "half")
    path = folder / CONFLICTS
    path.write_text(path.read_text().replace(",1", ",0.5"))
    ended = [
        cohorts_of_flee(read_flee(folder, rules=rules)[0]).leave_chance[25, 0]
        for rules in ("3.1", "2026-05")
    ]
    assert ended == [1.0, 0.3]


def test_the_command_names_the_rules_beside_the_score(hungry: Path):
    scores = {}
    for rules in ("3.1", "2026-05"):
        how = ["flee", str(hungry), "--rules", rules, "--format"]
        table = CliRunner().invoke(cli, [*how, "table"]).stdout
        assert f"by the rules of FLEE {rules}" in table
        told = json.loads(CliRunner().invoke(cli, [*how, "json"]).stdout)
        assert told["rules"] == f"FLEE {rules}"
        scores[rules] = told["ard"]
    assert scores["3.1"] != scores["2026-05"]
    with pytest.raises(UsageError, match=r"'3.0' is none of 3.1, 2026-05"):
        read_flee(hungry, rules="3.0")
