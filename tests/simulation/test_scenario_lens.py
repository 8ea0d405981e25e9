"""A scenario names the lens through which it sees the record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import chronicle as ch
from chronicle.domain.toml_text import lines_of
from chronicle.errors import InputError
from chronicle.experiments.execute import run_scenario
from chronicle.report.explain import asked_table
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.scenario_file import read_scenario, scenario_of
from what_if_case import BRANCH, data, five_towns, words_of

FILE = """[scenario]
id = "toy"
branch_at = 2030-05-10
published_by = 2030-05-10
lens = "{lens}"

[[force]]
actors = ["red"]
against = ["blue"]
"""


def toy(lens: str | None = None, **more: Any) -> Scenario:
    head: dict[str, Any] = data()["scenario"]
    return scenario_of(
        data(scenario=head if lens is None else head | {"lens": lens}, **more)
    )


def disputed() -> ch.Chronicle:
    """The five towns, and a poor report, told last, that a place changed hands."""
    record = five_towns()
    state = record.state(BRANCH, published_by=BRANCH)
    held = sorted(id_ for id_, who in state.control.items() if who == "blue")[0]
    common = {"settlement": held, "published": BRANCH, "valid_from": BRANCH}
    record.append(
        [
            ch.ControlReported(
                report_id="good", source="wire", controller="blue",
                reliability="A", credibility=1, **common,
            ),
            ch.ControlReported(
                report_id="poor", source="rumour", controller="red",
                reliability="E", credibility=5, **common,
            ),
        ]
    )  # fmt: skip
    return record


def test_without_a_lens_the_identity_is_what_it_was_before_there_were_any() -> None:
    before = "404f373c9e18e9eb7699a40d2b0aadde340265d175995a2f06cfde65082a2d9d"
    assert toy().identity == before
    assert toy("latest").identity == before
    assert toy("graded").identity != before
    assert toy("cautious").lens == "cautious:3"
    assert toy("cautious").identity == toy("cautious:3").identity


def test_an_unknown_lens_is_told_with_file_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_text(FILE.format(lens="grade"))
    with pytest.raises(InputError) as told:
        read_scenario(path)
    said = str(told.value)
    assert said.startswith("toy.toml:5: scenario.lens: 'grade' is no lens; there are ")
    assert "did you mean 'graded'?" in said


def test_a_lens_of_a_source_that_never_spoke_is_told_with_file_and_key() -> None:
    with pytest.raises(InputError, match=r"scenario\.lens: no source 'nobody'"):
        run_scenario(toy("source:nobody"), five_towns())


def test_the_branch_is_seen_through_the_lens_and_the_report_says_so() -> None:
    record = disputed()
    ensemble = data()["ensemble"] | {"replicas": 2}
    graded = run_scenario(toy("graded", ensemble=ensemble), record)
    latest = run_scenario(toy(ensemble=ensemble), record)
    assert len(graded.question.rows) == len(latest.question.rows) + 1
    assert "Lens graded, at the branch and in what came to pass" in words_of(graded)
    assert "Lens latest, as where a scenario names no lens" in words_of(latest)
    assert graded.as_dict()["branch"]["lens"] == "graded"


def test_explain_says_the_lens() -> None:
    told = dict(asked_table(toy()).rows)
    assert told["lens"] == "latest, as where a scenario names no lens"


def test_what_came_to_pass_is_seen_through_the_lens_too() -> None:
    record = disputed()
    end = BRANCH + timedelta(days=9)
    record.append(
        ch.ControlReported(
            report_id="end", source="wire", settlement="alder", controller="red",
            valid_from=end, published=end,
        )
    )  # fmt: skip
    ensemble = data()["ensemble"] | {"replicas": 2}
    verdict = run_scenario(toy("graded", ensemble=ensemble), record).verdict
    assert verdict is not None
    assert not verdict.truth.already.any()


def test_lines_are_those_of_keys_and_tables() -> None:
    told = b"a = 1\n\n[t]\n# b = 0\nb = 2\n[[f]]\nc = 3\n[[f]]\nc = 4\n"
    assert lines_of(told) == {
        "a": 1, "t": 3, "t.b": 5, "f 1": 6, "f 1.c": 7, "f 2": 8, "f 2.c": 9,
    }  # fmt: skip
