"""Inputs that once ended in exit 70: each is told in one line, with what to do."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import chronicle as ch
from chronicle.cli.render import as_csv
from chronicle.domain.table import Table
from chronicle.errors import InputError
from chronicle.experiments.arms import slug_of
from chronicle.experiments.files import csv_bytes
from chronicle.simulation.start import _road
from shell import PYTHON, run
from worked_scenarios import FIVE_TOWNS

TOWNS = FIVE_TOWNS / "five-towns.toml"
GOOD = """
[scenario]
id = "x"
branch_at = 2030-05-10
[[force]]
actors = ["red"]
against = ["blue"]
"""
ORDER = """
[[intervention]]
kind = "hold"
place = "Birch"
extra_days = 3
"""


# --- TOML ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{GOOD}x = {'9' * 5_000}\n", ":8: a number of more than 1,000 digits"),
        (f"{'a.' * 50_000}b = 1\n", ":1: more than 300 dots in a line"),
        (f"{GOOD}{ORDER}until = 0001-01-01\n", "must be from 1000-01-01"),
        (f"{GOOD}{ORDER}from = 0001-01-01\n", "must be from 1000-01-01"),
        (f"{GOOD}x = {'[' * 3_000}\n", "not TOML"),
    ],
)
def test_a_scenario_beyond_bounds_is_told(text: str, told: str, tmp_path: Path) -> None:
    (path := tmp_path / "x.toml").write_text(text)
    ended = run("run", "--explain", path)
    assert (ended.code, ended.out) == (3, "")
    assert told in ended.err


# --- folders of runs -----------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    with ch.create(folder / "towns.chronicle") as record:
        record.import_folder(FIVE_TOWNS / "data")
    made = run(
        *("run", TOWNS, folder / "towns.chronicle", "--out", folder / "run"),
        *("--replicas", "2", "--engine", "heap"),
    )
    assert made.code == 0, made.err
    return folder / "run"


def shorter(told: dict[str, Any]) -> None:
    told["question"]["names"].pop()


def beyond(told: dict[str, Any]) -> None:
    told["question"]["rows"][-1] = 99


def other_days(told: dict[str, Any]) -> None:
    told["question"]["horizon_days"] = 1 << 40


def fewer_arms(told: dict[str, Any]) -> None:
    told["arm_names"].pop()


@pytest.mark.parametrize("change", [shorter, beyond, other_days, fewer_arms])
def test_a_run_that_contradicts_itself_is_refused(
    change: Callable[[dict[str, Any]], None], kept: Path, tmp_path: Path
) -> None:
    shutil.copytree(kept, folder := tmp_path / "run")
    told = json.loads((folder / "run.json").read_text())
    change(told)
    (folder / "run.json").write_text(json.dumps(told))
    for words in (
        ("compare", folder),
        ("score", folder, kept.parent / "towns.chronicle"),
    ):
        ended = run(*words)
        assert ended.code == 3
        assert "run.json" in ended.err


@pytest.mark.parametrize("data", [b"\xff\xfe", b"[" * 100_000, b"", b"[]", b"1"])
def test_what_is_no_run_is_refused(data: bytes, kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, folder := tmp_path / "run")
    (folder / "run.json").write_bytes(data)
    ended = run("compare", folder)
    assert ended.code == 3
    assert "run.json is no run" in ended.err


def test_chunks_of_other_shapes_are_not_taken(kept: Path, tmp_path: Path) -> None:
    shutil.copytree(kept, folder := tmp_path / "run")
    for chunk in folder.glob("chunks/*/chunk-*.npz"):
        (chunk.parent / "chunk-zero.npz").write_bytes(b"")
    assert run("compare", folder).code == 0


def test_of_one_replica_no_width_is_told(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    record = kept.parent / "towns.chronicle"
    made = run(
        *("run", TOWNS, record, "--out", folder, "--replicas", "1"),
        *("--engine", "heap"),
    )
    assert made.code == 0
    told = run("compare", folder, "--format", "csv")
    for text in (made.out, made.err, told.out, told.err):
        assert "± nan" not in text
    assert "± nan" not in (folder / "report.html").read_text()


# --- names ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "slug"),
    [
        (("---<img src=x>",), "img-src-x"),
        (("[/x]",), "x"),
        (("!!!",), "arm"),
        (("حماة" * 40,), "حماة" * 15),
    ],
)
def test_names_of_artefacts_are_no_options(names: tuple[str, ...], slug: str) -> None:
    found = slug_of(names)
    assert found == slug
    assert len(found.encode()) <= 120


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["init", "."], 2, "is a folder"),
        (["init", "x" * 300 + ".chronicle"], 6, "File name too long"),
        (["state", "FILE", "--on", "today", "--out", "x" * 300], 6, "name too long"),
    ],
)
def test_names_that_no_file_can_have_are_told(
    words: list[str], code: int, told: str, kept: Path
) -> None:
    record = kept.parent / "towns.chronicle"
    ended = run(*(str(record) if word == "FILE" else word for word in words))
    assert ended.code == code
    assert told in ended.err


@pytest.mark.parametrize(
    "text", ["=1+1", "＝1+1", " =1+1", "\u3000＋1", "\t=1", "@x", "－1", "\r=x"]
)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    table = Table(("note",), [(text,)], "")
    assert as_csv(table).splitlines()[1].strip('"').startswith("'")
    assert csv_bytes(table).decode().splitlines()[1].strip('"').startswith("'")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Alder\ufffe", "nobody can see"),
        ("Alder\U000e0041", "nobody can see"),
        ("\u3164", "nothing that can be seen"),
        ("\u200b", "nothing that can be seen"),
        ("\u2800\u00a0", "nothing that can be seen"),
    ],
)
def test_names_that_nobody_sees_are_refused(name: str, told: str) -> None:
    with ch.memory() as log:
        with pytest.raises(InputError, match=told):
            log.append(place(name))
        with pytest.raises(InputError, match=told):
            log.append(place("Alder", aliases=("Erle", name)))
        assert log.head == 0


def test_joints_without_width_are_left_out_of_names() -> None:
    with ch.memory() as log:
        log.append(place("Al\u200bder", aliases=("Er\u00adle", "می\u200cخواهم")))
        log.append(place("Al\u200bder", aliases=("Er\u00adle", "می\u200cخواهم")))
        assert log.head == 1
        known = log.state("2030-01-01").references.settlements["alder"]
        assert (known.name, known.aliases) == ("Alder", ("Erle", "می\u200cخواهم"))


def place(name: str, **more: Any) -> ch.SettlementRegistered:
    return ch.SettlementRegistered(settlement="alder", name=name, lat=1, lon=2, **more)


def test_a_route_of_no_length_is_refused_when_it_is_registered() -> None:
    with ch.memory() as log:
        log.append([place("Alder"), replace(place("Birch"), settlement="birch")])
        route = ch.RouteRegistered(
            settlement_a="alder", settlement_b="birch", distance_km=0
        )
        with pytest.raises(InputError, match=r"distance_km: 0\.0: must be more than 0"):
            log.append(route)


def test_a_route_of_no_length_in_an_old_record_is_what_is_blamed() -> None:
    with ch.memory() as log:
        log.import_folder(FIVE_TOWNS / "data")
        state = log.state("2030-05-10")
    route = next(iter(state.references.routes.values()))
    with pytest.raises(InputError, match="the record's route alder--birch has 0 km"):
        _road(state, replace(route, distance_km=0.0))


# --- interrupts ----------------------------------------------------------------------


@pytest.mark.slow
def test_an_interrupt_at_any_moment_shows_no_traceback() -> None:
    for number in range(16):
        process = subprocess.Popen(
            [*PYTHON, "doctor"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        time.sleep(0.06 + 0.02 * number)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        # While Python itself starts, before any line of ours, the words are Python's.
        assert b"chronicle/cli" not in told, told
        if b"Traceback" in told:
            continue
        assert process.returncode in (0, 130, -signal.SIGINT)


def test_the_command_is_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    from chronicle.__main__ import main

    monkeypatch.setattr("sys.argv", ["chronicle", "--version"])
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as left:
            main()
    finally:
        signal.signal(signal.SIGINT, before)
    assert left.value.code == 0
