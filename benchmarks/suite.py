"""What `chronicle bench` runs: the suites, one table of figures.

replay   the log and the replay engine against peers and limits
whatif   engines and ensembles against bare SimPy and the natural style
"""

from __future__ import annotations

import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["SUITES", "growth", "run", "versions"]

Row = dict[str, Any]
Told = Callable[[str], None]


def versions() -> dict[str, str]:
    """What the figures were taken with."""
    names = ("numpy", "eventsourcing", "duckdb", "polars", "pandas", "numba", "simpy")
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in names},
    }


def replay(events: int, settlements: int, told: Told) -> Iterator[Row]:
    """The engine's figures, then the log's."""
    import log_figures
    import replay_figures

    told(f"an index of {events:,} reports, {settlements:,} settlements")
    yield from replay_figures.all_figures(events, settlements)
    with tempfile.TemporaryDirectory() as name:
        for take in log_figures.SUITE:
            told(take.__name__)
            folder = Path(name) / take.__name__
            folder.mkdir()
            yield from take(min(events, 200_000), folder)


def whatif(events: int, settlements: int, told: Told) -> Iterator[Row]:
    """Engines and ensembles; the sizes are those of the figures' names."""
    import whatif_rates

    for name, take in whatif_rates.FIGURES.items():
        told(name)
        yield take()


SUITES = {"replay": replay, "whatif": whatif}


def met(row: Row) -> bool | None:
    """Whether a row's ratio reaches its goal, where the goal is a bound on it."""
    if "met" in row:
        return bool(row["met"])
    sign, _, bound = str(row.get("goal", "")).partition(" ")
    if sign not in (">=", "<=") or not bound:
        return None
    limit = float(bound.split()[0])
    return bool(row["ratio"] >= limit if sign == ">=" else row["ratio"] <= limit)


def run(
    suite: str, events: int, settlements: int, told: Told = lambda _: None
) -> Iterator[Row]:
    """The rows of a suite as they are taken; each says whether its goal is met."""
    for row in SUITES[suite](events, settlements, told):
        yield {**row, "met": met(row)}


def growth(most: int, told: Told = lambda _: None) -> Iterator[Row]:
    """How cost grows: microseconds of one question over sizes of log and of country.

    Logs of up to *most* reports.
    """
    import replay_figures

    for settlements in (1_000, 10_000, 100_000):
        for events in (10_000, 100_000, 1_000_000, 10_000_000):
            if events > most:
                continue
            told(f"{events:,} reports, {settlements:,} settlements")
            bench = replay_figures.prepare(events, settlements)
            rows = {r["name"]: r for r in replay_figures.state_known(bench, rounds=100)}
            yield {
                "reports": events,
                "settlements": settlements,
                **{name: row["value"] for name, row in rows.items()},
            }


if __name__ == "__main__":
    for one in growth(10_000_000, lambda line: print(line, file=sys.stderr)):
        print(one)
