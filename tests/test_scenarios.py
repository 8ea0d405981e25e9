"""The worked pages and scenarios: every one runs, and prints what stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

import pages
import worked_scenarios as worked


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
    }
