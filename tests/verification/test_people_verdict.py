"""Displaced people of a run against what was counted later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

import chronicle as ch
from chronicle.experiments.arms import Arm
from chronicle.experiments.displacement_verification import (
    displacement_table,
    displacement_verification_of,
)
from chronicle.experiments.run import Run, run_scenario
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
