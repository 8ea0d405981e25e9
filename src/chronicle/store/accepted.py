"""Values that somebody has looked at and found right: they are not told of again."""

from __future__ import annotations

from collections.abc import Iterable

from chronicle.store.log import EventLog

__all__ = ["accept", "accepted"]

_KEY = "chronicle:accepted:"


def accept(log: EventLog, values: Iterable[str]) -> None:
    """Keep that *values* are right; those that are kept already change nothing."""
    with log.store.writing() as work:
        for value in dict.fromkeys(values):
            if work.outcome_of(_KEY + value) is None:
                work.remember(_KEY + value, b"", [])


def accepted(log: EventLog, values: Iterable[str]) -> set[str]:
    """Those of *values* that were accepted."""
    asked = set(values)
    if not asked:
        return set()
    with log.store.writing() as work:
        return {value for value in asked if work.outcome_of(_KEY + value) is not None}
