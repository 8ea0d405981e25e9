"""What replay reads is what the events say, or `check` tells."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given

import chronicle as ch
import strategies
from chronicle.domain.events import Event
from chronicle.errors import IntegrityFailure
from chronicle.store.audit import audit
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening
from plain_log import PlainLog


@given(strategies.logs())
def test_whatever_was_appended_passes(events: list[Event]) -> None:
    log, plain = EventLog(MemoryStore()), PlainLog()
    for event in events:
        if (decided := plain.append(event)) is not None:
            log.append([decided])
    assert audit(log.store) == len(plain.rows)


def test_a_changed_hot_record_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append(ch.SettlementRegistered(settlement="alder", name="A", lat=1, lon=2))
        log.append(ch.ActorRegistered(actor="red", name="Red"))
        for number in range(3):
            log.append(
                ch.ControlReported(
                    report_id=f"c{number}",
                    settlement="alder",
                    controller="red",
                    valid_from="2022-08-01",
                    source="s",
                )
            )
        log.check()
    raw = sqlite3.connect(path)
    trigger = raw.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'events_update'"
    ).fetchone()[0]
    raw.execute("DROP TRIGGER events_update")
    raw.execute("UPDATE events SET hot = zeroblob(48) WHERE position = 4")
    raw.execute(trigger)  # an insider puts everything back as it was
    raw.commit()
    raw.close()
    store = SQLiteStore.open(path)
    with pytest.raises(IntegrityFailure, match="position 4"):
        audit(store)
    store.close()


def test_a_check_beside_a_writer_is_no_false_alarm(tmp_path: Path) -> None:
    """Events and redactions arrive while the audit is under way."""
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append([*opening(), *(control(f"r{n}") for n in range(9_000))])
        store = log._log.store
        with ch.open(path) as writer:
            read = store.rows_with_columnar

            def meanwhile(after: int = 0, upto: int | None = None):  # type: ignore[no-untyped-def]
                for number, pair in enumerate(read(after, upto)):
                    if number in (2, 5_000):
                        writer.append(control(f"w{number}", source=f"new{number}"))
                        writer.append(ch.ReportRedacted(report=f"r{number + 3}"))
                        writer.append(ch.ReportRedacted(report="r8990"))
                    yield pair

            store.rows_with_columnar = meanwhile  # type: ignore[method-assign]
            assert audit(store) == 9_005
        store.rows_with_columnar = read  # type: ignore[method-assign]
        assert audit(store) == store.head() > 9_005
