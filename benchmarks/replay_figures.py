"""The figures of replay, each against a limit or a peer measured in the same run.

    python benchmarks/replay_figures.py --events 1000000

Every function returns a list of dicts: name, value, unit, ratio, against, goal, met, n,
seed, spread. Rounds of ours and theirs are interleaved and medians compared; latencies
of one thread are processor time, peers that use threads are wall time. Whatever is
timed has its answer checked against a full scan of all entries first.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from chronicle.replay import MemorySource, Replay
from chronicle.replay.build import build
from chronicle.replay.columns import Columns, read
from chronicle.replay.index import Index
from chronicle.replay.segments import read_all, seal
from chronicle.replay.versions import Entries, resolve
from chronicle.store.codec import encode
from synthetic import SyntheticLog, events_of, synthetic

Figure = dict[str, Any]
Question = tuple[int, int]
SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """One made-up log, its index, and the oracle's view of it."""

    log: SyntheticLog
    columns: Columns
    entries: Entries
    replay: Replay
    scan: Callable[[int, int], np.ndarray]
    seed: int
    events: int

    @property
    def index(self) -> Index:
        return self.replay._index

    def questions(self, kind: str, count: int, seed: int = 1) -> list[Question]:
        """(day, position) pairs: *now*, *later*, *month* (V + 30 d) or *any*."""
        rng = np.random.default_rng([seed, self.seed])
        first, last = int(self.log.recorded[0]), int(self.log.recorded[-1])
        found = []
        for on in rng.integers(first, last, count).tolist():
            position = {
                "now": self.replay.head,
                "later": self.log.known_on(int(rng.integers(on, last + 1))),
                "month": self.log.known_on(on + 30),
                "any": int(rng.integers(1, self.replay.head)),
            }[kind]
            found.append((on, position))
        return found


def prepare(events: int, settlements: int = 10_000, seed: int = SEED) -> Bench:
    """The log, the index and a compiled full scan, checked against each other."""
    log = synthetic(events, seed=seed, settlements=settlements)
    columns = read([log.columnar])
    entries = resolve(columns)
    replay = Replay.open(MemorySource(log.columnar), compiled=True)
    return Bench(
        log, columns, entries, replay, scanner(entries, settlements), seed, events
    )


def scanner(entries: Entries, settlements: int) -> Callable[[int, int], np.ndarray]:
    """The oracle: every entry in log order is looked at, the greatest order decides."""
    import numba

    @numba.njit(cache=False)
    def scan(place, valid, time_, position, known_from, known_to, on, upto, best, out):
        for i in range(len(place)):
            if valid[i] <= on and known_from[i] <= upto < known_to[i]:
                here = place[i]
                key = (np.int64(valid[i]) * 4 + time_[i]) << 32 | position[i]
                if key >= best[here]:
                    best[here] = key
                    out[here] = known_from[i]

    def full(on: int, upto: int) -> np.ndarray:
        best = np.full(settlements, np.iinfo(np.int64).min)
        out = np.zeros(settlements, np.int32)
        e = entries
        columns = e.place, e.valid, e.time, e.position, e.known_from, e.known_to
        scan(*columns, on, upto, best, out)
        return out

    full(0, 1)
    return full


def check(bench: Bench, questions: list[Question]) -> None:
    """Stop where replay and the full scan differ."""
    for on, position in questions:
        found = bench.replay.state(on, position).decided_by
        if not np.array_equal(found, bench.scan(on, position)):
            raise AssertionError(f"replay differs from the scan: {on=} {position=}")


def cpu(call: Callable[[], Any]) -> float:
    """Processor time of one call in this thread, in seconds."""
    start = time.thread_time_ns()
    call()
    return (time.thread_time_ns() - start) / 1e9


def wall(call: Callable[[], Any]) -> float:
    """Time of one call by the clock, in seconds."""
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e9


def interleaved(
    ways: dict[str, Callable[[], Any]],
    rounds: int,
    clock: Callable[[Callable[[], Any]], float] = cpu,
) -> dict[str, np.ndarray]:
    """Times of each way, one after the other in every round, after one for warmth."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            spent = clock(way)
            if turn:
                times[name].append(spent)
    return {name: np.array(values) for name, values in times.items()}


def figure(
    bench: Bench, name: str, value: float, unit: str, ratio: float, against: str,
    goal: str, met: bool, spread: float = 0.0, n: int | None = None,
) -> Figure:  # fmt: skip
    return {
        "name": name,
        "value": round(float(value), 3),
        "unit": unit,
        "ratio": float(f"{ratio:.4g}"),
        "against": against,
        "goal": goal,
        "met": bool(met),
        "spread": round(float(spread), 3),
        "n": bench.events if n is None else n,
        "seed": bench.seed,
    }


def _cycle(questions: list[Question], ask: Callable[[int, int], Any]) -> Any:
    """One call asks the next of the questions."""

    def forever() -> Iterator[Question]:
        while True:
            yield from questions

    asked = forever()
    return lambda: ask(*next(asked))


def _quartiles(values: np.ndarray) -> float:
    low, high = np.percentile(values, (25, 75))
    return float((high - low) / np.median(values))


def state_on(bench: Bench, rounds: int = 300) -> list[Figure]:
    """State on a day as seen now, against summing nine bytes a report once."""
    questions = bench.questions("now", 200)
    check(bench, questions[:20])
    bytes_ = np.ones(bench.events * 9 // 8, np.int64)
    ways = {
        "ours": _cycle(questions, lambda on, k: bench.replay.state(on, k)),
        "columns": _cycle(questions, lambda on, k: bench.replay.state(on, k).actor),
    }
    limit = np.median(interleaved({"sum": bytes_.sum}, 15)["sum"])
    times = interleaved(ways, rounds)
    again = np.median(interleaved({"sum": bytes_.sum}, 15)["sum"])
    limit = (limit + again) / 2
    p50, p99 = np.percentile(times["ours"], (50, 99)) * 1e6
    against = "np.sum over 9 bytes a report (day, settlement, side)"
    ratio = p50 / 1e6 / limit
    decoded = float(np.median(times["columns"]) * 1e6)
    return [
        figure(bench, "state.on", p50, "us", ratio, against, "<= 0.01", ratio <= 0.01,
               _quartiles(times["ours"])),
        figure(bench, "state.on.p99", p99, "us", p99 / 25, "25 us", "<= 1", p99 <= 25),
        figure(bench, "state.on.actors", decoded, "us", decoded / 1e6 / limit, against,
               "none: with the column of actors worked out", True),
    ]  # fmt: skip


def _known(bench: Bench, name: str, kind: str, goal: int, rounds: int) -> Figure:
    questions = bench.questions(kind, 100)
    check(bench, questions[:20])
    few = 3 if bench.events > 5_000_000 else 10
    ask = _cycle(questions, lambda on, k: bench.replay.state(on, k))
    scan = _cycle(questions, bench.scan)
    ours, theirs = [], []
    for _ in range(few + 1):
        theirs.append(cpu(scan))
        ours.extend(cpu(ask) for _ in range(rounds // few))
    spent = np.array(ours[rounds // few :])
    ratio = float(np.median(theirs[1:]) / np.median(spent))
    value = float(np.median(spent) * 1e6)
    against = "compiled full scan of all entries"
    return figure(
        bench, name, value, "us", ratio, against, f">= {goal}", ratio >= goal,
        _quartiles(spent),
    )  # fmt: skip


def state_known(bench: Bench, rounds: int = 300) -> list[Figure]:
    """State on a day as known at a position, against a full scan."""
    return [
        _known(bench, "state.known_now", "now", 1_000, rounds),
        _known(bench, "state.known_later", "later", 300, rounds),
        _known(bench, "state.known_month", "month", 300, rounds),
        _known(bench, "state.known_any", "any", 50, rounds),
    ]


def state_restated(bench: Bench, times: int = 5, rounds: int = 300) -> list[Figure]:
    """Everything told again *times* times: cost at K = now against before."""
    events = min(bench.events, 1_000_000)
    settlements = bench.log.settlements
    once = synthetic(events, seed=bench.seed, settlements=settlements)
    more = synthetic(events, seed=bench.seed, settlements=settlements, restated=times)
    before = Replay.open(MemorySource(once.columnar), compiled=True)
    after = Replay.open(MemorySource(more.columnar), compiled=True)
    oracle = scanner(resolve(read([more.columnar])), settlements)
    asked = [on for on, _ in bench.questions("now", 100)]
    for on in asked[:5]:
        for position in (after.head, len(once.rows) + events // 3):
            found = after.state(on, position).decided_by
            if not np.array_equal(found, oracle(on, position)):
                raise AssertionError(f"restated: differs from the scan on {on}")
    pairs = [(on, 0) for on in asked]
    spent = interleaved(
        {
            "before": _cycle(pairs, lambda on, _: before.state(on)),
            "after": _cycle(pairs, lambda on, _: after.state(on)),
        },
        rounds,
    )
    ratio = float(np.median(spent["after"]) / np.median(spent["before"]))
    return [
        figure(bench, "state.restated", float(np.median(spent["after"]) * 1e6), "us",
               ratio, "the same question before the restatement", "<= 2", ratio <= 2,
               _quartiles(spent["after"]), n=len(more.rows)),
    ]  # fmt: skip


def points(bench: Bench, count: int = 1_000_000, rounds: int = 3) -> list[Figure]:
    """Questions about single places and days in one call."""
    rng = np.random.default_rng([2, bench.seed])
    places = rng.integers(0, bench.log.settlements, count).astype(np.int32)
    on = rng.integers(bench.log.recorded[0], bench.log.recorded[-1], count)
    known_at = rng.integers(1, bench.replay.head, count).astype(np.int32)
    on = on.astype(np.int32)
    answer = bench.replay.points(places, on, known_at)
    entry = bench.replay.state(int(on[0]), int(known_at[0]))
    for n in range(0, count, count // 20):
        entry = bench.replay.state(int(on[n]), int(known_at[n]))
        if entry.position[places[n]] != answer[2][n]:
            raise AssertionError(f"point {n} differs from its state")
    from chronicle.replay import kernels

    ask = lambda: kernels.points(bench.index, places, on, known_at)  # noqa: E731
    whole = lambda: bench.replay.points(places, on, known_at)  # noqa: E731
    spent = interleaved({"entries": ask, "answers": whole}, rounds)
    goal = 5e6 if bench.events <= 1_000_000 else 1e6
    rate = count / float(np.median(spent["entries"]))
    full = count / float(np.median(spent["answers"]))
    against = f"{goal:,.0f} a second"
    return [
        figure(bench, "points", rate / 1e6, "M/s", rate / goal, against, ">= 1",
               rate >= goal, _quartiles(spent["entries"])),
        figure(bench, "points.decoded", full / 1e6, "M/s", full / goal, against,
               "none: with actors, statuses and reports worked out", True),
    ]  # fmt: skip


def index_build(bench: Bench, rounds: int = 3) -> list[Figure]:
    """Columns to index, against one stable argsort of the settlement codes."""
    key = bench.columns.place
    spent = interleaved(
        {
            "ours": lambda: build(bench.columns),
            "sort": lambda: np.argsort(key, kind="stable"),
        },
        rounds,
    )
    ours, sort = (float(np.median(spent[name])) for name in ("ours", "sort"))
    rate = bench.events / ours / 1e6
    return [
        figure(bench, "index.build", rate, "M reports/s", sort / ours,
               'np.argsort(kind="stable") of the settlement codes', ">= 0.5",
               sort / ours >= 0.5, _quartiles(spent["ours"])),
    ]  # fmt: skip


def sizes(bench: Bench) -> list[Figure]:
    """Bytes a report: the index in memory, the figures, the segments on disk."""
    rows = len(bench.log.rows)
    bench.replay.figures(int(bench.log.recorded[-1]))
    figures = bench.replay._figures
    assert figures is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = MemorySource(bench.log.columnar)
        seal(folder, source, bench.columns)
        disk = sum(p.stat().st_size for p in folder.glob("segment-*")) / rows
    memory = bench.replay.nbytes / rows
    held = figures.columns, figures.alone, figures.spoken
    names = [[(one, name) for name in one.__slots__] for one in held]
    more = sum(getattr(one, n).nbytes for part in names for one, n in part) / rows
    return [
        figure(bench, "memory", memory, "B", memory / 40, "40 B", "<= 1", memory <= 40),
        figure(
            bench,
            "memory.figures",
            more,
            "B",
            more / 40,
            "40 B",
            "none: only after the first question about displacement",
            True,
        ),
        figure(bench, "disk", disk, "B", disk / 40, "40 B", "<= 1", disk <= 40),
    ]


def replay_segments(bench: Bench, rounds: int = 3) -> list[Figure]:
    """Segments to columns, against `SELECT payload` of the same events on SQLite."""
    sample = synthetic(min(bench.events, 50_000), seed=bench.seed, settlements=500)
    payloads = [encode(event) for event in events_of(sample)[-20_000:]]
    bodies = [p if isinstance(p, bytes) else p[-1] for p in payloads]
    rows = len(bench.log.rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = MemorySource(bench.log.columnar)
        seal(folder, source, bench.columns)
        again = read_all(folder, source, rows)
        for field in Columns.__slots__:
            if not np.array_equal(getattr(again, field), getattr(bench.columns, field)):
                raise AssertionError(f"segments differ in {field}")
        with closing(sqlite3.connect(folder / "log.db")) as db:
            db.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, payload BLOB)")
            many = ((n, bodies[n % len(bodies)]) for n in range(1, rows + 1))
            with db:
                db.executemany("INSERT INTO log VALUES (?, ?)", many)

            def select() -> None:
                for _ in db.execute("SELECT payload FROM log ORDER BY position"):
                    pass

            spent = interleaved(
                {"ours": lambda: read_all(folder, source, rows), "select": select},
                rounds,
            )
    ours, theirs = (float(np.median(spent[name])) for name in ("ours", "select"))
    return [
        figure(bench, "replay.segments", rows / ours / 1e6, "M reports/s",
               theirs / ours, "SELECT payload FROM log, row by row", ">= 8",
               theirs / ours >= 8, _quartiles(spent["ours"])),
    ]  # fmt: skip


def peers(bench: Bench, rounds: int = 5) -> list[Figure]:
    """State on a day, seen now: DuckDB, Polars and pandas over the same columns."""
    import duckdb
    import pandas as pd
    import polars as pl

    e = bench.entries
    stands = e.known_to == 2**31 - 1
    order = np.lexsort((e.position[stands], e.time[stands], e.valid[stands]))
    columns = {
        "place": e.place[stands][order],
        "valid": e.valid[stands][order],
        "known": e.known_from[stands][order],
        "rank": np.arange(int(stands.sum())),
    }
    frame, table = pd.DataFrame(columns), pl.DataFrame(columns)
    db = duckdb.connect()
    db.register("frame", frame)
    db.execute("CREATE TABLE told AS SELECT * FROM frame")
    asked = [on for on, _ in bench.questions("now", 40)]

    def as_state(place: Any, known: Any) -> np.ndarray:
        out = np.zeros(bench.log.settlements, np.int32)
        out[np.asarray(place)] = np.asarray(known)
        return out

    def with_duckdb(on: int) -> np.ndarray:
        found = db.execute(
            "SELECT place, arg_max(known, rank) AS known FROM told "
            "WHERE valid <= ? GROUP BY place",
            [on],
        ).fetchnumpy()
        return as_state(found["place"], found["known"])

    def with_polars(on: int) -> np.ndarray:
        found = (
            table.lazy()
            .filter(pl.col("valid") <= on)
            .group_by("place")
            .agg(pl.col("known").last())
            .collect()
        )
        return as_state(found["place"].to_numpy(), found["known"].to_numpy())

    def with_pandas(on: int) -> np.ndarray:
        end = int(np.searchsorted(columns["valid"], on, "right"))
        found = frame.iloc[:end].drop_duplicates("place", keep="last")
        return as_state(found["place"], found["known"])

    figures = []
    ways = {"duckdb": with_duckdb, "polars": with_polars, "pandas": with_pandas}
    for name, way in ways.items():
        for on in asked[:3]:
            if not np.array_equal(way(on), bench.scan(on, bench.replay.head)):
                raise AssertionError(f"{name} differs from the scan")
    pairs = [(on, 0) for on in asked]
    calls = {
        name: _cycle(pairs, lambda on, _, way=way: way(on))
        for name, way in ways.items()
    }
    calls["ours"] = _cycle(pairs, lambda on, _: bench.replay.state(on))
    spent = interleaved(calls, rounds, wall)
    ours = [wall(calls["ours"]) for _ in range(100)]
    mine = float(np.median([*spent["ours"], *ours]))
    for name in ways:
        ratio = float(np.median(spent[name])) / mine
        value = float(np.median(spent[name])) * 1e3
        figures.append(
            figure(bench, f"peer.{name}", value, "ms", ratio, "our state on a day",
                   ">= 2000", ratio >= 2000, _quartiles(spent[name]))
        )  # fmt: skip
    return figures


def peer_sqlite(bench: Bench, rounds: int = 5) -> list[Figure]:
    """State on a day as known at a position: SQL with a covering index on SQLite."""
    e, settlements = bench.entries, bench.log.settlements
    columns = e.place, e.valid, e.time, e.position, e.known_from, e.known_to
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(
            "CREATE TABLE told (place INT, valid INT, time INT, position INT, "
            "known INT, until INT)"
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        with db:
            db.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?)", rows)
            db.execute("CREATE INDEX by_place ON told (place, valid, time, position, "
                       "known, until)")  # fmt: skip
            db.execute("CREATE TABLE places (place INTEGER PRIMARY KEY)")
            many = [(place,) for place in range(settlements)]
            db.executemany("INSERT INTO places VALUES (?)", many)

        def sql(on: int, position: int) -> np.ndarray:
            found = db.execute(
                "SELECT (SELECT known FROM told WHERE told.place = places.place "
                "AND valid <= ? AND known <= ? AND until > ? "
                "ORDER BY valid DESC, time DESC, position DESC LIMIT 1) FROM places "
                "ORDER BY place",
                (on, position, position),
            ).fetchall()
            return np.array([known or 0 for (known,) in found], np.int32)

        questions = bench.questions("later", 40)
        for on, position in questions[:3]:
            if not np.array_equal(sql(on, position), bench.scan(on, position)):
                raise AssertionError("SQL differs from the scan")
        ask = _cycle(questions, lambda on, k: bench.replay.state(on, k))
        spent = interleaved({"sql": _cycle(questions, sql)}, rounds)
        ours = float(np.median([cpu(ask) for _ in range(200)]))
    ratio = float(np.median(spent["sql"])) / ours
    value = float(np.median(spent["sql"])) * 1e3
    return [
        figure(bench, "peer.sqlite", value, "ms", ratio, "our state, K >= V",
               ">= 500", ratio >= 500, _quartiles(spent["sql"])),
    ]  # fmt: skip


def takes(
    events: int, settlements: int = 10_000, seed: int = SEED
) -> list[tuple[str, Callable[[], list[Figure]]]]:
    """What takes the figures of one size, by name; all share one made-up log.

    SQL on SQLite only up to a million reports.
    """
    made = cache(lambda: prepare(events, settlements, seed))
    ways = [state_on, state_known, state_restated, points, index_build, sizes]
    ways += [replay_segments, peers]
    if events <= 1_000_000:
        ways.append(peer_sqlite)
    return [(way.__name__, lambda way=way: way(made())) for way in ways]  # type: ignore[misc]


def all_figures(
    events: int, settlements: int = 10_000, seed: int = SEED
) -> list[Figure]:
    """Every figure for one size."""
    return [row for _, take in takes(events, settlements, seed) for row in take()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--settlements", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    asked = parser.parse_args()
    found = all_figures(asked.events, asked.settlements, asked.seed)
    if asked.format == "json":
        print(json.dumps(found, indent=1))
        return
    for one in found:
        mark = "met" if one["met"] else "MISSED"
        print(
            f"{one['name']:20}{one['value']:>12,.3f} {one['unit']:12}"
            f"{one['ratio']:>12,.4g} {one['goal']:>10}  {mark:7}{one['against']}"
        )


if __name__ == "__main__":
    main()
