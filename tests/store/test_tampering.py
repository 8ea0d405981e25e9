"""Whoever changes a record of which a head is held outside is found (`soak_tamper.py`).

`make soak` does the same fifty thousand times.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import soak_tamper
from chronicle.store.merkle import EMPTY_ROOT


@pytest.mark.slow
def test_edits_rewrites_and_rollbacks_are_found(tmp_path: Path) -> None:
    ended = soak_tamper.rounds(500, 1, tmp_path)
    assert sum(ended.values()) == 500
    assert {how.partition(": ")[2].partition(" (")[0] for how in ended} <= {
        *("found", "no change", "not promised"),
    }
    for deed in {deed.__name__ for deed in soak_tamper.DEEDS}:
        assert ended[f"{deed}: found"] > 20, deed


@pytest.mark.slow
def test_no_bit_of_the_file_changes_an_answer_unseen(tmp_path: Path) -> None:
    ended = soak_tamper.bits(500, 1, tmp_path)
    assert ended["found"] > 250
    assert ended["found"] + ended["no change"] == 500


def test_the_campaign_sees_what_no_head_would_show(tmp_path: Path) -> None:
    """The test of the test: without the head outside an insider is not found."""
    case = soak_tamper.Case(tmp_path)
    with closing(sqlite3.connect(case.fresh())) as raw:
        soak_tamper.unguarded(raw)
        raw.execute(
            "UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 9"
        )
        soak_tamper.reseal(raw)
        soak_tamper.guarded(raw)
    assert case.outcome() == "found: SplitHistory"
    case.head = soak_tamper.Head(case.head.origin, 0, EMPTY_ROOT)
    assert case.outcome() == "SILENT"
