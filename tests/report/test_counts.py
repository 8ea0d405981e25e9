"""Counts beside the fan: like with like, or not at all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

import chronicle as ch
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.report.counts import counts_figure
from chronicle.report.html import report_html
from chronicle.report.sentences import answer
from chronicle.report.warnings import people_alarm, people_left_out
from what_if_case import data, five_towns, scenario

BRANCH = data()["scenario"]["branch_at"]


def ran(*figures: tuple[int, int, str]) -> Run:
    """A run of a record with stocks: on which day from the branch, how many, where."""
    log = five_towns()
    for number, (day, persons, place) in enumerate(figures):
        told: dict[str, Any] = {"settlement": place, "valid_on": BRANCH}
        told["valid_on"] += timedelta(days=day)
        log.append(
            ch.DisplacementReported(
                report_id=f"d{number}",
                source="desk",
                measure="stock",
                category="displaced",
                persons=persons,
                published=told["valid_on"],
                **told,
            )
        )
    return run_scenario(scenario(), log, replicas=8, engine="heap")


@pytest.fixture(scope="module")
def known() -> Run:
    return ran((-2, 500, "birch"), (3, 700, "birch"), (5, 900, "birch"))


def test_the_fan_begins_with_what_was_counted_by_the_branch(known: Run) -> None:
    figure = counts_figure(known)
    assert figure.count("<figure>") == 1
    assert re.findall(r"counted ([\d,]+) on", figure) == ["500", "700", "900"]
    line = re.search(r'<polyline points="([\d.]+),([\d.]+)', figure)
    dot = re.search(r'<circle cx="([\d.]+)" cy="([\d.]+)"', figure)
    assert line is not None
    assert dot is not None
    assert line.groups() == dot.groups()
    assert figure in report_html(known)
    assert report_html(known).count("Dots are counts") == 1


def test_a_count_without_one_before_is_not_drawn_and_says_so() -> None:
    run = ran((3, 700, "birch"))
    figure = counts_figure(run)
    assert "<svg" not in figure
    assert "not drawn: nobody had counted there by the branch" in figure
    assert "where nobody had counted by the branch" in people_left_out(run)
    assert "like with like" in people_alarm(run)
    assert any("nobody had counted by the branch" in said for said in answer(run))
    assert "off by" not in people_left_out(run)


def test_only_what_can_be_compared_is_drawn() -> None:
    both = ran((-2, 500, "birch"), (3, 700, "birch"), (3, 90, "cedar"))
    figure = counts_figure(both)
    assert figure.count("<figure>") == 1
    assert "Counts of one area are not drawn" in figure
    assert counts_figure(ran()) == ""
