"""`chronicle run --explain`, and what is said of commands that cannot be right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chronicle.errors import Conflict, InputError
from chronicle.experiments.execute import run_scenario
from chronicle.report import explain
from chronicle.report.folder import write_run
from chronicle.simulation import scenario_file as schema
from chronicle.simulation.interventions import KINDS
from chronicle.simulation.parameters import TABLE
from shell import run as shell
from what_if_case import BRANCH, data, five_towns, scenario
from worked_scenarios import FIVE_TOWNS, SCENARIOS

TOML = FIVE_TOWNS / "five-towns.toml"
FRONT = SCENARIOS / "front-2024-11-30.toml"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("five") / "five.chronicle"
    assert shell("init", path).code == 0
    assert shell("import", path, FIVE_TOWNS / "data").code == 0
    return path


# --- what a file may say, and what one says --------------------------------------


def explained(*words: str | Path) -> list[list[dict[str, Any]]]:
    ended = shell("run", *words, "--explain", "--format", "json")
    assert ended.code == 0, ended.err
    return [table["rows"] for table in json.loads(ended.out)]


def test_explain_lists_every_kind_and_key_that_the_reader_has() -> None:
    parameters, kinds, keys = explained()
    assert [row["kind"] for row in kinds] == list(KINDS)
    assert set(explain.MEANT) == set(KINDS)
    tables = {"scenario": schema._SCENARIO, "ensemble": schema._ENSEMBLE,
              "force": schema._FORCE, "intervention": schema._ORDER}  # fmt: skip
    listed = {(row["table"].strip("[]"), row["key"]) for row in keys}
    expected = {(table, key) for table, keys in tables.items() for key in keys}
    assert listed == {*expected, ("compare", "arms"), ("rules", "a parameter")}
    assert {table for table, _ in listed} == set(schema._TABLES)
    assert all(row["meaning"] for row in (*kinds, *keys))
    assert {table: set(told) for table, told in explain.KEYS.items()} == {
        **{table: set(keys) for table, keys in tables.items()}, "compare": {"arms"},
    }  # fmt: skip
    assert len(parameters) == len(TABLE)


GIVEN: Mapping[str, Any] = {
    "place": "Elm", "route": ["Birch", "Cedar"], "parties": ["red", "blue"],
    "actor": "red", "extra_days": 2, "factor": 2, "capacity": 9,
    "from": schema.date(2030, 5, 12), "until": schema.date(2030, 5, 14),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_takes_the_keys_that_explain_lists_and_no_other(kind: str) -> None:
    listed = explain.MEANT[kind][0].replace("place or places", "place").split(", ")
    told = {"kind": kind} | {key: GIVEN[key] for key in listed}
    assert run_scenario(scenario(told), five_towns(), replicas=1).digest
    for key in set(GIVEN) - set(listed):
        with pytest.raises(InputError):
            run_scenario(scenario(told | {key: GIVEN[key]}), five_towns(), replicas=1)


def test_explain_shows_the_values_in_use_and_where_they_are_from() -> None:
    asked, parameters, *_ = explained(TOML)
    rows = {row["parameter"]: row for row in parameters}
    speed = rows["speed_km_day"]
    assert (speed["in_use"], speed["how"], speed["default"]) == ("30", "rules", "4")
    assert ("intervention 1", "birch-holds: hold at Birch: 2 more days from the branch "
            "on") in [(row["asked"], row["says"]) for row in asked]  # fmt: skip
    asked, parameters, *_ = explained(FRONT)
    rows = {row["parameter"]: row for row in parameters}
    assert rows["speed_km_day"]["how"] == "fitted"
    assert " to " in rows["speed_km_day"]["in_use"]
    assert rows["push"]["how"] == "prior"
    assert rows["push"]["in_use"] == rows["push"]["prior"]
    says = {row["asked"]: row["says"] for row in asked}
    assert says["branch"].startswith("end of 2024-11-30 (UTC), as published by")
    assert says["force 1"].endswith("any place of gov may rise")
    assert "remark" not in says


def test_explain_remarks_on_a_posterior_of_another_day(tmp_path: Path) -> None:
    name = "posterior-front-2024-11-30.json"
    (tmp_path / name).write_bytes((SCENARIOS / name).read_bytes())
    later = FRONT.read_text().replace("_at = 2024-11-30", "_at = 2024-12-02")
    (tmp_path / "later.toml").write_text(later)
    asked, *_ = explained(tmp_path / "later.toml")
    (remark,) = [row["says"] for row in asked if row["asked"] == "remark"]
    assert remark.endswith("not to the branch on 2024-12-02")


def test_without_a_scenario_there_is_nothing_to_run() -> None:
    ended = shell("run")
    assert ended.code == 2
    assert "Missing argument 'SCENARIO'" in ended.err
    assert "--explain" in ended.err


# --- commands that cannot be right -----------------------------------------------


def test_swapped_arguments_are_told(file: Path, tmp_path: Path) -> None:
    ended = shell("run", file, TOML)
    assert ended.code == 2
    assert f"swapped; say: chronicle run {TOML} {file}" in ended.err
    ended = shell("run", file)
    assert ended.code == 2
    assert f"is a chronicle; say: chronicle run SCENARIO {file}" in ended.err
    folder = FIVE_TOWNS / "data"
    ended = shell("import", folder, file)
    assert ended.code == 2
    assert f"swapped; say: chronicle import {file} {folder}" in ended.err


def test_resuming_nothing_is_told_and_runs_it_all(tmp_path: Path) -> None:
    words = ("run", FRONT, "--replicas", "2", "--engine", "heap", "--format", "json")
    out = tmp_path / "run"
    ended = shell(*words, "--out", out, "--resume")
    assert ended.code == 0
    assert f"{out} holds nothing of a run; all of it is run" in ended.err
    assert "holds nothing" not in shell(*words, "--out", out, "--resume").err


def test_the_folder_of_another_run_says_what_differs(tmp_path: Path) -> None:
    log = five_towns()
    run_scenario(scenario(), log, folder=tmp_path)
    with pytest.raises(Conflict, match="holds this run already; resume it, with --re"):
        run_scenario(scenario(), log, folder=tmp_path)
    with pytest.raises(Conflict, match=r"another run: its seed was 7, not 8; give"):
        run_scenario(scenario(), log, folder=tmp_path, seed=8, resume=True)
    with pytest.raises(Conflict, match=r"its replicas were 24, not 1,000; its seed"):
        run_scenario(scenario(), log, folder=tmp_path, seed=8, replicas=1000)
    head = data()["scenario"] | {"horizon_days": 5}
    with pytest.raises(Conflict, match="the same name and said something else"):
        run_scenario(scenario(scenario=head), log, folder=tmp_path, resume=True)
    other = scenario(scenario=head | {"id": "mine", "branch_at": BRANCH})
    with pytest.raises(Conflict, match="its scenario was toy, not mine"):
        run_scenario(other, log, folder=tmp_path)
    made = run_scenario(scenario(), log, seed=9)
    with pytest.raises(Conflict, match="its seed was 7, not 9"):
        write_run(made, tmp_path)
    assert run_scenario(scenario(), log, folder=tmp_path, resume=True).digest


@pytest.mark.parametrize("left", ['{"seed": 7}', "[]", "no json", ""])
def test_a_folder_that_tells_less_is_refused_all_the_same(
    tmp_path: Path, left: str
) -> None:
    run_scenario(scenario(), five_towns(), folder=tmp_path)
    (tmp_path / "chunks" / "asked.json").write_text(left)
    with pytest.raises(Conflict, match="holds another run; give another folder"):
        run_scenario(scenario(), five_towns(), folder=tmp_path, seed=8, resume=True)
