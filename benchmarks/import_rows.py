"""Import a generated control file and ask one state: rows, seconds, memory.

    python benchmarks/import_rows.py --rows 1000000

Prints one JSON object. The time of reading the CSV and inserting raw rows of the same
width in one transaction stands beside it as the limit of the same run.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sqlite3
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import chronicle as ch

SETTLEMENTS = 10_000
ACTORS = ("red", "blue", "green", "grey")
SOURCES = 64
FIRST = date(2020, 1, 1)
DAYS = 1_500


def spread(number: int) -> int:
    """A fixed scatter of *number*: splitmix64's finaliser (Steele et al., 2014)."""
    mask = (1 << 64) - 1
    z = (number + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def generate(folder: Path, rows: int, seed: int) -> None:
    """A case of invented places with *rows* control reports."""
    with (folder / "settlements.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("id", "name", "lat", "lon"))
        for n in range(SETTLEMENTS):
            out.writerow((f"s{n:05}", f"Place {n}", 30 + n % 100 / 20, 35 + n / 5_000))
    with (folder / "actors.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("id", "name"))
        out.writerows((actor, actor.title()) for actor in ACTORS)
    with (folder / "control.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            (
                "id",
                "valid_from",
                "settlement",
                "to_actor",
                "status",
                "published",
                "source",
            )
        )
        for n in range(rows):
            dice = spread(n * 4 + seed)
            day = FIRST + timedelta(days=n * DAYS // rows - dice % 3)
            place = f"s{dice // 7 % SETTLEMENTS:05}"
            said = day + timedelta(days=dice // 11 % 5)
            actor = ACTORS[dice // 13 % len(ACTORS)]
            source = f"source-{dice // 17 % SOURCES}"
            out.writerow((f"c{n}", day, place, actor, "control", said, source))


def raw(folder: Path, rows: int) -> float:
    """Seconds to read the CSV and insert its rows with nothing else done."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE rows (a, b, c, d, e, f, g)")
    start = time.perf_counter()
    connection.execute("BEGIN")
    with (folder / "control.csv").open(newline="") as file:
        reader = csv.reader(file, strict=True)
        next(reader)
        connection.executemany("INSERT INTO rows VALUES (?,?,?,?,?,?,?)", reader)
    connection.execute("COMMIT")
    took = time.perf_counter() - start
    connection.close()
    return took


def main() -> None:
    """Generate, import, ask, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "toy"
        folder.mkdir()
        generate(folder, given.rows, given.seed)
        limit = raw(folder, given.rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        path = Path(name) / "toy.chronicle"
        log = ch.create(path)
        start = time.perf_counter()
        result = log.import_folder(folder)
        imported = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        state = log.state(on="2023-01-01")
        asked = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        held = sum(1 for actor in state.control.values() if actor is not None)
        assert held == sum(1 for s in state.status.values() if s == "held")
        assert result.total("problem_count") == 0
        log.close()
        print(
            json.dumps(
                {
                    "rows": given.rows,
                    "seed": given.seed,
                    "import_seconds": round(imported, 1),
                    "rows_per_second": round(given.rows / imported),
                    "ratio_to_csv_reader_and_raw_insert": round(limit / imported, 3),
                    "first_state_seconds": round(asked, 2),
                    "import_memory_mb": round((after - before) / 1024),
                    "peak_memory_mb": round(peak / 1024),
                    "bytes_per_row_on_disk": round(path.stat().st_size / given.rows),
                }
            )
        )


if __name__ == "__main__":
    main()
