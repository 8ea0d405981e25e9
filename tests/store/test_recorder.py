"""The library's recorder is the same door onto the log as `append`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

import chronicle as ch
from chronicle.domain.events import Event, Report
from chronicle.errors import InputError, Untrusted
from chronicle.store.audit import audit
from chronicle.store.codec import encode
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import Clock

ALDER = ch.SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=1)
RED = ch.ActorRegistered(actor="red", name="Red")
CLAIM = ch.ControlReported(
    report_id="r1",
    source="a",
    settlement="alder",
    controller="red",
    valid_from="2022-09-05",
    dataset="d",
)
GONE = ch.ReportRetracted(report_id="r2", source="a", report="r1", reason="wrong")


def stored(*events: Event) -> list[StoredEvent]:
    """The events as the library would send them to an empty log."""
    versions: dict[str, int] = {}
    sent = []
    for event in events:
        stream = f"source:{event.source}" if isinstance(event, Report) else "register"
        versions[stream] = versions.get(stream, 0) + 1
        sent.append(StoredEvent(stream, versions[stream], event.TYPE, encode(event)))
    return sent


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore.create(tmp_path / "a.chronicle", Clock())
    yield store
    store.close()


def test_an_event_of_the_recorder_is_a_row_like_any_other(
    store: SQLiteStore, tmp_path: Path
) -> None:
    everything = [ALDER, RED, CLAIM, GONE]
    assert store.recorder.insert_events(stored(*everything)) == [1, 2, 3, 4]
    assert audit(store) == 4
    assert store.reports(["r1"])["r1"].position == 3
    assert [row.report for row in store.remarks_on(["r1"])] == ["r2"]

    other = SQLiteStore.create(tmp_path / "b.chronicle", Clock())
    EventLog(other).append(everything)
    assert list(store.rows()) == list(other.rows())
    assert b"".join(store.columnar()) == b"".join(other.columnar())
    assert store.codes("dataset") == other.codes("dataset") == ["d"]
    other.close()


def test_what_the_recorder_took_is_counted_found_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.chronicle"
    store = SQLiteStore.create(path, Clock())
    store.recorder.insert_events(stored(ALDER, RED, CLAIM))
    store.close()
    with ch.open(path) as log:
        assert log.state(on="2022-09-06").control["alder"] == "red"
        assert log.report("r1") is not None
        assert log.append(CLAIM) == [3]  # known: it adds nothing


@pytest.mark.parametrize(
    ("topic", "state", "says"),
    [
        ("builtins:eval", encode(CLAIM), "unknown event type"),
        (CLAIM.TYPE, b"{}", "cannot be read"),
        (ALDER.TYPE, encode(CLAIM), "a stored settlement-registered"),
    ],
    ids=["foreign topic", "foreign state", "state of another TYPE"],
)
def test_a_foreign_topic_or_state_is_refused(
    store: SQLiteStore, topic: str, state: bytes, says: str
) -> None:
    with pytest.raises(Untrusted, match=says):
        store.recorder.insert_events([StoredEvent("source:a", 1, topic, state)])
    assert store.head() == 0


@pytest.mark.parametrize(
    "event", [CLAIM, GONE, replace(CLAIM, source="what-if:x")], ids=repr
)
def test_the_rules_of_the_log_hold_for_the_recorder(
    store: SQLiteStore, event: Event
) -> None:
    with pytest.raises((InputError, Untrusted)):
        store.recorder.insert_events(stored(event))
    assert store.head() == 0


def test_an_event_goes_into_its_own_stream_in_turn_and_once(
    store: SQLiteStore,
) -> None:
    first, second = stored(ALDER, RED)
    store.recorder.insert_events([first])
    for wrong in (
        replace(second, originator_id="source:a"),
        replace(second, originator_version=3),
        replace(first, originator_version=2),  # it is known
    ):
        with pytest.raises(IntegrityError):
            store.recorder.insert_events([wrong])
    assert store.recorder.insert_events([second]) == [2]
