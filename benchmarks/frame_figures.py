"""Frames of a long record against `pandas.read_parquet` of the same tables.

    python benchmarks/frame_figures.py [EVENTS]

Our frames are made from the record with its index and labels saved, as in a notebook's
second cell; the peer reads the same rows and types from Parquet. Seconds are of the
processor, all threads together, because these machines are shared. A ratio above 1
means that we are slower. What is timed is compared.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

import chronicle as ch
from figures import interleaved, spread
from log_figures import filled

ROUNDS = 7
GOAL = "<= 3"


def frames(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """`frame` and `panel` of a record of *count* reports, each against Parquet."""
    path = folder / "frames.chronicle"
    filled(path, count).store.close()
    for name, make in (
        ("api.frame", lambda log: log.frame()),
        ("api.panel", lambda log: log.panel()),
        ("api.panel.graded", lambda log: log.panel(lens="graded")),
    ):
        yield _figure(name, path, folder / f"{name}.parquet", make)


def taken(count: int) -> Iterator[dict[str, Any]]:
    """`frames` in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield from frames(count, Path(name))


def _figure(
    name: str,
    path: Path,
    parquet: Path,
    make: Callable[[ch.Chronicle], pd.DataFrame],
) -> dict[str, Any]:
    with ch.open(path) as log:
        wanted = make(log)  # makes the index and the labels, too
    wanted.to_parquet(parquet)

    def ours() -> Callable[[], None]:
        with ch.open(path) as log:
            found = make(log)
        return lambda: _same(found, wanted)

    def theirs() -> Callable[[], None]:
        found = pd.read_parquet(parquet)
        return lambda: _same(found, wanted)

    mine, others = interleaved([ours, theirs], ROUNDS, time.process_time)
    ratios = [a / b for a, b in zip(mine, others, strict=True)]
    return {
        "name": name,
        "value": round(len(wanted) / statistics.median(mine)),
        "unit": "rows/s",
        "ratio": round(statistics.median(ratios), 3),
        "goal": GOAL,
        "spread": spread(ratios),
        "n": len(wanted),
        "against": "pandas.read_parquet of the same table",
    }


def _same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert (found.dtypes == wanted.dtypes).all()
    assert len(found) == len(wanted)
    some = slice(None, None, max(1, len(wanted) // 10_000))
    assert found.iloc[some].equals(wanted.iloc[some])


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for row in taken(count):
        print(*(f"{key}={value}" for key, value in row.items()), sep="  ")


if __name__ == "__main__":
    main()
