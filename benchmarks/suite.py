"""What `chronicle bench` runs: the suites, one table of figures.

replay   the log and the replay engine against peers and limits
questions  the verbs at the shell against numpy alone, and how they grow; frames
whatif   engines and ensembles against bare SimPy and the natural style
scale    the archive: bytes, writing, one question in SQL, against peers and limits
page     what the page sends, a step of its slider, its first map, against limits
trust    what safety costs: the seal of a record, a server beside a bare COPY
"""

from __future__ import annotations

import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chronicle.errors import UsageError

__all__ = ["SUITES", "growth", "run", "versions"]

Row = dict[str, Any]
Told = Callable[[str], None]
Take = tuple[str, Callable[[], Iterable[Row]]]
"""A name, and what takes the figures of that name."""


def versions() -> dict[str, str]:
    """What the figures were taken with."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for name in (
        *("numpy", "eventsourcing", "duckdb", "polars", "pandas", "numba", "simpy"),
        *("distributed", "pyabc"),
    ):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def replay(events: int, settlements: int) -> Iterator[Take]:
    """The engine's figures, then the log's."""
    import log_figures
    import replay_figures

    yield from replay_figures.takes(events, settlements)
    for take in log_figures.SUITE:

        def taken(take: Callable[..., Iterable[Row]] = take) -> Iterator[Row]:
            with tempfile.TemporaryDirectory() as name:
                yield from take(min(events, 200_000), Path(name))

        yield take.__name__, taken


def questions(events: int, settlements: int) -> Iterator[Take]:
    """What each verb costs at the shell, and how that grows; frames beside Parquet."""
    import frame_figures
    import question_figures

    yield from question_figures.takes(events, settlements)
    yield "frames", lambda: frame_figures.taken(events)


def whatif(events: int, settlements: int) -> Iterator[Take]:
    """Engines and ensembles; the sizes are those of the figures' names."""
    import whatif_rates

    for name, take in whatif_rates.FIGURES.items():
        yield name, lambda take=take: [take()]  # type: ignore[misc]


def page(events: int, settlements: int) -> Iterator[Take]:
    """What the page sends and what a step costs; sizes are those of the names."""
    import page_figures

    yield from page_figures.takes(events, settlements)


def trust(events: int, settlements: int) -> Iterator[Take]:
    """What safety costs."""
    import trust_figures

    yield from trust_figures.takes(events)
    import postgres_figures

    yield from postgres_figures.takes(events, settlements)


def scale(events: int, settlements: int) -> Iterator[Take]:
    """What the archive costs, and what a question to it does."""
    import scale_figures

    yield from scale_figures.takes(events, settlements)


SUITES: dict[str, Callable[[int, int], Iterator[Take]]] = {
    "replay": replay,
    "questions": questions,
    "whatif": whatif,
    "page": page,
    "trust": trust,
    "scale": scale,
}


def met(row: Row) -> bool | None:
    """Whether a row's ratio reaches its goal, where the goal is a bound on it.

    None where there is no such bound, and where there is no ratio to hold against it.
    """
    if "met" in row:
        return None if row["met"] is None else bool(row["met"])
    sign, _, bound = str(row.get("goal", "")).partition(" ")
    ratio = row.get("ratio")
    if sign not in (">=", "<=") or not bound or ratio is None:
        return None
    limit = float(bound.split()[0])
    return bool(ratio >= limit if sign == ">=" else ratio <= limit)


def run(
    suite: str, events: int, settlements: int, told: Told = lambda _: None
) -> Iterator[Row]:
    """The rows of a suite as they are taken; each says whether its goal is met.

    A figure that cannot be taken costs no other: where something that it needs is not
    installed, its row says *not run*; where it raises or its check fails, the row has a
    key `failed`, with why.
    """
    for name, take in SUITES[suite](events, settlements):
        told(name)
        try:
            for row in take():
                yield {**row, "met": met(row)}
        except (ImportError, UsageError) as missing:
            yield _without(name, f"not run: {missing}", None)
        except (Exception, SystemExit) as broken:  # FLEE's half ends with the latter
            why = f"{type(broken).__name__}: {broken}"[:300]
            yield {**_without(name, f"failed: {why}", False), "failed": why}


def _without(name: str, why: str, reached: bool | None) -> Row:
    row = dict.fromkeys(("value", "unit", "ratio", "goal"))
    return {"name": name, **row, "against": why, "met": reached}


def scale_growth(most: int, told: Told = lambda _: None) -> Iterator[Row]:
    """How the archive grows, up to *most* reports."""
    import scale_figures

    yield from scale_figures.growth(most, told)


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
