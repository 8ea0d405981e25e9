"""Runs: one digest however they ran, mistakes told, files that stand on their own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chronicle as ch
from chronicle.cli.run import told
from chronicle.errors import BudgetExceeded, Conflict, InputError, UsageError
from chronicle.experiments.arms import chosen_replicas
from chronicle.experiments.draws import parameter_draws
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.experiments.verification import verification_table
from chronicle.report.folder import write_run
from chronicle.report.html import write_report
from chronicle.simulation.parameters import TABLE, Parameters
from shell import PYTHON
from shell import run as shell
from what_if_case import HOLD, data, five_towns, scenario
from worked_scenarios import FIVE_TOWNS, SCENARIOS

TOML = FIVE_TOWNS / "five-towns.toml"
FRONT = SCENARIOS / "front-2024-11-30.toml"
KEYS = {
    *("alarms", "answer"),
    *("digest", "replicas", "seed", "engine", "scores", "baselines"),
    *("scenario", "branch", "arms", "pool", "summary"),
}


@pytest.fixture(scope="module")
def made() -> Run:
    return run_scenario(scenario(HOLD), five_towns())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("five") / "five.chronicle"
    assert shell("init", path).code == 0
    assert shell("import", path, FIVE_TOWNS / "data").code == 0
    return path


# --- the answer that fits in a comment -------------------------------------------


def test_the_teaching_case_comes_to_the_answer_in_its_comment() -> None:
    run = run_scenario(TOML, five_towns())
    days = {row["settlement"]: row["p50"] for row in run.arrivals()}
    assert days == {
        "birch": "2030-05-12",
        "cedar": "2030-05-13",
        "dogwood": "2030-05-14",
        "elm": "2030-05-14",
    }
    later = {row["settlement"]: row["p50"] for row in run.arrivals("birch-holds")}
    assert later == {
        "birch": "2030-05-14",
        "cedar": "2030-05-15",
        "dogwood": "2030-05-16",
        "elm": "2030-05-16",
    }
    assert run.verdict is not None
    rows = {row["forecast"]: row["crps"] for row in verification_table(run.verdict)}
    assert rows["mechanism alone, baseline"] == 2.25
    assert rows["nothing changes"] == 2.5


# --- one digest ------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {"workers": 2},
        {"chunk": 1},
        {"chunk": 5, "workers": 2},
        {"engine": "simpy"},
        {"executor": "processes", "workers": 2, "chunk": 9},
        pytest.param(
            {"engine": "numba"},
            marks=pytest.mark.skipif(not find_spec("numba"), reason="extra fast"),
        ),
    ],
    ids=str,
)
def test_the_digest_is_the_same_however_it_ran(made: Run, how: dict[str, Any]) -> None:
    assert run_scenario(scenario(HOLD), five_towns(), **how).digest == made.digest


def test_another_seed_is_another_run_and_replicas_differ(made: Run) -> None:
    other = run_scenario(scenario(HOLD), five_towns(), seed=8)
    assert other.digest != made.digest
    assert len(np.unique(made.arms[0].results.displaced, axis=0)) > 12


def test_arms_share_their_draws(made: Run) -> None:
    base, arm = (one.samples(made.question) for one in made.arms)
    birch = made.question.at_risk.index("birch")
    # A siege of Birch lasts two days longer; the way there takes as long as before.
    apart = arm[:, birch] - base[:, birch]
    assert set(apart[np.isfinite(apart)]) <= {0.0, 1.0, 2.0}
    assert (base <= arm).all()


def test_a_run_that_was_interrupted_goes_on(made: Run, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(arm: str, done: int, every: int) -> None:
        if arm == "hold" and done >= 8:
            raise Stop

    with pytest.raises(Stop):
        run_scenario(
            scenario(HOLD), five_towns(), folder=tmp_path, chunk=4, progress=stop
        )
    seen: list[tuple[str, int]] = []
    again = run_scenario(
        scenario(HOLD),
        five_towns(),
        folder=tmp_path,
        chunk=4,
        resume=True,
        progress=lambda arm, done, every: seen.append((arm, done)),
    )
    assert again.digest == made.digest
    assert seen[0] == ("baseline", 24)  # nothing of it was run again
    assert seen[1] == ("hold", 8)


def test_the_folder_of_a_run_is_not_taken_by_another(tmp_path: Path) -> None:
    run_scenario(scenario(), five_towns(), folder=tmp_path)
    with pytest.raises(Conflict, match="resume it"):
        run_scenario(scenario(), five_towns(), folder=tmp_path)
    with pytest.raises(Conflict, match="another run"):
        run_scenario(scenario(), five_towns(), folder=tmp_path, seed=8, resume=True)


# --- parameters ------------------------------------------------------------------


def test_a_prior_is_drawn_by_replica_within_its_range() -> None:
    told = scenario(ensemble={"replicas": 300, "seed": 3, "parameters": "prior"})
    thetas = parameter_draws(told, Parameters.of(told.rules))
    assert thetas is not None
    for place, row in enumerate(TABLE):
        column = thetas[:, place]
        if row.name in told.rules:
            assert set(column) == {told.rules[row.name]}
        else:
            assert column.min() >= row.low * (1 - 1e-9)
            assert column.max() <= row.high * (1 + 1e-9)
            assert len(np.unique(column)) == 300
    few = parameter_draws(replace(told, replicas=7), Parameters.of(told.rules))
    assert few is not None
    assert (few == thetas[:7]).all()
    speed = [row.name for row in TABLE].index("people_km_day")
    low, high = np.log([TABLE[speed].low, TABLE[speed].high])
    middle = np.median(np.log(thetas[:, speed]))
    assert abs(middle - (low + high) / 2) < 0.1 * (high - low)


def test_without_a_prior_all_replicas_share_their_parameters() -> None:
    assert parameter_draws(scenario(), Parameters()) is None


# --- what it says ----------------------------------------------------------------


def test_order_statistics_have_never_as_a_value(made: Run) -> None:
    told = run_scenario(scenario(rules={"speed_km_day": 1}), five_towns())
    assert {row["p95"] for row in told.arrivals()} == {"never"}
    frame = made.frame()
    assert list(frame["settlement"]) == ["birch", "cedar", "dogwood", "elm"]
    assert frame["chance"].between(0, 1).all()


def test_chances_only_rise(made: Run) -> None:
    for id_ in made.question.at_risk:
        rows = [row["chance"] for row in made.chances() if row["settlement"] == id_]
        assert rows == sorted(rows)
        assert len(rows) == 8


def test_scores_are_over_all_places_at_risk_those_that_stood_too(made: Run) -> None:
    assert made.verdict is not None
    assert made.verdict.truth.settlements == made.question.at_risk
    assert made.verdict.summary()["settlements"] == 4
    assert made.verdict.summary()["fell"] == 3
    assert [one.name for one in made.verdict.baselines] == [
        "nothing changes",
        "constant-speed radius",
        "constant-speed radius, spread",
        "neighbours flip",
        "constant hazard",
        "hazard by distance",
    ]


def test_with_hindsight_there_are_no_scores() -> None:
    head = {k: v for k, v in data()["scenario"].items() if k != "published_by"}
    for later in ({}, {"published_by": head["branch_at"] + timedelta(days=1)}):
        run = run_scenario(scenario(scenario=head | later), five_towns())
        assert run.verdict is None
        assert "with hindsight" in run.no_verdict
        assert any("with hindsight" in line for line in told(run))


def test_a_branch_can_be_branched_and_scores_nothing(made: Run, tmp_path: Path) -> None:
    head = data()["scenario"] | {"branch_at": date(2030, 5, 12), "horizon_days": 4}
    head["published_by"] = head["branch_at"]
    with made.branch(0, tmp_path / "branch.chronicle") as branch:
        again = run_scenario(scenario(scenario=head), branch)
        assert again.start.control == branch.state("2030-05-12").control
    assert again.verdict is None
    assert "from a what-if" in again.no_verdict
    write_run(made, tmp_path / "run")
    ended = shell("score", tmp_path / "run", tmp_path / "branch.chronicle")
    assert ended.code == 3
    assert "only a record can tell" in ended.err


def test_past_the_end_of_the_record_there_are_no_scores() -> None:
    head = data()["scenario"] | {"horizon_days": 30}
    run = run_scenario(scenario(scenario=head), five_towns())
    assert run.verdict is None
    assert "before the horizon" in run.no_verdict


def test_a_larger_run_keeps_the_replicas_it_had(made: Run) -> None:
    more = run_scenario(scenario(HOLD), five_towns(), replicas=30)
    for few, many in zip(made.arms, more.arms, strict=True):
        assert (few.results.fall_day == many.results.fall_day[:24]).all()


def test_chosen_replicas_go_from_little_to_much(made: Run) -> None:
    fallen = (made.arms[0].results.fall_day > 0).sum(axis=1)
    chosen = chosen_replicas(made.arms[0], 5)
    assert len(set(chosen)) == 5
    assert list(fallen[chosen]) == sorted(fallen[chosen])
    (middle,) = chosen_replicas(made.arms[0], 1)
    assert fallen[middle] == np.sort(fallen)[12]


def test_an_arm_that_is_not_there_is_told(made: Run) -> None:
    with pytest.raises(UsageError, match=r"there are 'baseline', 'hold'"):
        made.arm("holt")


# --- hooks -----------------------------------------------------------------------


def test_a_hook_adds_a_rule_of_its_own() -> None:
    def give_up(view: Any, event: Any, random: Any) -> list[ch.Intervention]:
        if (event.settlement, event.kind) != ("birch", "captured"):
            return []
        return [
            ch.Intervention(
                kind="transfer", places=("elm",), actor="red", day=event.time
            )
        ]

    plain = run_scenario(scenario(), five_towns())
    ruled = run_scenario(scenario(), five_towns(), engine="simpy", hooks=[give_up])
    elm, birch = (plain.question.at_risk.index(id_) for id_ in ("elm", "birch"))
    kinds = ruled.arms[0].results.fall_kind[:, plain.network.row("birch")]
    samples = ruled.arms[0].samples(ruled.question)
    captured = kinds == 1
    assert captured.any()
    assert (samples[captured, elm] <= samples[captured, birch]).all()
    assert not (plain.arms[0].samples(plain.question) == samples).all()


# --- files -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(made: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "deep" / "run"
    write_run(made, folder, branches=2)
    return folder


def test_a_run_writes_all_that_it_is(made: Run, written: Path) -> None:
    suffix = "parquet" if find_spec("pyarrow") else "csv"
    for arm in ("baseline", "hold"):
        for table in ("arrivals", "chances", "displaced", "hosted"):
            assert (written / f"{table}-{arm}.{suffix}").stat().st_size > 0
        assert len(list((written / "branches").glob(f"{arm}-*.chronicle"))) == 2
    told = json.loads((written / "run.json").read_text())
    assert told["digest"] == made.digest
    assert told["branch"]["position"] == made.start.position
    assert told["what_if"] == "simulated; not what happened"
    assert set(told["versions"]) >= {"chronicle", "python", "numpy", "simpy"}


class Page(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.reaches: list[str] = []
        self.handlers: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "srcset", "poster"):
                self.reaches.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def test_the_report_stands_on_its_own_and_says_what_it_is(written: Path) -> None:
    text = (written / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert all(one.startswith("#") for one in page.reaches)
    assert not page.handlers
    assert not page.tags & {"script", "iframe", "object", "link", "form"}
    assert "url(" not in text
    assert "@import" not in text
    for word in ("WHAT-IF — not what happened", "seed 7", "Assumptions", "Coverage"):
        assert word in text
    assert "constant hazard" in text
    assert "the 90% intervals of the baseline held" in text


def test_nothing_in_a_report_is_taken_for_markup(tmp_path: Path) -> None:
    nasty = '<img src=x onerror="alert(1)">&'
    head = data()["scenario"] | {"title": nasty, "about": nasty}
    order = HOLD | {"name": "<script>alert(2)</script>"}
    run = run_scenario(scenario(order, scenario=head), five_towns())
    page = Page()
    page.feed(write_report(run, tmp_path / "report.html").read_text())
    assert "script" not in page.tags
    assert not page.handlers
    assert "x" not in page.reaches


def test_a_run_is_written_the_same_twice(made: Run, written: Path) -> None:
    before = {
        path.name: path.read_bytes() for path in written.iterdir() if path.is_file()
    }
    write_run(made, written, branches=2)
    after = {
        path.name: path.read_bytes() for path in written.iterdir() if path.is_file()
    }
    assert after == before


# --- the commands ----------------------------------------------------------------


def test_run_prints_as_json_what_a_program_needs(file: Path) -> None:
    ended = shell("run", TOML, file, "--format", "json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert set(told) == KEYS
    assert re.fullmatch("[0-9a-f]{64}", told["digest"])
    assert (told["replicas"], told["seed"]) == (20, 1)
    assert told["scores"]["crps"] == 2.25
    assert len(told["baselines"]) == 6
    narrow = "intervals are too narrow here: those of 90% of the mechanism held 25%"
    assert any(alarm.startswith(narrow) for alarm in told["alarms"])


def test_run_writes_and_resumes_compare_and_score_read(
    file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = ("run", TOML, file, "--out", out, "--branches", "1", "--format", "json")
    first = shell(*words)
    assert first.code == 0, first.err
    assert str(out / "report.html") in first.err
    taken = shell(*words)
    assert taken.code == 4
    assert "resume" in taken.err
    again = shell(*words, "--resume")
    assert again.code == 0
    assert json.loads(again.out)["digest"] == json.loads(first.out)["digest"]
    compared = shell("compare", out, "--format", "csv")
    assert compared.code == 0
    assert compared.out.splitlines()[1].startswith("birch,Birch,2.0,")
    scored = shell("score", out, file, "--format", "csv")
    assert scored.code == 0
    assert scored.out.splitlines()[1].startswith('"mechanism alone, baseline",2.25,')
    (branch,) = (out / "branches").glob("baseline-*.chronicle")
    state = shell("state", branch, "--on", "2030-05-12", "--format", "table")
    assert state.out.startswith("WHAT-IF, not what happened")
    log = shell("log", branch, "--format", "table")
    assert log.out.startswith("WHAT-IF, not what happened")


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    words = [str(FRONT), "--replicas", "120", "--engine", "heap", "--workers", "1"]
    words += ["--chunk", "5", "--format", "json", "--out", str(tmp_path / "run")]
    child = subprocess.Popen(
        [*PYTHON, "run", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not list(tmp_path.glob("run/chunks/0/chunk-*.npz")):
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"the same command with --resume" in told
    assert b"interrupted; no record was changed" in told
    assert b"acknowledged" not in told
    assert not (tmp_path / "run" / "report.html").exists()
    ended = shell("run", *words, "--resume")
    assert ended.code == 0
    undisturbed = run_scenario(FRONT, replicas=120, engine="heap")
    assert json.loads(ended.out)["digest"] == undisturbed.digest


def test_results_that_were_changed_are_not_compared(tmp_path: Path) -> None:
    write_run(run_scenario(TOML, five_towns()), tmp_path)
    told = json.loads((tmp_path / "run.json").read_text())
    told["arms"][1]["digest"] = "0" * 64
    (tmp_path / "run.json").write_text(json.dumps(told))
    ended = shell("compare", tmp_path)
    assert ended.code == 3
    assert "were changed" in ended.err


def test_replicas_of_other_runs_are_no_pairs(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_run(run_scenario(TOML, five_towns(), seed=seed), tmp_path / str(seed))
    ended = shell("compare", tmp_path / "1", tmp_path / "2")
    assert ended.code == 3
    assert "have other seed" in ended.err


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("id =", "idd ="), 3, "[scenario] has no key 'idd'; did you mean 'id'?"),
        (('place = "Birch"', 'place = "Bircg"'), 3, "did you mean birch"),
        (("2030-05-10\npub", "2020-01-01\npub"), 3, "is before the record"),
        (
            ('kind = "hold"\nplace = "Birch"', 'kind = "hold"\nplace = "Elmo"'),
            3,
            "intervention 1 (birch-holds): places: no settlement 'Elmo'",
        ),
        (("replicas = 20", "replicas = 900_000"), 10, "is over 100,000"),
        (("extra_days = 2", "extra_days = 0"), 3, "is not above 0"),
    ],
)
def test_the_command_tells_mistakes_with_the_file(
    file: Path, tmp_path: Path, change: tuple[str, str], code: int, said: str
) -> None:
    path = tmp_path / "mine.toml"
    told = TOML.read_text()
    assert change[0] in told
    path.write_text(told.replace(*change))
    ended = shell("run", path, file)
    assert ended.code == code
    assert "mine.toml" in ended.err
    assert said in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", [("--resume",), ("--branches", "2")])
def test_what_needs_a_folder_says_so(words: tuple[str, ...]) -> None:
    ended = shell("run", TOML, *words)
    assert ended.code == 2
    assert "needs --out" in ended.err


def test_more_replicas_than_the_budget_are_refused_at_once() -> None:
    with pytest.raises(BudgetExceeded, match="9,000,000 replicas are over 100,000"):
        run_scenario(TOML, five_towns(), replicas=9_000_000)


def test_a_scenario_that_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        run_scenario(tmp_path / "nowhere.toml", five_towns())
