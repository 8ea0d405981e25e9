"""Whole histories of a machine on which everything fails (`simulator.py`).

`make soak` plays fifty thousand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import simulator
from chronicle.errors import StorageError
from chronicle.store import log
from chronicle.store.projections import Follower
from chronicle.store.sql import writing
from chronicle.store.sql.writing import Codes, SQLWriting
from chronicle.store.sqlite import recorder
from chronicle.store.sqlite import store as sqlite
from chronicle.store.sqlite.schema import set_pragmas
from chronicle.store.sqlite.store import SQLiteStore
from simulator import keep, simulate


@pytest.mark.slow
def test_two_hundred_histories_violate_nothing() -> None:
    ended = [simulate(seed) for seed in range(1, 201)]
    assert {one.seed: one.violation for one in ended if one.violation} == {}
    deeds = {deed for one in ended for deed in one.counts}
    assert deeds >= {
        *("acknowledged", "unknown", "refused", "aborted", "killed", "cut", "fails"),
        *("merged", "backup", "jumps", "tampered"),
    }


def test_a_seed_is_one_history() -> None:
    first, again, other = simulate(2), simulate(2), simulate(3)
    assert (first.digest, first.told) == (again.digest, again.told)
    assert first.digest != other.digest


# --- the test of the test: with a guard taken out, it is found -------------------


def no_outcomes(put: Callable[..., Any]) -> None:
    """A command that is sent again is recorded again."""
    put(SQLWriting, "outcome_of", lambda self, key: None)
    put(SQLWriting, "remember", lambda self, key, digest, positions: None)


def own_codes(put: Callable[..., Any]) -> None:
    """What other writers gave codes to is not read."""
    read = Codes.refresh
    put(Codes, "refresh", lambda self, cursor: self.seq or read(self, cursor))


def any_position(put: Callable[..., Any]) -> None:
    """A follower writes, whoever was there since it read."""
    put(Follower, "_position", lambda self, cursor: mock.ANY)


def any_clock(put: Callable[..., Any]) -> None:
    """The stamp is what the clock says."""
    end = writing._end
    put(writing, "_end", lambda cursor, now: (end(cursor, now)[0], now))


def no_sync(put: Callable[..., Any]) -> None:
    """Commits are left to the disk's own time."""

    def lax(connection: sqlite3.Connection) -> None:
        set_pragmas(connection)
        connection.execute("PRAGMA synchronous=NORMAL").close()

    put(recorder, "set_pragmas", lax)


def no_head(put: Callable[..., Any]) -> None:
    """The head is not put beside the file."""
    put(SQLiteStore, "_tell_head", lambda self, text: None)


def all_is_known(put: Callable[..., Any]) -> None:
    """A commit that failed is called no commit."""
    put(sqlite, "OutcomeUnknown", StorageError)


def anything_expected(put: Callable[..., Any]) -> None:
    """What others wrote since is overwritten."""
    put(log, "check_expected", lambda work, expected: None)


def versions_from_one(put: Callable[..., Any]) -> None:
    """Versions go on from nothing."""
    put(SQLWriting, "_last_version", lambda self, stream: None)


def no_transaction(put: Callable[..., Any]) -> None:
    """Each statement stands by itself."""
    put(SQLiteStore, "_begin", lambda self, raw, until: None)


MUTANTS = (
    *(no_outcomes, own_codes, any_position, any_clock, no_sync, no_head),
    *(all_is_known, anything_expected, versions_from_one, no_transaction),
)


def first_violation(mutant: Callable[..., None], seeds: int) -> simulator.Ended | None:
    """The first history in which it is noticed that a guard is gone."""
    with ExitStack() as stack:

        def put(where: object, name: str, what: object) -> None:
            stack.enter_context(mock.patch.object(where, name, what))

        mutant(put)
        histories = (simulate(seed) for seed in range(1, seeds + 1))
        return next((ended for ended in histories if ended.violation), None)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_guard_that_is_taken_out_is_noticed(mutant: Callable[..., None]) -> None:
    assert first_violation(mutant, 60) is not None


def test_a_failing_history_is_a_file_that_plays_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    any_clock(monkeypatch.setattr)
    failed = next(e for seed in range(1, 60) if (e := simulate(seed)).violation)
    assert simulator.main([str(keep(failed, tmp_path))]) == 1
    told = capsys.readouterr().out
    assert f"VIOLATION: {failed.violation}" in told
    assert failed.told[-1] in told
    assert f"digest {failed.digest}" in told
