"""One damaged bit of a hot record: `Damaged`, never gigabytes or a raw exception."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import chronicle as ch
from chronicle.errors import ChronicleError, Damaged
from chronicle.replay.bounds import checked
from chronicle.store.columnar import DTYPE, KINDS, WIDTH, day_number
from chronicle.store.log import EventLog
from log_toys import control, opening

EVENTS = [
    *opening(),
    *(control(f"r{n}", published="2024-11-28") for n in range(3)),
    ch.DisplacementReported(
        report_id="d",
        source="un",
        measure="stock",
        category="displaced",
        persons=7,
        area="north",
        counter="un",
        valid_on="2024-11-27",
    ),
    ch.RouteRegistered(settlement_a="alder", settlement_b="birch", distance_km=3),
    ch.RouteStatusReported(
        report_id="w",
        source="s",
        settlement_a="alder",
        settlement_b="birch",
        shut=True,
        valid_from="2024-11-27",
    ),
    ch.ReportAmended(report="r0", source="s", changes={"controller": "blue"}),
    ch.ReportRetracted(report="r1", source="s"),
]


def codes(kind: str) -> list[str]:
    counts = {"settlement": 3, "actor": 2, "source": 4, "counter": 1, "area": 1}
    return ["x"] * counts[kind]


def rows() -> np.ndarray:
    with ch.memory() as log:
        log.append(EVENTS)
        joined = b"".join(log._log.store.columnar())
    return np.frombuffer(joined, np.dtype(DTYPE)).copy()


def test_what_the_log_writes_is_within_bounds() -> None:
    joined = rows().tobytes()
    pieces = [joined[: 5 * WIDTH], joined[5 * WIDTH :]]
    assert b"".join(checked(pieces, 0, codes)) == joined


@pytest.mark.parametrize(
    ("at", "field", "value"),
    [
        (5, "kind", len(KINDS)),
        (5, "status", 7),
        (8, "status", 2),
        (10, "status", 2),
        (5, "time", 4),
        (5, "grade", 56),
        (5, "grade", 7),
        (5, "valid", 2_000_000_000),
        (5, "valid", -(1 << 31)),
        (5, "published", 1 << 30),
        (5, "since", -800_000),
        (5, "place", 3),
        (5, "place", -2),
        (5, "actor", 1 << 28),
        (5, "source", 4),
        (8, "actor", 1),
        (8, "other", 1),
        (8, "mask", 9),
        (8, "amount", -(1 << 50)),
        (9, "other", 3),
        (10, "other", -1),
        (11, "amount", 12),
        (12, "amount", 0),
    ],
)
def test_a_record_out_of_bounds_is_named(at: int, field: str, value: int) -> None:
    damaged = rows()
    damaged[field][at] = value
    with pytest.raises(Damaged, match=f"position {at + 1}:"):
        list(checked([damaged.tobytes()], 0, codes))


def test_replay_of_flipped_bits_asks_for_no_gigabytes(tmp_path: Path) -> None:
    """Any bit of a record, as damage would have it: our error, or an answer."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append(EVENTS)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20), limits[1]))
    chance, refused = random.Random(1), 0
    try:
        for _ in range(100):
            position, bit = chance.randint(1, len(EVENTS)), chance.randrange(8 * WIDTH)
            copy = tmp_path / "copy.chronicle"
            copy.write_bytes(path.read_bytes())
            with closing(sqlite3.connect(path)) as connection:
                (hot,) = connection.execute(
                    "SELECT hot FROM events WHERE position = ?", (position,)
                ).fetchone()
            flipped = bytearray(hot)
            flipped[bit // 8] ^= 1 << bit % 8
            with closing(sqlite3.connect(copy)) as connection:
                (trigger,) = connection.execute(
                    "SELECT sql FROM sqlite_schema WHERE name = 'events_update'"
                ).fetchone()
                connection.execute("DROP TRIGGER events_update")
                connection.execute(
                    "UPDATE events SET hot = ? WHERE position = ?",
                    (bytes(flipped), position),
                )
                connection.execute(trigger)
                connection.commit()
            try:
                with ch.open(copy) as log:
                    log.replay().state(day_number(control("x").valid_from))
            except Damaged:
                refused += 1
            finally:
                for left in tmp_path.glob("copy.chronicle*"):
                    if left.is_file():
                        left.unlink()
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert refused > 30


@pytest.mark.parametrize("position", [6, 10, len(EVENTS)])
def test_a_missing_time_is_damage(tmp_path: Path, position: int) -> None:
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append(EVENTS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(replace(sql, 'recorded_at INTEGER "
            "NOT NULL', 'recorded_at INTEGER'), ') STRICT', ')') WHERE name = 'events'"
        )
        connection.commit()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER events_update")
        connection.execute(
            "UPDATE events SET recorded_at = NULL WHERE position >= ?", (position,)
        )
        connection.commit()
    store = _without_schema_check(path)
    with pytest.raises(ChronicleError):
        store.position_at(1 << 60)
    with pytest.raises(Damaged):
        EventLog(store).append([control("new")])
    store.close()


def _without_schema_check(path: Path):  # type: ignore[no-untyped-def]
    from chronicle.store.memory import system_clock
    from chronicle.store.sqlite.store import SQLiteStore

    return SQLiteStore(path, system_clock, 1.0)
