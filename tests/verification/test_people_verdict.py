"""Displaced people of a run against what was counted later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

import chronicle as ch
from chronicle.cli.run import told as lines_of
from chronicle.experiments.arms import Arm
from chronicle.experiments.displacement_verification import (
    displacement_table,
    displacement_verification_of,
)
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.report.warnings import people_alarm, people_left_out
from chronicle.verification.displacement import averaged_relative_difference
from what_if_case import data, five_towns, scenario

BRANCH = data()["scenario"]["branch_at"]


def told(*figures: dict[str, Any]) -> ch.Chronicle:
    """The five towns, and displaced people as *figures* have them."""
    log = five_towns()
    for number, figure in enumerate(figures):
        given = {
            "measure": "stock",
            "category": "displaced",
            "valid_on": BRANCH + timedelta(days=3),
            **figure,
        }
        log.append(
            ch.DisplacementReported(report_id=f"d{number}", source="desk", **given)
        )
    return log


def ran(*figures: dict[str, Any]) -> Run:
    return run_scenario(scenario(), told(*figures), replicas=40, engine="heap")


def test_a_count_in_a_settlement_is_set_beside_the_replicas() -> None:
    run = ran({"settlement": "birch", "persons": 700, "counter": "clerk"})
    assert run.people_verdict is not None
    (area,) = run.people_verdict.areas
    row = run.question.settlements.index("birch")
    people = np.sort(run.arms[0].results.hosted_by_day[:, 2, row].astype(float))
    # Of 40 replicas the 2nd, the 20th and the 38th.
    assert (area.low, area.median, area.high) == tuple(people[[1, 19, 37]])
    assert (area.day, area.area, area.counted) == (
        BRANCH + timedelta(days=3),
        "birch",
        700,
    )
    apart = np.abs(people[:, None] - people[None, :]).mean() / 2
    assert area.crps == pytest.approx(np.abs(people - 700).mean() - apart)
    expected = averaged_relative_difference([[people[19]]], [[700]])
    assert run.people_verdict.ard.mean == expected.mean
    scores = run.as_dict()["scores"]["displacement"]
    assert scores["figures"] == 1
    assert "clerk" in str(displacement_table(run.people_verdict).rows)


def test_a_province_is_the_sum_of_its_settlements() -> None:
    run = ran({"area": "XX01", "persons": 5_000})
    assert run.people_verdict is None  # no settlement is in such a province
    start = run.start
    known = {
        id_: replace(place, admin1_pcode="XX01" if id_ != "alder" else "XX02")
        for id_, place in start.references.settlements.items()
    }
    start = replace(start, references=replace(start.references, settlements=known))
    events = list(
        told(
            {"area": "XX01", "persons": 5_000},
            # birch is in XX01: its people must not be counted twice.
            {"settlement": "birch", "persons": 700},
            {"settlement": "alder", "persons": 10},
        ).log()
    )
    found = displacement_verification_of(run.arms[0], run.question, start, events)
    assert found is not None
    assert [area.area for area in found.areas] == ["XX01", "alder"]
    rows = [r for r, id_ in enumerate(run.question.settlements) if id_ != "alder"]
    people = run.arms[0].results.hosted_by_day[:, 2, rows].sum(axis=1, dtype=float)
    assert found.areas[0].median == np.sort(people)[19]


@pytest.mark.parametrize(
    "figure",
    [
        {"settlement": "birch", "persons": 700, "category": "in reception centres"},
        {"settlement": "birch", "persons": 700, "measure": "flow"},
        {"settlement": "birch", "persons": 700, "valid_on": BRANCH},
        {"settlement": "birch", "persons": 700, "valid_on": date(2031, 1, 1)},
        {"settlement": "birch", "persons": None},
        {"area": "the whole country", "persons": 700},
    ],
)
def test_what_cannot_be_compared_is_left_out(figure: dict[str, Any]) -> None:
    run = ran(figure)
    assert run.verdict is not None
    assert run.people_verdict is None
    assert run.as_dict()["scores"]["displacement"] is None


def test_of_two_counts_of_a_day_the_last_counts() -> None:
    run = ran(
        {"settlement": "birch", "persons": 700, "counter": "clerk"},
        {"settlement": "birch", "persons": 900, "counter": "mayor"},
    )
    assert run.people_verdict is not None
    assert [area.counted for area in run.people_verdict.areas] == [900]


def test_a_run_without_people_has_no_verdict_on_them() -> None:
    log = told({"settlement": "birch", "persons": 700})
    run = run_scenario(scenario(), log, replicas=4, engine="heap", people=False)
    assert isinstance(run.arms[0], Arm)
    assert run.people_verdict is None


# --- what was counted before the branch -------------------------------------------


def stock(days: int, persons: int, **more: Any) -> dict[str, Any]:
    """A stock in Birch so many days after the branch, published on that day."""
    day = BRANCH + timedelta(days=days)
    told = {"settlement": "birch", "persons": persons, "counter": "clerk"}
    return {**told, "valid_on": day, "published": day, **more}


def test_a_forecast_starts_from_what_was_counted_by_the_branch() -> None:
    alone, known = ran(stock(3, 700)), ran(stock(-2, 500), stock(3, 700))
    assert alone.people_verdict is not None
    assert known.people_verdict is not None
    (without,), (area,) = alone.people_verdict.areas, known.people_verdict.areas
    assert (without.before, without.counted_before) == (0, None)
    assert (area.before, area.counted_before) == (500, BRANCH - timedelta(days=2))
    assert area.median == without.median + 500
    assert (area.trend, area.has_trend) == (500.0, False)
    assert known.people_verdict.no_change.mean == pytest.approx(200 / 700)
    assert alone.people_verdict.no_change.mean == 1.0


def test_a_count_that_was_published_later_is_not_known_at_the_branch() -> None:
    late = stock(-2, 500, published=BRANCH + timedelta(days=1))
    run = ran(late, stock(3, 700))
    assert run.people_verdict is not None
    assert run.people_verdict.areas[0].before == 0


def test_the_trend_is_that_of_the_last_counts_of_one_counter() -> None:
    run = ran(stock(-6, 300), stock(-2, 500), stock(3, 700))
    assert run.people_verdict is not None
    (area,) = run.people_verdict.areas
    assert area.has_trend
    assert area.trend == 500 + 50 * 5
    assert run.people_verdict.trend.mean == pytest.approx(50 / 700)
    told = run.people_verdict.summary()
    assert told["crps_persons_trend"] == 50
    assert told["crps_persons_no_change"] == 200
    other = ran(stock(-6, 300, counter="mayor"), stock(-2, 500), stock(3, 700))
    assert other.people_verdict is not None
    assert not other.people_verdict.areas[0].has_trend


def test_a_trend_does_not_fall_below_nobody() -> None:
    run = ran(stock(-3, 900), stock(-1, 100), stock(3, 700))
    assert run.people_verdict is not None
    assert run.people_verdict.areas[0].trend == 0.0


def test_a_flow_into_the_place_tells_the_trend_where_no_two_counts_do() -> None:
    flow = {
        "settlement": "birch",
        "measure": "flow",
        "category": "newly displaced",
        "persons": 120,
        "counter": "clerk",
        "valid_on": BRANCH - timedelta(days=1),
        "since": BRANCH - timedelta(days=5),
        "until": BRANCH - timedelta(days=1),
        "published": BRANCH,
    }
    run = ran(flow, stock(3, 700))
    assert run.people_verdict is not None
    assert run.people_verdict.areas[0].trend == 30 * 3


def test_what_no_model_is_needed_for_is_said_and_shown_instead() -> None:
    alder = {"settlement": "alder"}
    run = ran(stock(-2, 7_000, **alder), stock(3, 7_000, **alder))
    assert run.people_verdict is not None
    assert run.people_verdict.areas[0].median > 7_000
    assert [name for name, _ in run.people_verdict.worse_than()] == ["no change"]
    assert "no better" in people_alarm(run)
    assert people_left_out(run)
    assert not any("people displaced on the last day" in line for line in lines_of(run))


def test_the_table_says_where_nobody_had_counted() -> None:
    run = ran(stock(3, 700))
    assert run.people_verdict is not None
    notes = " ".join(displacement_table(run.people_verdict).notes)
    assert "of 1 of the 1 no stock had been published by the branch" in notes
    known = ran(stock(-6, 300), stock(-2, 500), stock(3, 700))
    assert known.people_verdict is not None
    table = displacement_table(known.people_verdict)
    assert table.rows[0][-2:] == (500, 750)
    assert not any("no stock" in note for note in table.notes)
