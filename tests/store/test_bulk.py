"""Chunks stored as columns are what deciding on each row would have stored."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle
from chronicle.cli.demo import bundled_case
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    ReportRetracted,
    SettlementRegistered,
)
from chronicle.formats import rows as tables
from chronicle.formats.csv_folder.bulk import ControlBlocks
from chronicle.formats.importer import import_paths
from chronicle.formats.problem import Problem
from chronicle.store import log as eventlog
from chronicle.store.bulk import columns_of
from chronicle.store.codec import encode, encode_columns, values_of
from chronicle.store.columnar import BLANK, columnar, hot_controls
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.protocol import DraftColumns
from chronicle.store.sqlite.store import SQLiteStore

START = datetime(2024, 1, 1, tzinfo=UTC)
PLACES = ("alder", "birch", "cedar")
COLUMNS = {  # of a control file: cells that are likely, among them such as are wrong
    "id": (
        "r1",
        "r2",
        "r3",
        "r4",
        "r5",
        "r6",
        "r7",
        "r8",
        "r9",
        "",
        "a b",
        "what-if:x",
    ),
    "source": ("paper", "radio", "paper", "what-if:a", ""),
    "valid_from": ("2020-01-01", "2020-01-02", "2020-02-30", ""),
    "published": ("", "2020-01-03", "2020-1-3"),
    "settlement": (*PLACES, *PLACES, "birhc", ""),
    "to_actor": ("red", "blue", "", "green", "contested"),
    "status": ("", "", "control", "held", "baseline", "contested", "at war"),
    "reliability": ("", "A", "F", "G"),
    "credibility": ("", "1", "6", "7"),
    "note": ("", "so it is", "e\u0301", 'with "quotes"', "two\nlines", "\u202e"),
    "from_actor": ("", "red", "nobody"),
    "time_of_day": ("", "night", "tea"),
    "kind": ("", "shelling", "magic"),
    "precision": ("", "day", "week", "span"),
    "baseline": ("", "yes", "no", "perhaps"),
    "confidence": ("", "", "high"),
    "since": ("", "", "2020-01-01"),
    "until": ("", "", "2020-01-01", "2020-03-01"),
    "lat": ("", "1", "1.005", "2", "north"),
    "lon": ("", "1", "50"),
    "disputes": ("", "", "", "r1"),
    "same_change_as": ("", "", "", "r2 r9"),
}
NEEDED = ("id", "source", "valid_from", "settlement", "to_actor")


@contextmanager
def in_chunks(size, *, plain):
    """With chunks of *size* rows, all of them decided on one by one where *plain*."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chronicle.store.chunks.CHUNK", size)
        patch.setattr("chronicle.formats.importer.CHUNK", size)
        patch.setattr(eventlog, "FEW", 1)
        if plain:
            patch.setattr(eventlog, "insert_controls", lambda *_: None)
            patch.setattr(ControlBlocks, "block", lambda *_: None)
            patch.setattr(tables._Plain, "_rows", lambda *_: None)
        yield


def new_log(folder):
    log = EventLog(SQLiteStore.create(folder / "toy.chronicle", lambda: START))
    log.append(
        [SettlementRegistered(settlement=p, name=p, lat=1, lon=1) for p in PLACES]
    )
    log.append([ActorRegistered(actor=a, name=a) for a in ("red", "blue")])
    return log


def stored(log):
    """All rows and all codes, as they are in the file."""
    raw = sqlite3.connect(log.store.path)
    rows = raw.execute("SELECT * FROM events ORDER BY position").fetchall()
    codes = raw.execute("SELECT kind, code, id FROM codes ORDER BY kind, code")
    found = rows, codes.fetchall()
    raw.close()
    return found


def imported(vintages, size, *, plain):
    """What becomes of a control file and of its later vintages."""
    with TemporaryDirectory() as name, in_chunks(size, plain=plain):
        log = new_log(Path(name))
        results = []
        for header, rows in vintages:
            path = Path(name) / "control.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                out = csv.writer(file)
                out.writerow(header)
                out.writerows(rows)
            try:
                (result,) = import_paths(
                    log, [path], dataset="toy", complete=True
                ).files
            except Exception as refused:
                results.append(repr(refused))
            else:
                results.append(result)
        found = results, stored(log)
        log.store.close()
    return found


@st.composite
def control_files(draw):
    names = st.sets(st.sampled_from(sorted(COLUMNS.keys() - set(NEEDED))), max_size=5)
    header = draw(st.permutations([*NEEDED, *draw(names)]))
    # Most cells are the first ones, which are right, so that whole chunks are.
    wild = draw(st.sampled_from((1, 3, 99)))
    row = st.tuples(
        *(
            st.sampled_from(
                COLUMNS[name] if name == "id" else COLUMNS[name][: max(wild, 1)]
            )
            for name in header
        )
    )
    by_id = header.index("id") if wild < 99 else None
    rows = draw(
        st.lists(
            row,
            max_size=14,
            unique_by=None if by_id is None else (lambda cells: cells[by_id]),
        )
    )
    return header, rows


@settings(max_examples=150, deadline=None)
@given(st.lists(control_files(), min_size=1, max_size=3), st.integers(1, 5))
def test_a_file_is_stored_alike_by_columns_and_by_rows(vintages, size):
    fast = imported(vintages, size, plain=False)
    assert fast == imported(vintages, size, plain=True)


def test_the_real_case_is_stored_alike_by_columns_and_by_rows(tmp_path):
    found = []
    for plain in (False, True):
        folder = tmp_path / str(plain)
        folder.mkdir()
        log = EventLog(SQLiteStore.create(folder / "case.chronicle", lambda: START))
        with in_chunks(64, plain=plain):
            result = import_paths(log, [bundled_case()])
        found.append((result.files, stored(log)))
        log.store.close()
    assert found[0] == found[1]


def generated(count):
    """Good rows by the thousand, with bad ones sprinkled in."""
    header = ("id", "valid_from", "settlement", "to_actor", "status", "source", "lat")
    rows = []
    for n in range(count):
        row = [f"c{n}", f"2020-01-{n % 28 + 1:02}", PLACES[n % 3], "red", "control"]
        row += [f"source-{n * 7 % 11}", "1" if n % 2 else ""]
        if n % 701 == 700:
            row[n // 701 % 7] = "no such thing"
        rows.append(row)
    return header, rows


def test_bad_rows_among_many_are_told_alike_and_leave_the_other_chunks_fast():
    taken = []

    def counted(self, records, told):
        found = whole(self, records, told)
        taken.append(found is not None)
        return found

    whole = ControlBlocks.block
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ControlBlocks, "block", counted)
        fast = imported([generated(4_000)], 256, plain=False)
    assert fast == imported([generated(4_000)], 256, plain=True)
    assert fast[0][0].problem_count == 5
    assert taken.count(True) >= 8 > taken.count(False)


reports = st.builds(
    ControlReported,
    report_id=st.sampled_from([f"r{n}" for n in range(40)]),
    source=st.sampled_from(("paper", "radio", "what-if:a")),
    settlement=st.sampled_from((*PLACES, "dogwood")),
    controller=st.sampled_from(("red", "blue", "green")),
    valid_from=st.dates(date(2020, 1, 1), date(2020, 3, 1)),
    published=st.none() | st.dates(date(2020, 1, 1), date(2020, 3, 1)),
    reliability=st.sampled_from((None, "A")),
    credibility=st.sampled_from((None, 6)),
    since=st.none() | st.just(date(2019, 1, 1)),
    note=st.sampled_from(("", "so it is")),
    dataset=st.sampled_from(("", "toy")),
    baseline=st.booleans(),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(reports, max_size=12),
    st.booleans(),
    st.integers(1, 5),
    st.sampled_from(("sqlite", "memory")),
)
def test_events_are_stored_alike_by_columns_and_by_rows(events, remark, size, where):
    if remark and events:
        events = [*events, ReportRetracted(report=events[0].report_id)]

    def told(plain):
        with TemporaryDirectory() as name, in_chunks(size, plain=plain):
            log = new_log(Path(name))
            if where == "memory":
                log = EventLog(MemoryStore(lambda: START))
                log.append([ActorRegistered(actor=a, name=a) for a in ("red", "blue")])
            outcome = []
            for deed in (log.append, log.extend, log.append):
                try:
                    outcome.append(deed(events))
                except Exception as refused:
                    outcome.append(repr(refused))
            outcome.append(list(log.store.rows()))
            outcome.append(b"".join(log.store.columnar()))
            if where == "sqlite":
                outcome.append(stored(log))
            log.store.close()
        return outcome

    assert told(plain=False) == told(plain=True)


@given(st.lists(reports, min_size=1, max_size=9))
def test_columns_are_encoded_as_their_events_are(events):
    codes = {}

    def code(kind, id_):
        return codes.setdefault((kind, id_), len(codes))

    for event in events:
        columnar(event, code, None)
    columns = columns_of(events)
    rows = list(zip(*map(values_of, events), strict=True))
    assert encode_columns("control-reported", rows) == [encode(e) for e in events]
    assert list(hot_controls(columns, code)) == [
        columnar(e, code, None) for e in events
    ]


@given(
    st.lists(
        st.sampled_from(("a,b", "1,2", '"x",y', "", "1", "é,ü", "x\r", '"p\nq",r'))
    ),
    st.sampled_from(("\n", "\r\n")),
    st.booleans(),
)
def test_pieces_without_quotes_are_read_as_rows_are(lines, end, closed):
    import io

    data = ("a,b" + end + end.join(lines) + (end if closed else "")).encode()

    def read(plain):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tables, "PIECE", 5)
            if plain:
                patch.setattr(tables._Plain, "_rows", lambda *_: None)
            return list(tables.records(io.BytesIO(data), "x.csv"))

    found = read(plain=False)
    assert found == read(plain=True)
    assert all(isinstance(one, tables.Record | Problem) for one in found)


@given(
    chunks=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(("source:paper", "source:radio", "source:wire")),
                st.sampled_from(("", "daily", "weekly")),
            ),
            max_size=12,
        ),
        max_size=4,
    )
)
@settings(max_examples=30, deadline=None)
def test_columns_are_inserted_as_their_drafts_are(chunks):
    with TemporaryDirectory() as folder:
        stored = []
        for by_columns in (False, True):
            path = Path(folder) / f"{by_columns}.chronicle"
            with chronicle.create(path) as log, log._log.store.writing() as work:
                for number, chunk in enumerate(chunks):
                    columns = DraftColumns(
                        [stream for stream, _ in chunk],
                        "control-reported",
                        [b"[]"] * len(chunk),
                        [BLANK] * len(chunk),
                        [f"r{number}.{row}" for row in range(len(chunk))],
                        [dataset for _, dataset in chunk],
                    )
                    if by_columns:
                        work.insert_columns(columns)
                    else:
                        work.insert(columns.drafts())
            with sqlite3.connect(path) as db:
                events = db.execute(
                    "SELECT position, stream, version, type, report, target, dataset, "
                    "hot, body FROM events ORDER BY position"
                ).fetchall()
                codes = db.execute("SELECT * FROM codes ORDER BY seq").fetchall()
            db.close()
            stored.append((events, codes))
        assert stored[0] == stored[1]
        assert len(stored[0][0]) == sum(map(len, chunks))
