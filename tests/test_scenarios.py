"""The worked pages: every command runs, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

import pages


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.parent.name)
def test_a_worked_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    pages.prepare(tmp_path)
    told = page.read_text()
    assert pages.rewritten(told, tmp_path) == told


def test_there_is_a_worked_page() -> None:
    assert [page.parent.name for page in pages.PAGES]
