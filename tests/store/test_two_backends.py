"""Two backends, one log: equal states, equal digests; copies from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import chronicle as ch
from chronicle.domain.events import Event, ReportRedacted
from chronicle.errors import Conflict, Damaged, InputError, OutcomeUnknown, UsageError
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.postgres import filling
from chronicle.store.postgres.store import PostgresStore
from chronicle.store.protocol import Store
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify
from log_toys import Clock, control, opening
from postgres_server import ask, drop, new_url, schema_of
from shell import run
from store_contract import SECRET
from strategies import logs, steady
from strategies import opening as strategy_opening

KINDS = ("settlement", "actor", "source")  # memory counts no streams
DAYS = [date(2024, 11, day) for day in (20, 27, 28, 30)]


@pytest.fixture
def url() -> Iterator[str]:
    url = new_url()
    yield url
    drop(url)


def answers(store: Store) -> list[object]:
    """All that a store says of its log."""
    record = ch.Chronicle(EventLog(store))
    return [
        list(store.rows()),
        b"".join(store.columnar()),
        [(row.position, hot) for row, hot in store.rows_with_columnar()],
        {kind: store.codes(kind) for kind in KINDS},
        store.redactions(),
        [store.position_at(row.recorded_at) for row in store.rows()],
        list(record.log()),
        [record.state(day, lens=lens) for day in DAYS for lens in ("latest", "graded")],
        record.check(DAYS[-1]).rows,
    ]


@pytest.mark.slow
@settings(
    steady,
    max_examples=12,
    phases=[Phase.generate],  # to shrink takes minutes on a server
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(events=logs())
def test_the_same_commands_make_the_same_log(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    url, path = new_url(), tmp_path_factory.mktemp("two") / "a.chronicle"
    stores: list[Store] = []
    try:
        for make in (
            lambda clock: MemoryStore(clock, "one"),
            lambda clock: SQLiteStore.create(path, clock, "one"),
            lambda clock: PostgresStore.create(url, clock, "one"),
        ):
            clock = Clock()
            stores.append(make(clock))
            log = EventLog(stores[-1])
            log.append(strategy_opening())
            for number, event in enumerate(events):
                clock.tick()
                with suppress(InputError, Conflict):
                    log.append([event], key=f"k{number}")
        plain, file, server = map(answers, stores)
        for one in (file, server):
            for found, wanted in zip(one, plain, strict=True):
                assert found == wanted
        digests = []
        for store in stores[1:]:
            assert isinstance(store, SQLiteStore | PostgresStore)
            assert verify(store.sealed()) is not None
            with store.snapshot() as snapshot:
                digests.append(snapshot.digest(seal=False))
        assert digests[0] == digests[1]
    finally:
        for store in stores:
            store.close()
        drop(url)


# --- copies ---------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A chronicle with a redaction, a key, and streams that go on."""
    path, clock = tmp_path / "a.chronicle", Clock()
    with ch.create(path, clock=clock) as record:
        record.append(opening())
        for number in range(20):
            clock.tick(number)
            source = f"s{number % 3}"
            record.append(control(f"r{number}", source=source), key=f"k{number}")
        record.append(control("harm", note=SECRET))
        record.append(ReportRedacted(report="harm", reason="a person is named"))
    return path


def digest(place: str | Path) -> tuple[str, str, int]:
    with ch.open(place) as record:
        store = record._log.store
        assert isinstance(store, SQLiteStore | PostgresStore)
        with store.snapshot() as snapshot:
            return record.identity, snapshot.digest(), snapshot.head


def test_a_record_goes_to_a_server_and_back_as_it_is(
    path: Path, url: str, tmp_path: Path
) -> None:
    back = tmp_path / "back.chronicle"
    for source, dest in ((path, url), (url, back)):
        done = run("copy", source, dest)
        assert done.code == 0, done.err
        assert done.out.split()[1:] == ["27", digest(path)[1]]
    assert digest(path) == digest(url) == digest(back)
    for place in (url, back):
        with ch.open(place) as record, ch.open(path) as first:
            assert list(record.log()) == list(first.log())
            assert answers(record._log.store) == answers(first._log.store)
            key = record.append(control("r7", source="s1"), key="k7")
            assert key == first.append(control("r7", source="s1"), key="k7") == [13]
            assert record.append(control("new", source="s1")) == [28]
            assert verify(record._log.store.sealed()) is not None  # type: ignore[attr-defined]


def test_a_copy_goes_only_where_there_is_nothing(
    path: Path, url: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.chronicle"
    with ch.open(path) as record:
        record.copy(url)
        record.copy(other)
        for place in (url, other, path):
            with pytest.raises(Conflict):
                record.copy(place)
        with pytest.raises(UsageError):
            record.copy("mysql://h/db")
    with ch.memory() as record, pytest.raises(UsageError):
        record.copy(url)


def test_a_backup_of_a_server_is_a_file_and_restores_to_a_server(
    path: Path, url: str, tmp_path: Path
) -> None:
    with ch.open(path) as record:
        record.copy(url)
    assert run("backup", url, tmp_path / "b.chronicle").code == 0
    kept = tmp_path / "kept"
    kept.mkdir()
    assert run("backup", url, kept).code == 0
    assert [file.name for file in kept.glob("*.chronicle")] == [
        f"{schema_of(url)}-27.chronicle"
    ]
    drop(url)
    back = run("restore", tmp_path / "b.chronicle", url)
    assert back.code == 0, back.err
    assert digest(url) == digest(path)
    assert run("restore", tmp_path / "b.chronicle", url).code == 4
    assert run("restore", tmp_path / "b.chronicle", url, "--replace").code == 2


@pytest.mark.parametrize("when", ["copying", "comparing"])
def test_a_copy_that_fails_leaves_nothing_on_the_server(
    path: Path, url: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    real = filling.copy_rows

    def broken(connection: object, table: str, rows: object, columns: object) -> int:
        if table == "events" and when == "copying":
            ask(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        kept = list(rows)[:-1] if table == "commands" else rows  # type: ignore[call-overload]
        return real(connection, table, kept, columns)  # type: ignore[arg-type]

    monkeypatch.setattr(filling, "copy_rows", broken)
    with ch.open(path) as record, pytest.raises((Damaged, OutcomeUnknown)):
        record.copy(url)
    assert ask("SELECT 1 FROM pg_namespace WHERE nspname = %s", schema_of(url)) == []
