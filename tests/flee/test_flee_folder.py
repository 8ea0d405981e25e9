"""A chronicle's control history as a FLEE folder: read back, run, and told coarsely."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle as ch
from chronicle.api import Chronicle, memory
from chronicle.domain.events import (
    Event,
    ReportRetracted,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
)
from chronicle.errors import BudgetExceeded, UsageError
from chronicle.flee.export import export_flee
from chronicle.flee.model import run_flee
from chronicle.flee.read import FleeCase, read_flee
from log_toys import control, opening
from own_toy import CASE
from shell import run


def place(settlement: str, lat: float, **more: object) -> SettlementRegistered:
    values = {"name": settlement.title(), "lon": 36.123456, "population": 50_000}
    return SettlementRegistered(settlement=settlement, lat=lat, **(values | more))  # type: ignore[arg-type]


def road(a: str, b: str, km: float) -> RouteRegistered:
    return RouteRegistered(settlement_a=a, settlement_b=b, distance_km=km)


def was(
    report: str, settlement: str, controller: str, day: int, **more: object
) -> Event:
    return control(
        report,
        settlement=settlement,
        controller=controller,
        valid_from=f"2024-11-{day}",
        **more,
    )


def shut(report: str, day: int, **more: object) -> RouteStatusReported:
    values = {"shut": True, "valid_from": f"2024-11-{day}", **more}
    return RouteStatusReported(
        report_id=report,
        source="radio",
        settlement_a="alder",
        settlement_b="birch",
        **values,  # type: ignore[arg-type]
    )


def told() -> list[Event]:
    """Blue loses birch on 22 November and alder on 26; dogwood is a camp."""
    return [
        place("alder", 35.123456),
        place("birch", 35.523456),
        place("cedar", 36.023456, population=None),
        place("dogwood", 36.523456, kind="camp area"),
        road("alder", "birch", 61.2),
        road("birch", "cedar", 73.4),
        road("cedar", "dogwood", 70.6),
        was("b1", "alder", "blue", 20, baseline=True),
        was("b2", "birch", "blue", 20, baseline=True),
        was("b3", "cedar", "red", 20, baseline=True),
        was("b4", "dogwood", "blue", 20, baseline=True),
        was("c1", "birch", "red", 22),
        was("c2", "dogwood", "red", 24),
        was("c3", "alder", "red", 26),
        was("c4", "cedar", "blue", 29),
        ReportRetracted(report="c4", source="radio"),
        shut("s1", 23),
        shut("s2", 25, shut=False),
        shut("s3", 25, until="2024-11-26"),
    ]


@pytest.fixture
def toy() -> Chronicle:
    log = memory()
    log.append([*opening(), *told()])
    return log


def back(folder: Path) -> FleeCase:
    case, _ = read_flee(folder)
    return case


def test_who_changed_hands_is_a_conflict_zone_from_that_day(
    toy: Chronicle, tmp_path: Path
) -> None:
    made = export_flee(toy, tmp_path / "out")
    case = back(tmp_path / "out")
    # The first and the last report of control that stands: the 22nd and the 26th.
    assert (made.start, made.end) == (case.period.start, made.end)
    assert (str(made.start), str(made.end), case.period.days) == (
        *("2024-11-22", "2024-11-26"),
        5,
    )
    kinds = {one.name: one.kind for one in case.locations}
    assert kinds == {
        "alder": "conflict_zone",
        "birch": "conflict_zone",
        "cedar": "town",
        "dogwood": "idpcamp",
        "alder~birch": "marker",
    }
    assert case.conflicts["birch"] == (1, 1, 1, 1, 1)
    assert case.conflicts["alder"] == (0, 0, 0, 0, 1)
    assert not any(case.conflicts["dogwood"]), "a camp stays a camp"
    assert (made.places, made.conflict_zones, made.roads) == (4, 2, 3)
    assert (made.severe, made.unpeopled) == (0, 1)


def test_conflict_may_end_some_days_after_a_change(
    toy: Chronicle, tmp_path: Path
) -> None:
    export_flee(toy, tmp_path / "out", conflict_days=2)
    assert back(tmp_path / "out").conflicts["birch"] == (1, 1, 0, 0, 0)


def test_a_closure_holds_until_the_next_report_or_its_own_end(
    toy: Chronicle, tmp_path: Path
) -> None:
    export_flee(toy, tmp_path / "out")
    # Shut from the 23rd; on the 25th reopened and shut again for a day: days 1 to 3.
    (closure,) = back(tmp_path / "out").closures
    assert (closure.start_day, closure.end_day) == (1, 4)


def test_a_clock_goes_back_to_what_was_known(toy: Chronicle, tmp_path: Path) -> None:
    before = next(r.position for r in toy.log() if r.event.TYPE == "report-retracted")
    made = export_flee(toy, tmp_path / "out", known_at=before - 1)
    assert str(made.end) == "2024-11-29"
    assert back(tmp_path / "out").conflicts["cedar"][-1] == 1
    assert f"position {before - 1}" in (tmp_path / "out" / "README.md").read_text()


def test_sensitive_places_are_told_coarsely_or_not_at_all(
    toy: Chronicle, tmp_path: Path
) -> None:
    toy.append(
        [
            place("alder", 35.123456, sensitivity="moderate"),
            place("birch", 35.523456, sensitivity="high"),
            place("cedar", 36.023456, sensitivity="severe"),
        ]
    )
    made = export_flee(toy, tmp_path / "out")
    case = back(tmp_path / "out")
    spots = {one.name: (one.latitude, one.longitude) for one in case.locations}
    assert spots["alder"] == (35.12, 36.12)
    assert spots["birch"] == (35.5, 36.1)
    assert spots["dogwood"] == (36.523456, 36.123456)
    # 61.2 km to the nearest ten, in two halves; the roads of cedar are not told.
    assert sorted(link.distance_km for link in case.links) == [30, 30]
    assert made.severe == 1
    whole = "".join(path.read_text() for path in made.files)
    assert "cedar" not in whole
    assert "36.023456" not in whole
    assert "35.123456" not in whole


def test_the_bundled_case_reads_back_and_runs(tmp_path: Path) -> None:
    log = memory()
    log.import_folder(CASE)
    made = export_flee(log, tmp_path / "out", licence="CC BY-SA 4.0")
    case, problems = read_flee(tmp_path / "out")
    assert (made.places, made.roads, made.closures) == (296, 554, 3)
    assert len(case.locations) == 296 + 3
    assert len(case.links) == 554 + 3
    # What is said of the folder is what the record lacks: people, and counts.
    lacks = (
        "is a conflict zone where nobody lives",
        "is the last count",
        "conflict ends here",
    )
    assert [p for p in problems if not any(word in str(p) for word in lacks)] == []
    flown = run_flee(case)
    assert flown.everybody[-1] > flown.everybody[0] > 0
    readme = (tmp_path / "out" / "README.md").read_text("utf-8")
    for words in ("CC BY-SA 4.0", f"position {log.head}", "Reuters", "2024-11-27 to"):
        assert words in readme


def test_a_span_that_is_none_is_refused(toy: Chronicle, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="no day"):
        export_flee(toy, out, start="2024-11-25", end="2024-11-24")
    with pytest.raises(BudgetExceeded, match="3,660 days"):
        export_flee(toy, out, start="1990-01-01")
    with pytest.raises(UsageError, match="conflict_days"):
        export_flee(toy, out, conflict_days=0)
    empty = memory()
    empty.append(opening())
    with pytest.raises(UsageError, match="name one with --from and --to"):
        export_flee(empty, out)
    assert not out.exists()


def test_the_command_writes_a_folder_that_the_flee_command_runs(tmp_path: Path) -> None:
    file, out = tmp_path / "toy.chronicle", tmp_path / "out"
    with ch.create(file) as log:
        log.append([*opening(), *told()])
    span = ("--from", "2024-11-20", "--to", "2024-12-10")
    ended = run("export", file, "--as", "flee", "--out", out, *span)
    assert ended.code == 0, ended.err
    assert "2024-11-20 to 2024-12-10" in ended.err
    assert run("flee", out).code == 0
    again = run("export", file, "--as", "flee", "--out", out)
    assert (again.code, "not empty" in again.err) == (2, True)
    assert run("export", file, "--as", "flee").code == 2
    wrong = run("export", file, "--lens", "graded")
    assert (wrong.code, "--lens goes with" in wrong.err) == (2, True)
    nowhere = run("export", file, "--as", "flee", "--out", file / "x")
    assert nowhere.code == 6


def test_a_branch_says_what_if_on_its_folder(tmp_path: Path) -> None:
    from chronicle.experiments.execute import run_scenario
    from what_if_case import five_towns, scenario

    branch = run_scenario(scenario(), five_towns(), replicas=1).branch(0)
    export_flee(branch, tmp_path / "out", start="2030-05-11", end="2030-05-18")
    assert "WHAT-IF, not what happened" in (tmp_path / "out" / "README.md").read_text()
