"""The worked pages and scenarios: every one runs, and prints what stands beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pages
import worked_scenarios as worked
from chronicle.calibration.calibrate import calibrate
from chronicle.simulation.scenario_file import read_scenario
from chronicle.verification.intervals import order_statistics


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.parent.name)
def test_a_worked_page_shows_what_its_commands_print(
    page: Path, tmp_path: Path
) -> None:
    pages.prepare(tmp_path)
    told = page.read_text()
    assert pages.rewritten(told, tmp_path) == told


def test_there_is_a_worked_page() -> None:
    assert [page.parent.name for page in pages.PAGES]


@pytest.mark.parametrize("path", worked.TOML, ids=lambda path: path.stem)
def test_a_scenario_prints_what_lies_beside_it(path: Path, tmp_path: Path) -> None:
    assert worked.printed(path, tmp_path) == worked.expected(path).read_text()


@pytest.mark.parametrize("path", worked.SCRIPTS, ids=lambda path: path.stem)
def test_a_script_prints_what_lies_beside_it(path: Path) -> None:
    assert worked.script(path) == worked.expected(path).read_text()


def test_the_scenarios_that_were_promised_are_there() -> None:
    assert {path.stem for path in (*worked.TOML, *worked.SCRIPTS)} >= {
        "front-2024-11-30",
        "hama-holds",
        "corridor",
        "hold-or-corridor",
        "m5-cut",
        "ceasefire",
        "five-towns",
        "own_rule",
        "convoy",
    }


def test_the_posterior_that_ships_is_what_calibration_makes_of_its_scenario() -> None:
    pytest.importorskip("numba")
    path = worked.SCENARIOS / "front-2024-11-30.toml"
    shipped = read_scenario(path).posterior
    assert shipped is not None
    found = calibrate(path, workers=2).posterior
    assert found.parameters == shipped.parameters
    for field in ("scenario", "position", "since", "until", "published_by", "bank"):
        assert getattr(found.made, field) == getattr(shipped.made, field)
    # Other machines multiply matrices in another order, and accept a few other rows.
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    ours = order_statistics(np.array(found.rows), levels)
    theirs = order_statistics(np.array(shipped.rows), levels)
    np.testing.assert_allclose(ours, theirs, rtol=0.15, atol=0.02)


def test_every_scenario_of_the_case_knows_no_more_than_its_posterior() -> None:
    told = [read_scenario(path) for path in worked.TOML]
    fitted = [one for one in told if one.posterior is not None]
    assert len(fitted) >= 6
    for one in fitted:
        assert one.posterior is not None
        assert not one.hindsight
        assert one.posterior.made.published_by <= one.branch_at
        assert one.posterior.made.until <= one.branch_at
