"""`chronicle demo`: what it makes, what it says, and that it can be run again."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.cli import demo as module
from chronicle.domain.describe import log_table
from chronicle.experiments import bundled
from shell import Ended, run

TABLES = [
    *("changed-1", "changed-2", "changed-3", "control", "displaced"),
    *("khanasir-as-published", "khanasir-why", "not-heard-of"),
    *("state-2024-11-27", "state-2024-11-30", "state-2024-12-05", "state-2024-12-08"),
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    out = tmp_path_factory.mktemp("demo") / "out" / "here"
    return run("demo", "--out", out), out


def rows(out: Path, name: str) -> list[dict[str, str]]:
    with (out / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_makes_a_chronicle_tables_and_a_map(shown: tuple[Ended, Path]) -> None:
    ended, out = shown
    assert ended.code == 0, ended.err
    made = {path.name for path in out.iterdir()}
    assert made >= {"syria-2024.chronicle", *(f"{name}.csv" for name in TABLES)}
    assert len(list(out.glob("*.csv"))) == len(TABLES)
    assert f"{len(TABLES)} tables as CSV" in ended.out
    if importlib.util.find_spec("matplotlib"):
        assert (out / "map.png").read_bytes().startswith(b"\x89PNG\r\n")
        assert str(out / "map.png") in ended.out
    assert not [name for name in made if name.endswith(".part")]


def test_khanasir_is_believed_to_be_held_by_three_in_turn(
    shown: tuple[Ended, Path],
) -> None:
    ended, out = shown
    told = rows(out, "khanasir-as-published")
    assert [(row["published_by"], row["control"]) for row in told] == [
        *(("2024-12-01", "gov"), ("2024-12-02", "sna"), ("2024-12-03", "gov"))
    ]
    why = {row["report"]: row["role"] for row in rows(out, "khanasir-why")}
    assert why["c389"] == "decides"
    assert why["c397"] == "left out"
    assert "Who held Khanasir at the end of 2024-12-02" in ended.out


def test_the_counts_are_those_of_the_states(shown: tuple[Ended, Path]) -> None:
    _, out = shown
    for day in module.DAYS:
        counted = {row["control"]: int(row[day]) for row in rows(out, "control")}
        held = [r["control"] or r["status"] for r in rows(out, f"state-{day}")]
        assert {who: held.count(who) for who in counted} == counted
        assert sum(counted.values()) == len(held) == 296


def test_the_changes_are_those_between_the_states(shown: tuple[Ended, Path]) -> None:
    ended, out = shown
    for number, (before, after) in enumerate(
        zip(module.DAYS, module.DAYS[1:], strict=False), 1
    ):
        first = {r["settlement"]: r["control"] for r in rows(out, f"state-{before}")}
        second = {r["settlement"]: r["control"] for r in rows(out, f"state-{after}")}
        moved = {place for place in first if first[place] != second[place]}
        told = rows(out, f"changed-{number}")
        assert moved <= {row["settlement"] for row in told}
        hands = [row for row in told if row["before"] != "unknown"]
        assert f"{before} to {after}: {len(hands)} changed hands" in ended.out


def test_three_figures_stand_side_by_side_and_are_not_added(
    shown: tuple[Ended, Path],
) -> None:
    ended, out = shown
    told = [(row["report"], row["persons"]) for row in rows(out, "displaced")]
    assert told == [("d18", "370000"), ("d13", "178000"), ("d17", "280000")]
    for pair in ("d13 and d17", "d13 and d18", "d17 and d18"):
        assert f"\n{pair} may not be added: " in ended.out


def test_silence_is_unknown_and_not_quiet(shown: tuple[Ended, Path]) -> None:
    ended, out = shown
    assert "unknown, not quiet" in ended.out
    stale = rows(out, "not-heard-of")
    assert all(row["last_heard"] <= "2024-12-01" for row in stale)
    never = sum(not row["last_heard"] for row in stale)
    assert f"{len(stale)} places, {never} of them never" in ended.out


def test_claims_read_as_claims(shown: tuple[Ended, Path]) -> None:
    _, out = shown
    notes = {row["report"]: row["note"] for row in rows(out, "khanasir-why")}
    assert notes["c389"].startswith("claimed by sna: ")
    says = {r["report"]: r["says"] for r in rows(out, "khanasir-as-published")}
    assert says["c397"].startswith("claimed by gov: ")
    with ch.open(out / "syria-2024.chronicle") as chronicle:
        for row in log_table(chronicle.log()):
            if row["type"] == "incident-reported":
                said = row["says"].partition(":")[0]  # before the note
                assert len(re.findall(r"\bby\b", said)) == said.count("allegedly by")
            if row["type"] == "support-reported":
                assert "said to back" in row["says"]
        (claim,) = [
            row for row in chronicle.displaced("2024-11-28") if row["report"] == "d01"
        ]
        assert "claim" in claim["counter"]


def test_a_front_is_run_forward_and_scored(shown: tuple[Ended, Path]) -> None:
    ended, out = shown
    assert "WHAT-IF, not what happened" in ended.out
    assert "as published by 2024-11-30" in ended.out
    folder = out / "what-if"
    forecasts = [row["forecast"] for row in rows(folder, "scores")]
    assert forecasts == [
        "published, a pool",
        "mechanism alone, baseline",
        "nothing changes",
        "constant-speed radius",
        "constant-speed radius, spread",
        "neighbours flip",
        "constant hazard",
        "hazard by distance",
    ]
    assert str(folder / "report.html") in ended.out
    assert "WHAT-IF" in (folder / "report.html").read_text()
    (branch,) = (folder / "branches").glob("*.chronicle")
    with ch.open(branch) as chronicle:
        assert chronicle.what_if.startswith("front-2024-11-30")


def test_a_second_run_adds_nothing(shown: tuple[Ended, Path]) -> None:
    first, out = shown
    with ch.open(out / "syria-2024.chronicle") as chronicle:
        head = chronicle.head
    before = {path.name: path.read_bytes() for path in out.glob("*.csv")}
    again = run("demo", "--out", out)
    assert again.code == 0
    assert "; 0 new, 0 changed, 0 gone, " in again.out
    assert again.out.splitlines()[1:] == first.out.splitlines()[1:]
    assert {path.name: path.read_bytes() for path in out.glob("*.csv")} == before
    with ch.open(out / "syria-2024.chronicle") as chronicle:
        assert chronicle.head == head


def test_without_matplotlib_it_says_how_to_get_a_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = module.find_spec
    monkeypatch.setattr(
        module, "find_spec", lambda name: None if name == "matplotlib" else found(name)
    )
    ended = run("demo", "--out", tmp_path / "demo")
    assert ended.code == 0
    assert "pip install 'conflict-chronicle[plot]'" in ended.err
    assert not (tmp_path / "demo" / "map.png").exists()
    assert len(list((tmp_path / "demo").glob("*.csv"))) == len(TABLES)


def test_without_the_case_it_says_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "__file__", str(tmp_path / "site" / "bundled.py"))
    monkeypatch.chdir(tmp_path)
    ended = run("demo", "--out", "demo")
    assert ended.code == 2
    assert "out of the wheel" in ended.err
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    ended = run("demo", "--out", tmp_path / out)
    assert ended.code == 6
    assert (tmp_path / "file").read_text() == "mine"


def test_data_that_is_no_case_is_told_before_anything_is_made(tmp_path: Path) -> None:
    ended = run("demo", "--out", tmp_path / "demo", "--data", tmp_path / "nowhere")
    assert ended.code == 3
    assert not (tmp_path / "demo").exists()
