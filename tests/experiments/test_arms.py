"""Several arms of one run: side by side in tables, in the report and in its pictures.

On the five towns without chance: red is at Birch on day 2, at Cedar on day 3, at
Dogwood and Elm on day 4 of 8. If Birch holds two days longer, all comes two days later;
if Cedar holds thirty, it and Elm behind it never fall.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chronicle.errors import UsageError
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.report.comparison import changes_table, differing, places_table
from chronicle.report.figures import line_key, seen_key, titles
from chronicle.report.html import write_report
from chronicle.simulation.scenario_file import scenario_of
from shell import run as shell
from what_if_case import data, five_towns
from worked_scenarios import SCENARIOS

BIRCH = {"name": "birch", "kind": "hold", "place": "Birch", "extra_days": 2}
CEDAR = {"name": "cedar", "kind": "hold", "place": "Cedar", "extra_days": 30}
SURE = {
    "speed_km_day": 30, "speed_sigma": 0, "hold_days": 0, "delay_days": 1,
    "collapse": 0, "repulse": 0, "transfer": 0, "transfer_rate": 0,
}  # fmt: skip
ARMS = [["birch"], ["cedar"], ["birch", "cedar"]]


def run_of(*orders: dict[str, Any], arms: list[list[str]], **more: Any) -> Run:
    told = data(
        intervention=list(orders),
        compare={"arms": arms},
        rules=SURE,
        ensemble={
            "replicas": 5,
            "seed": 1,
            "engine": "heap",
            "parameters": "fixed",
        },
    )
    return run_scenario(scenario_of(told, "arms.toml"), five_towns(), **more)


@pytest.fixture(scope="module")
def made() -> Run:
    return run_of(BIRCH, CEDAR, arms=ARMS)


def test_the_arms_change_what_arithmetic_says(made: Run) -> None:
    rows = {row["arm"]: row for row in changes_table(made)}
    assert list(rows) == ["birch", "cedar", "birch + cedar"]
    fallen = [row["places_fallen"] for row in rows.values()]
    assert fallen == [0.0, -2.0, -2.0]
    assert [row["fewer_fall"] for row in rows.values()] == [0.0, 1.0, 1.0]
    assert [row["half_width"] for row in rows.values()] == [0.0, 0.0, 0.0]
    base = made.arms[0].people_days
    assert base is not None
    for arm, row in zip(made.arms[1:], rows.values(), strict=True):
        ours = arm.people_days
        assert ours is not None
        assert row["people_days_over_run"] == round(float((ours - base).mean()))
        assert row["fewer_people_days"] == (ours < base).mean()


def test_places_stand_where_the_arms_differ_most(made: Run) -> None:
    table = places_table(made, 3)
    assert table.columns == ("place", "birch", "cedar", "birch + cedar")
    assert table.rows == [
        ("Cedar", "+2.00 ± 0.00", "+5.00 ± 0.00", "+5.00 ± 0.00"),
        ("Elm", "+2.00 ± 0.00", "+4.00 ± 0.00", "+4.00 ± 0.00"),
        ("Birch", "+2.00 ± 0.00", "+0.00 ± 0.00", "+2.00 ± 0.00"),
    ]
    assert differing(made, 12) == [1, 3, 0, 2]


def test_one_replica_has_differences_and_no_widths() -> None:
    run = run_of(BIRCH, CEDAR, arms=ARMS, replicas=1)
    assert {row["half_width"] for row in changes_table(run)} == {None}
    assert places_table(run, 1).rows == [("Cedar", "+2.00", "+5.00", "+5.00")]


def test_a_run_without_people_compares_places_alone() -> None:
    run = run_of(BIRCH, CEDAR, arms=ARMS, people=False)
    row = next(iter(changes_table(run)))
    assert (row["people_days_over_run"], row["fewer_people_days"]) == (None, None)
    assert not changes_table(run).notes
    assert row["places_fallen"] == 0.0


def test_the_baseline_is_compared_with_nothing(made: Run) -> None:
    with pytest.raises(UsageError, match="what the other arms are compared with"):
        made.comparison("baseline")


class Page(HTMLParser):
    """The anchors of a page, its links, and its words by heading."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value or "")
            if name == "href":
                self.links.append(value or "")
            if name == "alt":
                self.images.append(value or "")


def test_the_report_has_the_arms_side_by_side(made: Run, tmp_path: Path) -> None:
    text = write_report(made, tmp_path / "report.html").read_text()
    page = Page()
    page.feed(text)
    arms = ["#arm-0", "#arm-1", "#arm-2", "#arm-3"]
    assert page.links == ["#arms", *arms, "#words"]
    assert {link[1:] for link in page.links} <= page.anchors
    beside = text[text.index('id="arms"') : text.index("Against what was recorded")]
    assert "+5.00 ± 0.00" in beside
    keys = [line_key(number) for number in range(4)]
    assert len({*keys, seen_key()}) == 5
    assert all(key in beside for key in (*keys, seen_key()))
    graphs = re.findall(r'<svg viewBox="0 0 220 96".*?</svg>', beside)
    assert len(graphs) == 4
    assert all(graph.count('class="arm"') == 4 for graph in graphs)


def test_one_arm_needs_no_overlay_and_a_baseline_alone_no_section(
    tmp_path: Path,
) -> None:
    one = write_report(
        run_of(BIRCH, arms=[["birch"]]), tmp_path / "one.html"
    ).read_text()
    assert 'id="arms"' in one
    assert 'class="key"' not in one
    none = write_report(run_of(arms=[]), tmp_path / "none.html").read_text()
    assert 'id="arms"' not in none
    assert "<nav>" not in none


def test_a_picture_says_of_which_arm_it_is(made: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image

    from chronicle.report.figures import draw_run

    drawn = draw_run(made, tmp_path)
    for arm in made.arms:
        for title in titles(made, arm):
            told = Image.open(drawn[title]).text["Description"]  # type: ignore[attr-defined]
            assert f". {arm.label}: " in told
    told = Image.open(tmp_path / "reliability.png").text["Description"]  # type: ignore[attr-defined]
    assert "baseline: chances by day" in told
    assert "cedar" not in told.lower()


def test_several_arms_are_told_in_one_table_at_the_shell() -> None:
    front = SCENARIOS / "hold-or-corridor.toml"
    words = ("--replicas", "4", "--engine", "heap", "--format", "table")
    ended = shell("run", front, *words)
    assert ended.code == 0
    assert "WHAT-IF: arms less the baseline by the end of 2024-12-14" in ended.out
    one = shell("run", SCENARIOS / "hama-holds.toml", *words)
    assert "arms less the baseline" not in one.out
