"""The one contract, on a real PostgreSQL server; and what only a server can do."""

# ruff: noqa: PT012 - what fails here is a whole transaction

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import chronicle as ch
from chronicle.domain.events import ReportRedacted
from chronicle.errors import (
    Busy,
    Conflict,
    InputError,
    IntegrityFailure,
    StorageError,
    Untrusted,
    UsageError,
)
from chronicle.store.postgres import connecting
from chronicle.store.postgres.store import PostgresStore
from chronicle.store.protocol import Store
from log_toys import Clock, control, draft, opening
from postgres_server import NAMED, ask, drop, inside, new_url, own_server, schema_of
from shell import run
from store_contract import SECRET, StoreContract
from turns import Turns

OURS = pytest.mark.skipif(NAMED in os.environ, reason="needs a server of our own")


@pytest.fixture
def url() -> Iterator[str]:
    url = new_url()
    yield url
    drop(url)


class TestPostgresStore(StoreContract):
    @pytest.fixture(autouse=True)
    def at(self, url: str) -> None:
        self.url = url

    def make(self, tmp_path: Path, clock: Clock) -> Store:
        return PostgresStore.create(self.url, clock, lock_timeout=0.2)

    # threads wait for each other longer than one that waits for itself
    def test_threads_take_turns_and_lose_nothing(self, store: Store) -> None:
        for one in getattr(store, "stores", [store]):
            one._lock_timeout = 30.0
        super().test_threads_take_turns_and_lose_nothing(store)


@pytest.mark.slow
class TestTwoHandlesOnOneSchema(TestPostgresStore):
    """What one handle writes another one reads, codes and keys included."""

    def make(self, tmp_path: Path, clock: Clock) -> Store:
        first = PostgresStore.create(self.url, clock, lock_timeout=0.2)
        return Turns(first, PostgresStore.open(self.url, clock, lock_timeout=0.2))


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore.create(url)
    yield store
    store.close()


# --- making and opening ---------------------------------------------------------------


def test_nothing_that_is_there_is_touched(url: str) -> None:
    with pytest.raises(StorageError, match="no chronicle at"):
        PostgresStore.open(url)
    PostgresStore.create(url).close()
    with pytest.raises(Conflict, match="not empty"):
        PostgresStore.create(url)
    other = new_url()
    ask(f'CREATE SCHEMA "{schema_of(other)}"')
    ask(f'CREATE TABLE "{schema_of(other)}".notes (note text)')
    try:
        with pytest.raises(Conflict):
            PostgresStore.create(other)
        with pytest.raises(StorageError, match="no chronicle"):
            PostgresStore.open(other)
    finally:
        drop(other)


@pytest.mark.parametrize(
    ("deed", "named"),
    [
        ("DROP TRIGGER events_update ON events", "events_update"),
        ("ALTER TABLE events DISABLE TRIGGER events_delete", "events_delete"),
        ("ALTER TABLE codes ALTER COLUMN code TYPE int4", "codes"),
        ("ALTER TABLE events ADD COLUMN note text", "events"),
        ("ALTER TABLE events ALTER COLUMN body DROP NOT NULL", "events"),
        ("ALTER TABLE events DROP CONSTRAINT events_stream_version_key", "events"),
        ("DROP INDEX events_report", "events_report"),
        ("CREATE RULE swallow AS ON INSERT TO events DO INSTEAD NOTHING", "events"),
        ("ALTER TABLE events ENABLE ROW LEVEL SECURITY", "events"),
        ("CREATE TABLE notes (note text)", "notes"),
        ("ALTER TABLE seal RENAME TO s; CREATE VIEW seal AS TABLE s", "seal"),
        (
            "CREATE OR REPLACE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RETURN NULL; END'",
            "never",
        ),
        (
            "CREATE TRIGGER more BEFORE INSERT ON events FOR EACH ROW "
            "EXECUTE FUNCTION never()",
            "more",
        ),
    ],
)
def test_a_foreign_schema_is_refused(url: str, deed: str, named: str) -> None:
    PostgresStore.create(url).close()
    PostgresStore.open(url).close()
    inside(deed, url)
    with pytest.raises(Untrusted, match=rf"foreign schema \(.*\b{named}\b"):
        PostgresStore.open(url)


def test_a_newer_schema_is_refused(url: str) -> None:
    PostgresStore.create(url).close()
    inside("ALTER TABLE chronicle DISABLE TRIGGER chronicle_update", url)
    inside("UPDATE chronicle SET version = 9", url)
    inside("ALTER TABLE chronicle ENABLE TRIGGER chronicle_update", url)
    with pytest.raises(Untrusted, match="schema 9"):
        PostgresStore.open(url)


def test_two_that_make_the_same_one_at_once_make_it_once(url: str) -> None:
    made, refused = [], []

    def make() -> None:
        try:
            made.append(PostgresStore.create(url))
        except Conflict as conflict:
            refused.append(conflict)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 3)
    made[0].close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = 'x' WHERE position = 1",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE codes SET id = 'x'",
        "DELETE FROM commands",
        "UPDATE chronicle SET id = 'x'",
        "UPDATE leaves SET hashes = 'x'",
        "DELETE FROM seal",
    ],
)
def test_not_even_the_owner_changes_a_row(url: str, statement: str) -> None:
    with ch.create(url) as record:
        record.append(opening(), key="k")
    with pytest.raises(psycopg.IntegrityError, match="append-only"):
        inside(statement, url)


# --- roles ----------------------------------------------------------------------------


@pytest.fixture
def roles(url: str) -> Iterator[dict[str, str]]:
    """The address as a writer, a reader and a stranger have it."""
    names = {who: f"{schema_of(url)}_{who}" for who in ("writer", "reader", "stranger")}
    for name in names.values():
        ask(f"CREATE ROLE {name} LOGIN PASSWORD 'pw-{name}'")
    yield {who: _as(url, name) for who, name in names.items()}
    drop(url)
    for name in names.values():
        ask(f"DROP OWNED BY {name}")
        ask(f"DROP ROLE {name}")


STAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")
FORBIDDEN = (
    "UPDATE {}.events SET body = ''",
    "DELETE FROM {}.events",
    "TRUNCATE {}.events",
    "ALTER TABLE {}.events DISABLE TRIGGER ALL",
    "UPDATE {}.leaves SET salts = ''",
    "DROP TABLE {}.events",
)


def _bare(url: str) -> str:
    """Without our own parameter, as libpq has it."""
    return re.sub(r"[?&]schema=\w+", "", url)


def _as(url: str, name: str) -> str:
    scheme, rest = url.split("://")
    return f"{scheme}://{name}:pw-{name}@{rest.rpartition('@')[2]}"


def test_a_writer_adds_a_reader_reads_and_a_stranger_neither(
    url: str, roles: dict[str, str]
) -> None:
    ch.create(url).close()
    schema = schema_of(url)
    writer, reader = f"{schema}_writer", f"{schema}_reader"
    for _ in range(2):
        assert ch.migrate(url, writers=[writer], readers=[reader]) == 1
    with ch.open(roles["writer"]) as record:
        record.append([*opening(), control("r1", note=SECRET)])
        assert record.append(ReportRedacted(report="r1", reason="harm")) == [7]
        assert SECRET.encode() not in b"".join(r.body for r in record._log.store.rows())
        with pytest.raises(StorageError, match="owner"):
            record.purge()
    with ch.open(roles["reader"]) as record:
        assert record.head == 7
        with pytest.raises(StorageError, match="may not"):
            record.append(control("r2"))
    with pytest.raises(StorageError):
        ch.open(roles["stranger"])
    with pytest.raises(StorageError):
        ch.migrate(roles["writer"], writers=[reader])
    for statement in FORBIDDEN:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(statement.format(schema), url=_bare(roles["writer"]))
    with pytest.raises(StorageError):  # there is no such role
        ch.migrate(url, readers=["nobody_of_that_name"])


# --- addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://alice:s3cret@nowhere.invalid/db",
        "postgresql://alice:s3cret@127.0.0.1:1/db?schema=x",
        "postgres://alice@127.0.0.1:1/db?password=s3cret",
        "postgresql://alice:s3cret@127.0.0.1:port/db",
        "postgresql://alice:s3cret@127.0.0.1/db?nonsense=1",
        "postgresql://alice:s3cret@[::1/db",
        "postgresql://alice:s3cret@127.0.0.1/db?schema=Ümlaut",
        "postgresql://alice:s3cret@127.0.0.1/db?schema=pg_catalog",
        "postgresql://alice:s3cret%zz@127.0.0.1/db",
        "postgresql://alice:s3cret/s3cret@127.0.0.1/db",
        "postgresql://alice:12/s3cret@127.0.0.1/db",
        "postgresql://alice:x@s3cret@127.0.0.1:1/db",
    ],
)
def test_a_password_is_never_shown(address: str) -> None:
    for command in (["state", address], ["init", address], ["log", address, "x", "y"],
                    ["--json-errors", "check", address], ["merge", address, address],
                    ["copy", address, address], ["report", address, address],
                    ["import", address, address]):  # fmt: skip
        ended = run(*command)
        assert ended.code in (2, 3, 6), (command, ended)
        assert "s3cret" not in ended.out + ended.err
        assert "Traceback" not in ended.err
    with pytest.raises((StorageError, UsageError)) as told:
        ch.open(address)
    assert "s3cret" not in str(told.value)
    assert told.value.__cause__ is None


def test_a_server_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for address in ("mysql://h/db", "sqlite://x"):
        with pytest.raises(UsageError):
            ch.open(address)
    assert list(tmp_path.iterdir()) == []


# --- settings -------------------------------------------------------------------------


def test_commits_wait_for_the_disk_though_the_role_is_set_not_to(url: str) -> None:
    user = ask("SELECT current_user")[0][0]
    ask(f'ALTER ROLE "{user}" SET synchronous_commit = off')
    try:
        store = PostgresStore.create(url)
        with store._reading() as cursor:
            assert cursor.execute("SHOW synchronous_commit").fetchone() == ("on",)
        store.close()
    finally:
        ask(f'ALTER ROLE "{user}" RESET synchronous_commit')


@OURS
def test_nothing_is_recorded_where_a_power_cut_may_lose_it(url: str) -> None:
    PostgresStore.create(url).close()
    ask("ALTER SYSTEM SET full_page_writes = off")
    ask("SELECT pg_reload_conf()")
    try:
        for _ in range(100):
            if ask("SHOW full_page_writes") == [("off",)]:
                break
            time.sleep(0.02)
        store = PostgresStore.open(url)
        assert store.head() == 0
        with pytest.raises(StorageError, match="full_page_writes"), store.writing():
            pass
        store.close()
        with pytest.raises(StorageError, match="full_page_writes"):
            PostgresStore.create(new_url())
    finally:
        ask("ALTER SYSTEM RESET full_page_writes")
        ask("SELECT pg_reload_conf()")
        for _ in range(100):
            if ask("SHOW full_page_writes") == [("on",)]:
                break
            time.sleep(0.02)


def test_the_server_stamps_what_is_recorded(url: str) -> None:
    """A laptop whose clock is wrong does not date the record of a team."""
    with ch.create(url) as record:
        record.append(opening())
        told = next(record.log()).recorded_at
        (now,) = ask("SELECT clock_timestamp()")[0]
        assert abs((now - told).total_seconds()) < 60


# --- writing --------------------------------------------------------------------------


def test_a_question_ends_and_a_write_takes_its_time(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "SLOWEST", 0.2)
    store = PostgresStore.create(url)
    told = pytest.raises(Busy, match="statement timeout; nothing was recorded")
    with told, store._moment() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    with store.writing() as work:
        work.insert([draft()])
        work._cursor.execute("SELECT pg_sleep(0.5)")
    assert store.head() == 1
    assert store.purge()
    with store._reading() as cursor:
        assert cursor.execute("SHOW statement_timeout").fetchone() == ("200ms",)
    store.close()


def test_the_one_who_waits_too_long_is_told_who_writes(url: str) -> None:
    first = PostgresStore.create(url)
    second = PostgresStore.open(url, lock_timeout=0.05)
    with first.writing() as work:
        work.insert([draft("r")])
        with pytest.raises(Busy, match=r"backend \d+ of "), second.writing():
            pass
    assert second.head() == 1
    first.close()
    second.close()


def test_a_swallowed_failure_is_not_acknowledged(store: PostgresStore) -> None:
    """The server answers COMMIT with ROLLBACK, and no error."""
    with store.writing() as work:
        work.insert([draft("r")])
    for report in ("s", "t"):
        with pytest.raises(StorageError), store.writing() as work:
            work.insert([draft(report)])
            with pytest.raises(psycopg.IntegrityError):
                work.insert([draft("r")])
        assert [row.report for row in store.rows()] == ["r"]


def test_what_text_cannot_hold_is_refused(store: PostgresStore) -> None:
    for stream in ("a\0b", "\udcff"):
        with pytest.raises(InputError), store.writing() as work:
            work.insert([draft("r", stream=stream)])
    assert store.head() == 0
    assert store.reports(["a\0b", "\udcff"]) == {}


def test_many_rows_go_in_whole(store: PostgresStore) -> None:
    """The library's pipelined INSERT can wait for ever for 5,000."""
    with store.writing() as work:
        got = work.insert(draft(f"r{n}", stream=f"s{n % 50}") for n in range(20_000))
        assert got == range(1, 20_001)
        assert work.reports(["r19999"])["r19999"].version == 400
    assert store.head() == 20_000
    assert sum(1 for _ in store.rows()) == 20_000


def test_a_store_that_was_closed_says_so(store: PostgresStore) -> None:
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.head()


# --- redaction ------------------------------------------------------------------------


@OURS
def test_a_redacted_payload_leaves_the_files_of_the_tables(url: str) -> None:
    with ch.create(url) as record:
        record.append([*opening(), control("r1", note=SECRET)])
        ask("CHECKPOINT")
        assert _found(SECRET)
        record.append(ReportRedacted(report="r1", reason="harm"))
        assert record.purge()
        ask("CHECKPOINT")
        assert not _found(SECRET)
        assert record.check() is not None


def _found(secret: str) -> list[Path]:
    """The files of tables and indexes that hold it; the server's own log keeps it."""
    return [
        file
        for file in (own_server().data / "base").rglob("*")
        if file.is_file() and secret.encode() in file.read_bytes()
    ]


# --- following ------------------------------------------------------------------------


def test_a_redaction_keeps_the_leaf_on_a_server_too(url: str, tmp_path: Path) -> None:
    with ch.create(url) as record:
        record.append([*opening(), *(control(f"r{n}") for n in range(300))])
        record.append(ch.ReportRetracted(report="r7", reason="wrong"))
        before = record.signed_head()
        record.append(ch.ReportRedacted(report="r7", reason="harm"))
        (tmp_path / "a.head").write_text(before, encoding="utf-8")
        found = record.verify([tmp_path / "a.head"])
        assert (found.events, found.heads) == (record.head, 1)
        assert record.prove("r7").startswith("c2sp.org/tlog-proof@v1\n")
    assert inside("SELECT count(*) FROM emptied", url)[0][0] == 2
    inside("ALTER TABLE events DISABLE TRIGGER ALL", url)
    inside("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 9", url)
    inside("ALTER TABLE events ENABLE TRIGGER ALL", url)
    with (
        ch.open(url) as record,
        pytest.raises(IntegrityFailure, match="position 9"),
    ):
        record.verify()


def test_a_follower_hears_of_what_others_record(url: str) -> None:
    ch.create(url).close()
    stop, seen = threading.Event(), []

    def write() -> None:
        with ch.open(url) as record:
            for number in range(10):
                record.append(
                    ch.SettlementRegistered(settlement=f"p{number}", name="P")
                )

    with ch.open(url) as record:
        writer = threading.Thread(target=write)
        writer.start()
        for recorded in record.follow(stop=stop):
            seen.append(recorded.position)
            if len(seen) == 10:
                stop.set()
        writer.join()
    assert seen == list(range(1, 11))


def test_a_quiet_log_is_not_asked_over_and_over(url: str) -> None:
    with ch.create(url) as record:
        store = record._log.store
        asked = []
        real = store.rows
        store.rows = lambda *more: asked.append(1) or real(*more)  # type: ignore[method-assign,func-returns-value,assignment]
        stop = threading.Event()
        threading.Timer(1.0, stop.set).start()
        assert list(record.follow(stop=stop)) == []
        assert len(asked) <= 3


def test_listening_goes_on_after_the_connection_was_lost(url: str) -> None:
    ch.create(url).close()
    stop, seen = threading.Event(), []
    with ch.open(url) as record, ch.open(url) as writer:

        def follow() -> None:
            seen.extend(one.position for one in record.follow(stop=stop))

        thread = threading.Thread(target=follow)
        thread.start()
        for number in range(6):
            writer.append(ch.SettlementRegistered(settlement=f"p{number}", name="P"))
            ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE %s",
                f'LISTEN "chronicle_{schema_of(url)}"%',
            )
            time.sleep(0.05)
        for _ in range(500):
            if len(seen) == 6:
                break
            time.sleep(0.02)
        stop.set()
        thread.join()
    assert seen == list(range(1, 7))


# --- the command line ----------------------------------------------------------------


def test_an_address_stands_wherever_a_file_does(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Path(__file__).parents[2] / "scenarios" / "syria-2024" / "data"
    assert run("init", url).code == 0
    assert run("init", url).code == 4
    imported = run("import", url, case)
    assert imported.code == 0, imported.err
    file = tmp_path / "a.chronicle"
    assert run("init", file).code == 0
    assert run("import", file, case).code == 0
    for command in (["state", "--on", "2024-11-30"], ["why", "Aleppo"], ["check"],
                    ["diff", "--from", "2024-11-28", "--to", "2024-12-02"],
                    ["displaced"], ["export", "--as", "jsonl"]):  # fmt: skip
        name, *rest = command
        there, here = run(name, url, *rest), run(name, file, *rest)
        assert there.code == here.code == 0, (there.err, here.err)
        told = [
            re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", one.out) for one in (there, here)
        ]
        assert told[0] == told[1]
    again = run("import", url, case, "--dry-run")
    assert again.code == 0, again.err
    assert run("merge", file, url).code == 0
    monkeypatch.setenv("CHRONICLE_FILE", url)
    assert run("state", "--on", "2024-11-30").code == 0
    assert run("migrate", url).code == 0
    assert run("migrate", file).code == 2


def test_what_needs_the_extra_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "chronicle.store.postgres.store", None)
    ended = run("state", "postgresql://localhost/db")
    assert ended.code == 2
    assert "pip install 'conflict-chronicle[postgres]'" in ended.err
