"""The benchmarks at their smallest: they run, and what they time gives right answers.

Nothing is asserted about time; the figures check their own answers against oracles.
"""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from shell import PYTHON, run

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return BENCHMARKS


@pytest.mark.parametrize(
    "name",
    ["append_bulk", "append_single", "append_library", "replay_cold", "replay_library",
     "projection_rebuild", "import_csv"],
)  # fmt: skip
def test_a_figure_of_the_log_is_taken(
    benchmarks: Path, name: str, tmp_path: Path
) -> None:
    import log_figures

    rows = getattr(log_figures, name)(2_000, tmp_path)
    assert rows
    for row in rows:
        assert row["ratio"] > 0
        assert row["name"].partition(".")[0] in {
            "append", "replay", "open", "projection", "import",
        }  # fmt: skip


def test_the_figures_of_the_engine_are_taken(benchmarks: Path) -> None:
    pytest.importorskip("numba")
    import replay_figures

    bench = replay_figures.prepare(5_000, 200)
    rows = [
        *replay_figures.state_on(bench, rounds=30),
        *replay_figures.state_known(bench, rounds=30),
        *replay_figures.points(bench, count=1_000, rounds=1),
        *replay_figures.index_build(bench, rounds=1),
        *replay_figures.sizes(bench),
        *replay_figures.peers(bench, rounds=1),
        *replay_figures.peer_sqlite(bench, rounds=1),
    ]
    assert {row["name"] for row in rows} >= {
        "state.on", "state.known_now", "state.known_later", "state.known_any",
        "points", "index.build", "memory", "disk",
        "peer.duckdb", "peer.polars", "peer.pandas", "peer.sqlite",
    }  # fmt: skip
    assert all(row["ratio"] > 0 for row in rows)


SMALL: dict[str, dict[str, int]] = {
    "simpy.events": {"rounds": 1, "places": 200},
    "simpy.replica": {"rounds": 1, "places": 200},
    "ensemble.advance": {"rounds": 1, "places": 200, "replicas": 5},
    "ensemble.full": {"rounds": 1, "places": 200, "replicas": 5},
    "ensemble.growth": {"rounds": 1, "small": 100, "factor": 2},
    "ensemble.workers": {"rounds": 1, "places": 200, "replicas": 40},
    "ensemble.dask": {"rounds": 1, "places": 200, "replicas": 100},
    "abc": {"rounds": 1, "places": 60, "bank": 40},
    "sbc.cover": {"bank": 2_000, "count": 40},
    "sbc.seconds": {"bank": 2_000, "count": 40},
    "flee.ard": {"rounds": 1},
    "flee.speed": {"rounds": 1},
    "crn": {"rounds": 1, "replicas": 8},
    "fronts.crps": {"replicas": 5, "first": 2, "count": 1},
    "skill.30nov": {"rounds": 1, "replicas": 8, "bank": 500},
    "skill.3dec": {"rounds": 1, "replicas": 8, "bank": 500},
    "skill.5dec": {"rounds": 1, "replicas": 8, "bank": 500},
}


def test_no_figure_of_the_what_ifs_is_left_out(benchmarks: Path) -> None:
    import whatif_rates

    assert set(whatif_rates.FIGURES) == set(SMALL)


@pytest.mark.filterwarnings("ignore")  # tornado's, as clusters are closed
@pytest.mark.parametrize("name", SMALL)
def test_a_figure_of_the_what_ifs_is_taken(
    benchmarks: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pytest.importorskip("numba")
    if name == "ensemble.dask":
        pytest.importorskip("distributed")
    import flee_peer
    import suite
    import whatif_rates

    monkeypatch.setattr(flee_peer, "ROUNDS", 1)
    take = whatif_rates.FIGURES[name]
    monkeypatch.setattr(whatif_rates, "FIGURES", {name: lambda: take(**SMALL[name])})
    (row,) = suite.run("whatif", 1_000, 1)
    assert "failed" not in row, row
    assert row["name"] == name
    assert row["value"] > 0
    assert row["against"]
    assert row["goal"]
    if name == "abc" and row["ratio"] is None:
        assert "not run" in row["against"]
        assert row["met"] is None
    else:
        assert isinstance(row["ratio"], float | int)


@pytest.mark.slow
def test_the_figures_of_the_archive_are_taken_and_their_answers_checked(
    benchmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    import scale_figures
    import suite

    rows = {row["name"]: row for row in suite.run("scale", 2_000, 50)}
    assert not [row for row in rows.values() if "failed" in row]
    wanted = ("write", "append", "bytes", "bytes.control", "bytes.latest")
    wanted += ("state.now", "state.month", "state.any")
    assert rows.keys() == {f"archive.{name}" for name in wanted}
    assert all(row["ratio"] > 0 for row in rows.values())
    assert 0 < rows["archive.append"]["ratio"] < 1
    monkeypatch.setattr(
        scale_figures, "LOOKED_UP", scale_figures.LOOKED_UP + " LIMIT 1"
    )
    archive = scale_figures.Archive(2_000, 50)
    with pytest.raises(AssertionError, match="the archive differs"):
        scale_figures.state(archive)


@pytest.mark.slow
def test_what_the_seal_costs_is_taken_and_its_answers_checked(
    benchmarks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trust_figures

    monkeypatch.setattr(trust_figures, "ROUNDS", 1)
    rows = [row for _, take in trust_figures.takes(1_000) for row in take()]
    assert {row["name"] for row in rows} == {
        *("trust.append", "trust.verify", "trust.verify_indexes", "trust.open"),
        *("trust.proof_path", "trust.proof_without_event", "trust.proof_file"),
    }
    assert all(row["ratio"] > 0 for row in rows)


def test_a_ratio_that_is_not_there_meets_no_goal_and_misses_none(
    benchmarks: Path,
) -> None:
    import suite

    assert suite.met({"ratio": None, "goal": ">= 10"}) is None
    assert suite.met({"ratio": None, "goal": "<= 1"}) is None
    assert suite.met({"ratio": 10, "goal": ">= 10 on one core"}) is True
    assert suite.met({"ratio": 9.9, "goal": ">= 10"}) is False
    assert suite.met({"ratio": 1.1, "goal": "<= 1"}) is False
    assert suite.met({"ratio": 1.1, "goal": "0.86-0.94 each"}) is None


def plain(name: str, ratio: float | None) -> dict[str, Any]:
    return {
        "name": name, "value": 1.0, "unit": "s", "ratio": ratio,
        "against": "a peer" if ratio else "a peer: not run, it is not installed",
        "goal": ">= 2",
    }  # fmt: skip


def raises(error: BaseException) -> Callable[[], Any]:
    def take() -> Any:
        raise error

    return take


@pytest.fixture
def mixed(benchmarks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite of which one figure has no peer, one no library, and two fail."""
    import whatif_rates

    figures = {
        "first": lambda: plain("first", 3.0),
        "alone": lambda: plain("alone", None),
        "broken": raises(ValueError("the peer fell over")),
        "left": raises(SystemExit("FLEE stopped")),
        "absent": raises(ImportError("No module named 'peer'")),
        "last": lambda: plain("last", 1.0),
    }
    monkeypatch.setattr(whatif_rates, "FIGURES", figures)


@pytest.mark.usefixtures("mixed")
def test_a_figure_that_cannot_be_taken_costs_no_other() -> None:
    ended = run("bench", "--suite", "whatif", "--format", "json")
    assert ended.code == 70
    rows = {row["name"]: row for row in json.loads(ended.out)}
    assert list(rows) == ["first", "alone", "broken", "left", "absent", "last"]
    assert [row["met"] for row in rows.values()] == [
        True, None, False, False, None, False,
    ]  # fmt: skip
    assert rows["broken"]["against"] == "failed: ValueError: the peer fell over"
    assert rows["left"]["failed"] == "SystemExit: FLEE stopped"
    assert rows["absent"]["against"] == "not run: No module named 'peer'"
    assert "broken (ValueError: the peer fell over); left (" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.usefixtures("mixed")
def test_the_table_says_which_figures_have_no_ratio() -> None:
    ended = run("bench", "--suite", "whatif", "--format", "csv")
    told = {row["name"]: row["ratio"] for row in csv.DictReader(StringIO(ended.out))}
    assert told["first"] == "3.0"
    assert told["alone"] == told["absent"] == "not run"
    assert told["broken"] == told["left"] == "failed"


def test_an_interrupt_leaves_the_figures_taken_before_it(tmp_path: Path) -> None:
    """In a process of its own, with a suite that waits in its second figure."""
    here = tmp_path / "benchmarks"
    here.mkdir()
    (here / "suite.py").symlink_to(BENCHMARKS / "suite.py")
    (here / "whatif_rates.py").write_text(
        "import pathlib, time\n"
        f"FIGURES = {{'first': lambda: {plain('first', 3.0)!r},\n"
        "    'slow': lambda: pathlib.Path('slow').touch() or time.sleep(60)}\n"
    )
    words = [*PYTHON, "bench", "--suite", "whatif", "--format", "json"]
    child = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    while not (tmp_path / "slow").exists():
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, told = child.communicate(timeout=60)
    assert child.returncode == 130
    assert [row["name"] for row in json.loads(out)] == ["first"]
    assert b"figures taken before the interrupt: 1" in told


def test_bench_refuses_sizes_beyond_reason() -> None:
    ended = run("bench", "--events", "1")
    assert ended.code == 2
    assert "--events" in ended.err
    ended = run("bench", "--growth", "--events", "1000")
    assert ended.code == 2
    assert "10,000" in ended.err


def test_the_command_finds_the_benchmarks_beside_the_code() -> None:
    from chronicle.cli.bench import benchmarks_folder

    assert benchmarks_folder() == BENCHMARKS


@pytest.mark.slow
def test_questions_are_timed_and_their_answers_are_those_of_the_fold(
    benchmarks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import question_figures

    monkeypatch.setattr(question_figures, "ROUNDS", 1)
    path = question_figures.log_in(tmp_path, 12_000, 100)
    taken = [
        *question_figures.checked(path, 12_000),
        *question_figures.verb("verb.history", path, path, 12_000),
        *question_figures.first_question(path, 12_000),
        *question_figures.memory(path, 12_000),
        *question_figures.after_an_append(path, 12_000),
    ]
    names = [row["name"] for row in taken]
    verbs = ["verb.history", "verb.history.growth"]
    assert names == ["checked", *verbs, "first.question", "memory", "delta"]
    assert all(row["ratio"] > 0 for row in taken)
