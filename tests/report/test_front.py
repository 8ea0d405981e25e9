"""The front of a report: sentences that hold, charts that say their numbers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chronicle as ch
from chronicle.cli.run import told
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.report.charts import errors_chart, fallen_chart
from chronicle.report.front import hosted_by_province
from chronicle.report.html import report_html
from chronicle.report.sentences import answer, trust
from chronicle.report.svg_map import SvgPlace, svg_map
from chronicle.report.warnings import people_left_out
from what_if_case import HOLD, five_towns, scenario
from worked_scenarios import FIVE_TOWNS

TOML = FIVE_TOWNS / "five-towns.toml"
SURE = {
    "speed_km_day": 30, "speed_sigma": 0, "hold_days": 0, "delay_days": 1,
    "collapse": 0, "repulse": 0, "transfer": 0, "transfer_rate": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def held() -> Run:
    return run_scenario(scenario(HOLD, rules=SURE), five_towns(), replicas=8)


def with_falls(run: Run, arm: int, days: Any) -> Run:
    """*run* with other days of falls in one arm; 0 is never."""
    one = run.arms[arm]
    fall_day = one.results.fall_day.copy()
    fall_day[:, list(run.question.rows)] = days
    changed = replace(one, results=replace(one.results, fall_day=fall_day))
    arms = tuple(changed if n == arm else a for n, a in enumerate(run.arms))
    return replace(run, arms=arms)


def test_the_answer_says_by_how_much_and_for_whom(held: Run) -> None:
    one = held.comparison("hold").arrivals
    at = held.question.at_risk.index("birch")
    said = answer(held)
    found = re.fullmatch(
        r"Birch falls ([\d.]+) days later \(([\d.]+)–([\d.]+)\)\.", said[0]
    )
    assert found is not None
    assert float(found[1]) == round(float(one.mean[at]), 1)
    half = float(one.half_width[at])
    assert float(found[2]) == round(float(one.mean[at]) - half, 1)
    assert float(found[3]) == round(float(one.mean[at]) + half, 1)
    for line in said:
        assert line.endswith(".")
        assert f"answer    {line}" in told(held)
        assert line.replace("'", "&#x27;") in report_html(held)


def test_the_answer_comes_before_everything_else(held: Run) -> None:
    page = report_html(held)
    first = page.index(answer(held)[0])
    for later in ("How far to trust it", "Places fallen by day", "<h2>Asked", "<table"):
        assert first < page.index(later)
    assert page.count("WHAT-IF — not what happened") == 1
    assert "<img" not in page


def test_fewer_places_are_counted_in_words(held: Run) -> None:
    base = with_falls(held, 0, 3)
    days = np.full((8, len(held.question.rows)), 3)
    days[:, :2] = 0  # never
    days[0, 2] = 0
    said = answer(with_falls(base, 1, days))
    last = f"{held.question.days[-1]:%-d %B}"
    assert f"Two fewer places fall by {last} (2)." in said


def test_where_nothing_can_be_told_it_is_said() -> None:
    idle = {"name": "idle", "kind": "reinforce", "place": "Alder", "factor": 2}
    none = run_scenario(scenario(idle), five_towns(), replicas=6)
    assert answer(none)[0] == "No place falls on another day."
    one = run_scenario(scenario(HOLD, rules=SURE), five_towns(), replicas=1)
    assert answer(one) == ["One replica cannot tell an effect from chance."]


def test_without_routes_the_answer_is_the_reason_and_not_a_nought() -> None:
    log = ch.memory()
    for recorded in five_towns().log():
        if not isinstance(recorded.event, ch.RouteRegistered):
            log.append(recorded.event)
    run = run_scenario(scenario(), log, replicas=2)
    assert answer(run) == [
        "The record has no routes: no force can reach any place, so none can fall."
    ]


def test_people_without_a_population_are_no_figure() -> None:
    log = ch.memory()
    for recorded in five_towns().log():
        event = recorded.event
        if isinstance(event, ch.SettlementRegistered):
            event = replace(event, population=None)
        log.append(event)
    run = run_scenario(scenario(), log, replicas=4)
    assert "no population of 4 of the 4 places at risk" in people_left_out(run)
    assert any("Of displaced people nothing is said" in one for one in answer(run))
    assert not any("people displaced" in line for line in told(run)[:9])
    assert "displaced on last day" not in report_html(run)


def test_what_to_trust_names_the_best_simple_forecast() -> None:
    run = run_scenario(TOML, five_towns())
    assert run.verdict is not None
    said = " ".join(trust(run))
    assert run.verdict.baselines[run.verdict.best].name in said
    assert f"error is {float(run.verdict.model.crps.mean()):.1f} days" in said or (
        "cannot be told apart" in said
    )
    assert "they are too narrow" in said  # 25 % held, as test_told has it


def test_charts_are_svg_that_says_its_numbers(held: Run) -> None:
    for svg in (fallen_chart(held), errors_chart(held)):
        tree = ElementTree.fromstring(svg)
        titles = [e.text or "" for e in tree.iter("title")]
        assert titles
        assert "-0" not in svg.replace("-0.", "")
    days = held.question.horizon_days + 1
    strips = list(ElementTree.fromstring(fallen_chart(held)).iter("rect"))
    assert len(strips) == days
    last = "".join(strips[-1].itertext())
    fell = np.isfinite(held.arms[0].samples(held.question)).sum(axis=1)
    assert f"baseline: {np.sort(fell)[3]:.0f} (" in last


def test_shares_by_province_are_shares(held: Run) -> None:
    table = hosted_by_province(held, shares=True)
    assert table.columns == ("province", "baseline", "hold")
    middle = [float(row["baseline"].split(" ")[0]) for row in table]
    assert 90 <= sum(middle) <= 110
    numbers = hosted_by_province(held, shares=False)
    assert len(numbers) >= len(table)


def test_a_map_in_a_page_escapes_names_and_says_them_on_hover() -> None:
    nasty = "<b onclick=x>&"
    place = SvgPlace(
        name=nasty, lat=36, lon=37, colour="#fff", said="5 days", population=9
    )
    svg = svg_map([place], [((36, 37), (36.1, 37.1))], "a map")
    tree = ElementTree.fromstring(svg)
    assert [e.text for e in tree.iter("title")] == [f"{nasty}: 5 days"]
    assert not list(tree.iter("b"))
