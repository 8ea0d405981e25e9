"""The figures of the archive: bytes, writing, one question, and how they grow.

    chronicle bench --suite scale --events 1000000
    chronicle bench --suite scale --growth --events 10000000

The made-up log is that of the replay figures with every report one of control, as rows
without events, so that ten million of them need no hours in a database first. Writing
is held against reading on a real log, of 100,000 reports at most.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from chronicle.archive.manifest import Manifest, read_manifest
from chronicle.archive.schema import TABLES
from chronicle.archive.sql import statements
from chronicle.archive.write import write_archive
from chronicle.domain.events import Event
from chronicle.replay import MemorySource, Replay
from chronicle.store.columnar import KINDS, NOBODY
from chronicle.store.log import EventLog
from chronicle.store.protocol import StoredRow
from chronicle.store.sqlite.store import SQLiteStore
from synthetic import SyntheticLog, events_of, synthetic

Figure = dict[str, Any]
Question = tuple[date, int]
SEED = 7
ROUNDS = 15
MOMENTS = 1_000  # rows that share a moment: reports come in by files
_TYPES = {number: type_ for type_, number in KINDS.items()}


def all_control(events: int, settlements: int, seed: int = SEED) -> SyntheticLog:
    """The made-up log of the replay figures, all of whose reports are of control."""
    log = synthetic(events, seed=seed, settlements=settlements)
    figures = log.rows["kind"] == KINDS["displacement-reported"]
    rng = np.random.default_rng([seed, 2])
    count = int(figures.sum())
    for name, value in (
        *(("kind", 0), ("status", 0), ("time", 1), ("mask", 0), ("amount", -1)),
        *(("other", NOBODY), ("actor", rng.integers(0, log.actors, count))),
    ):
        log.rows[name][figures] = value
    return log


class MadeUpStore:
    """What an archive asks of a store, from the rows of a made-up log.

    Registrations are left out, which a store has as events: the archive then has no
    settlements by name, and its questions are put to `latest`.
    """

    def __init__(self, log: SyntheticLog) -> None:
        self._rows = log.rows
        self._codes = {
            "settlement": [f"place-{n:07}" for n in range(log.settlements)],
            "actor": [f"actor-{n}" for n in range(log.actors)],
            "source": [f"source-{n}" for n in range(log.sources)],
        }

    def head(self) -> int:
        return len(self._rows)

    def identity(self) -> str:
        return "made-up"

    def redactions(self) -> int:
        return 0

    def codes(self, kind: str) -> list[str]:
        return self._codes.get(kind, [])

    def columnar(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        end = len(self._rows) if upto is None else upto
        for start in range(after, end, 65_536):
            yield self._rows[start : min(start + 65_536, end)].tobytes()

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[StoredRow]:
        end = len(self._rows) if upto is None else upto
        for start in range(after, end, 65_536):
            kinds = self._rows["kind"][start : min(start + 65_536, end)].tolist()
            for position, kind in enumerate(kinds, start + 1):
                stamp = position // MOMENTS
                type_ = "made-up" if kind > 9 else _TYPES[kind]
                yield StoredRow(
                    position, stamp, "", 1, type_, f"r{position}", None, b""
                )


class Archive:
    """One archive of a made-up log, and DuckDB on its files."""

    def __init__(self, events: int, settlements: int) -> None:
        import duckdb

        room = tempfile.mkdtemp()
        weakref.finalize(self, shutil.rmtree, room)
        self.folder = Path(room) / "archive"
        self.log = all_control(events, settlements)
        self.events = events
        log = EventLog(MadeUpStore(self.log))  # type: ignore[arg-type]
        start = time.process_time()
        write_archive(log, self.folder)
        self.seconds = time.process_time() - start
        manifest = read_manifest(self.folder)
        assert manifest is not None
        self.manifest: Manifest = manifest
        self.ask = duckdb.connect()
        self.ask.execute("SET threads = 2")
        files: dict[str, list[str]] = {}
        for file in manifest.files:
            files.setdefault(file.table, []).append(file.path)
        for name, sql in statements("duckdb", files, f"{self.folder}/"):
            if name in TABLES:
                self.ask.execute(sql)
        self.replay = Replay.open(MemorySource(self.log.columnar))

    def bytes_of(self, *tables: str) -> int:
        """Bytes of all files of some tables."""
        return sum(file.bytes for name in tables for file in self.manifest.of(name))

    def questions(self, kind: str, count: int) -> list[Question]:
        """Days and positions: *now*, *month* (as known 30 days later) or *any*."""
        rng = np.random.default_rng([3, SEED])
        first, last = int(self.log.recorded[0]), int(self.log.recorded[-1])
        found = []
        for on in rng.integers(first, last, count).tolist():
            position = {
                "now": len(self.log.rows),
                "month": self.log.known_on(on + 30),
                "any": int(rng.integers(1, len(self.log.rows))),
            }[kind]
            found.append((date(1970, 1, 1) + timedelta(days=on), position))
        return found


COLUMNS = "settlement, actor, status, valid_from, report, source, grade"
POINT = (
    "valid_from <= $day AND $day < valid_to "
    "AND known_from <= $known_at AND $known_at < known_to"
)
LOOKED_UP = f"SELECT {COLUMNS} FROM latest WHERE {POINT}"
# The same, in a form of which no statistics rule a row group out: all of it is read.
SCANNED = (
    f"SELECT {COLUMNS} FROM latest WHERE CASE WHEN {POINT} THEN true ELSE false END"
)


def rows_of(archive: Archive, sql: str, question: Question) -> list[tuple[Any, ...]]:
    asked = {"day": question[0], "known_at": question[1]}
    found: list[tuple[Any, ...]] = archive.ask.execute(sql, asked).fetchall()
    return found


def check(archive: Archive, questions: list[Question]) -> None:
    """Stop where the archive and the replay engine differ."""
    for day, position in questions:
        number = (day - date(1970, 1, 1)).days
        known = archive.replay.state(number, position).decided_by
        wanted = int((known > 0).sum())
        found = rows_of(archive, LOOKED_UP, (day, position))
        if len(found) != wanted or sorted(found, key=repr) != sorted(
            rows_of(archive, SCANNED, (day, position)), key=repr
        ):
            raise AssertionError(f"the archive differs: {day=} {position=}")


def state(archive: Archive) -> list[Figure]:
    """One question to DuckDB, warm, against a scan of the same files for it."""
    found = []
    for kind, goal in (("now", "<= 0.2"), ("month", "<= 0.2"), ("any", "<= 0.2")):
        questions = archive.questions(kind, ROUNDS)
        check(archive, questions[:3])
        times: dict[str, list[float]] = {LOOKED_UP: [], SCANNED: []}
        for sql in times:
            rows_of(archive, sql, questions[0])
        for question in questions:
            for sql, spent in times.items():
                start = time.process_time()
                rows_of(archive, sql, question)
                spent.append(time.process_time() - start)
        mine, theirs = (float(np.median(spent)) for spent in times.values())
        found.append(
            {
                "name": f"archive.state.{kind}",
                "value": mine * 1e3,
                "unit": "ms",
                "ratio": mine / theirs,
                "against": "the same question without skipping, processor time",
                "goal": goal,
                "n": archive.events,
                "seed": SEED,
            }
        )
    return found


def size(archive: Archive) -> list[Figure]:
    """Bytes against `pandas.to_parquet` of the same rows, in the order of the log."""
    found = []
    mine = theirs = 0
    for table in ("control", "latest"):
        frame = archive.ask.execute(
            f"SELECT * FROM {table} ORDER BY known_from, position, valid_from"
        ).df()
        for name, type_, _ in TABLES[table].columns:
            if type_ == "date":  # 9999-12-31 is beyond what nanoseconds reach
                frame[name] = frame[name].astype("datetime64[s]")
        path = archive.folder.parent / f"{table}.parquet"
        frame.to_parquet(path)
        plain = path.stat().st_size
        path.unlink()
        mine += archive.bytes_of(table)
        theirs += plain
        found.append(_bytes(f"archive.bytes.{table}", archive.bytes_of(table), plain))
    found.append(_bytes("archive.bytes", mine, theirs) | {"goal": "<= 0.7"})
    for row in found:
        row |= {"value": row["value"] / archive.events, "n": archive.events}
    return found


def _bytes(name: str, mine: int, theirs: int) -> Figure:
    return {
        "name": name,
        "value": mine,
        "unit": "bytes/report",
        "ratio": mine / theirs,
        "against": "pandas.to_parquet of the same rows in log order",
        "seed": SEED,
    }


def writing(events: int, folder: Path) -> list[Figure]:
    """Writing the archive of a real log against reading that log once."""
    path = folder / "log.chronicle"
    log = EventLog(SQLiteStore.create(path))
    log.extend(_told(synthetic(events, seed=SEED)))

    def read() -> None:
        assert sum(1 for _ in log.recorded()) == log.store.head()

    def write(number: int) -> None:
        write_archive(log, folder / f"archive-{number}")

    mine, theirs = [], []
    for number in range(3):
        start = time.process_time()
        read()
        between = time.process_time()
        write(number)
        theirs.append(between - start)
        mine.append(time.process_time() - between)
    taken = float(np.median(mine))
    once = [_append(log, folder / "archive-0")]
    log.store.close()
    return [
        {
            "name": "archive.write",
            "value": events / taken,
            "unit": "reports/s",
            "ratio": taken / float(np.median(theirs)),
            "against": "reading and decoding the log once, processor time",
            "goal": "<= 3",
            "n": events,
            "seed": SEED,
        },
        *once,
    ]


def _told(made_up: SyntheticLog) -> Iterator[Event]:
    """Its events but remarks on remarks: one that adds nothing is none to speak of."""
    kind, target = made_up.rows["kind"], made_up.rows["amount"]
    remark = (kind >= KINDS["report-retracted"]) & (kind <= KINDS["report-redacted"])
    spoken = np.where(remark, target - 1, 0)
    left_out = remark & remark[spoken]
    for event, out in zip(events_of(made_up), left_out.tolist(), strict=True):
        if not out:
            yield event


def _append(log: EventLog, folder: Path) -> Figure:
    """What a hundred late reports more make an archive write anew."""
    import chronicle as ch

    manifest = read_manifest(folder)
    assert manifest is not None
    whole = sum(file.bytes for file in manifest.files)
    log.append(
        [
            ch.ControlReported(
                report_id=f"late-{n}",
                source="source-1",
                settlement=f"place-{n * 37 % 10_000}",
                controller="actor-1",
                valid_from=date(2025, 12, 1) - timedelta(days=n * n // 50),
            )
            for n in range(100)
        ]
    )
    made = write_archive(log, folder)
    return {
        "name": "archive.append",
        "value": made.bytes / 1e6,
        "unit": "MB written",
        "ratio": made.bytes / whole,
        "against": f"the whole archive; {made.kept} of its files stay",
        "n": 100,
        "seed": SEED,
    }


def takes(
    events: int, settlements: int
) -> Iterator[tuple[str, Callable[[], list[Figure]]]]:
    """What takes the figures, by name; bytes and questions share one archive."""
    made = cache(lambda: Archive(events, settlements))

    def written() -> list[Figure]:
        with tempfile.TemporaryDirectory() as name:
            return writing(min(events, 100_000), Path(name))

    yield "archive.write", written
    yield "archive.bytes", lambda: size(made())
    yield "archive.state", lambda: state(made())


def growth(most: int, told: Callable[[str], None] = lambda _: None) -> Iterator[Figure]:
    """How bytes, seconds of writing and one question grow, up to *most* reports."""
    for settlements in (10_000, 33_000, 300_000):
        for events in (100_000, 1_000_000, 10_000_000):
            if events > most or (settlements > 33_000 and events < most):
                continue
            told(f"{events:,} reports, {settlements:,} settlements")
            archive = Archive(events, settlements)
            rows = {row["name"].rpartition(".")[2]: row for row in state(archive)}
            yield {
                "reports": events,
                "settlements": settlements,
                "bytes a report": archive.bytes_of("control", "latest") / events,
                "rectangles a report": sum(
                    f.rows for f in archive.manifest.of("latest")
                )
                / events,
                "write us a report": archive.seconds / events * 1e6,
                **{f"state {kind} ms": row["value"] for kind, row in rows.items()},
                "scan ms": rows["any"]["value"] / rows["any"]["ratio"],
                "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
