"""The cases that the library has for every recorder, on ours of a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.tests import persistence as library
from test_eventsourcing_cases import AnyTopic, _WithoutPositions, events

from chronicle.store.postgres.recorder import ChronicleRecorder
from chronicle.store.postgres.store import PostgresStore
from postgres_server import drop, new_url


class Library(ChronicleRecorder):
    """Our recorder as it is, but for what an event is: the library's are not ours."""

    _record = AnyTopic._record  # type: ignore[assignment]


class OnServer:
    """A new schema for each case."""

    @pytest.fixture(autouse=True)
    def chronicle(self) -> Iterator[None]:
        self.stores: list[tuple[str, PostgresStore]] = []
        yield
        for url, store in self.stores:
            store.close()
            drop(url)

    def new_originator_id(self) -> str:
        return str(super().new_originator_id())  # type: ignore[misc]

    def create_recorder(self) -> Any:
        url = new_url()
        store = PostgresStore.create(url)
        self.stores.append((url, store))
        return Library(store.datastore, store.writing, store.identity, store._channel)


@pytest.mark.slow
class TestApplicationRecorder(OnServer, library.ApplicationRecorderTestCase):
    """Subscriptions included, which a file cannot have."""


@pytest.mark.slow
class TestNotificationIdsDoNotInterleave(
    OnServer, library.NonInterleavingNotificationIDsBaseCase
):
    insert_num = 500


class TestStreams(OnServer, library.AggregateRecorderTestCase):
    def create_recorder(self) -> Any:
        return _WithoutPositions(super().create_recorder())


@pytest.fixture
def recorder() -> Iterator[ChronicleRecorder]:
    url = new_url()
    store = PostgresStore.create(url)
    yield store.recorder
    store.close()
    drop(url)


@pytest.mark.parametrize("versions", [(3,), (1, 3), (2, 1), (1, 1)], ids=str)
def test_a_gap_in_the_versions_of_a_stream_is_refused(
    recorder: ChronicleRecorder, versions: Sequence[int]
) -> None:
    with pytest.raises(IntegrityError):
        recorder.insert_events(events(*versions))
    assert recorder.max_notification_id() is None
    assert recorder.insert_events(events(1, 2)) == [1, 2]
    found: list[StoredEvent] = list(recorder.select_events("source:a"))
    assert found == events(1, 2)
    assert [one.id for one in recorder.select_notifications(2, 10)] == [2]
