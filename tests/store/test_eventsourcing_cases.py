"""The cases that the library has for every recorder and factory, on ours.

They are inherited whole, down to their timings, which are printed and not judged.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    ProcessRecorder,
    StoredEvent,
)
from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteTrackingRecorder
from eventsourcing.tests import persistence as library
from eventsourcing.utils import Environment

from chronicle.store.memory import MemoryStore
from chronicle.store.sqlite.recorder import (
    ChronicleDatastore,
    ChronicleFactory,
    ChronicleProcessRecorder,
    ChronicleRecorder,
)
from chronicle.store.sqlite.store import SQLiteStore

OURS = "chronicle.store.sqlite.recorder:ChronicleFactory"


class InFile:
    """A new file for each case."""

    @pytest.fixture(autouse=True)
    def file(self, tmp_path: Path) -> Iterator[None]:
        self.made: list[ChronicleDatastore] = []
        self.folder = tmp_path
        yield
        for datastore in self.made:
            for _ in range(1_000):  # the library leaves its reading threads to end
                if datastore.pool.num_in_use == 0:
                    break
                time.sleep(0.01)
            assert datastore.pool.num_in_use == 0  # nothing leaks
            datastore.close()

    def datastore(self, ids: Any = "uuid") -> ChronicleDatastore:
        name = f"file:{self.folder / f'{len(self.made)}.db'}"
        self.made.append(ChronicleDatastore(name, originator_id_type=ids))
        return self.made[-1]


class TestApplicationRecorder(InFile, library.ApplicationRecorderTestCase):
    def create_recorder(self) -> ChronicleRecorder:
        recorder = ChronicleRecorder(self.datastore())
        recorder.create_table()
        recorder.create_table()  # a second time changes nothing
        return recorder


class TestApplicationRecorderWithTextIds(TestApplicationRecorder):
    def new_originator_id(self) -> str:
        return f"source:{super().new_originator_id()}"

    def create_recorder(self) -> ChronicleRecorder:
        recorder = ChronicleRecorder(self.datastore("text"))
        recorder.create_table()
        return recorder


class TestNotificationIdsDoNotInterleave(
    InFile, library.NonInterleavingNotificationIDsBaseCase
):
    insert_num = 500

    def create_recorder(self) -> ChronicleRecorder:
        recorder = ChronicleRecorder(self.datastore())
        recorder.create_table()
        return recorder


class TestProcessRecorder(InFile, library.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        recorder = ChronicleProcessRecorder(self.datastore())
        recorder.create_table()
        return recorder


class TestTrackingRecorder(InFile, library.TrackingRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        recorder = ChronicleProcessRecorder(self.datastore())
        recorder.create_table()
        return recorder


class TrackingForTest(SQLiteTrackingRecorder):
    """A recorder that a factory is asked for by name."""


class TestFactory(library.InfrastructureFactoryTestCase[ChronicleFactory]):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.env = Environment("TestCase")
        self.env[InfrastructureFactory.PERSISTENCE_MODULE] = OURS
        self.env[ChronicleFactory.SQLITE_DBNAME] = f"{self.folder.name}/a.db"
        super().setUp()

    def expected_factory_class(self) -> type[ChronicleFactory]:
        return ChronicleFactory

    def expected_aggregate_recorder_class(self) -> type[SQLiteAggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[ChronicleRecorder]:
        return ChronicleRecorder

    def expected_tracking_recorder_class(self) -> type[SQLiteTrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[SQLiteTrackingRecorder]:
        return TrackingForTest

    def expected_process_recorder_class(self) -> type[ChronicleProcessRecorder]:
        return ChronicleProcessRecorder


class TestMemoryRecorder(library.ApplicationRecorderTestCase):
    """The library's own recorder, as the memory store stands on it."""

    def create_recorder(self) -> POPOApplicationRecorder:
        return MemoryStore().recorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestStoreRecorder(library.ApplicationRecorderTestCase):
    """The recorder of an open chronicle: the same tables, the exact schema."""

    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path) -> Iterator[None]:
        self.stores: list[SQLiteStore] = []
        self.tmp_path = tmp_path
        yield
        for store in self.stores:
            store.close()

    def new_originator_id(self) -> str:
        return str(super().new_originator_id())

    def create_recorder(self) -> ChronicleRecorder:
        self.stores.append(SQLiteStore.create(self.tmp_path / "a.chronicle"))
        return self.stores[-1].recorder


# The case for aggregate recorders expects `None` for positions, which an application
# recorder returns; all else that it says of streams is said of ours here.
class TestStreams(InFile, library.AggregateRecorderTestCase):
    def create_recorder(self) -> Any:
        recorder = ChronicleRecorder(self.datastore())
        recorder.create_table()
        return _WithoutPositions(recorder)


class _WithoutPositions:
    def __init__(self, recorder: ChronicleRecorder) -> None:
        self.select_events = recorder.select_events
        self._recorder = recorder

    def insert_events(self, events: list[StoredEvent]) -> None:
        self._recorder.insert_events(events)


def events(*versions: int) -> list[StoredEvent]:
    return [StoredEvent("source:a", version, "t", b"{}") for version in versions]


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[ChronicleRecorder]:
    datastore = ChronicleDatastore(
        f"file:{tmp_path / 'a.db'}", originator_id_type="text"
    )
    made = ChronicleRecorder(datastore)
    made.create_table()
    yield made
    datastore.close()


@pytest.mark.parametrize(
    "versions", [(3,), (1, 3), (2, 1), (-1,), (1, 1), (0, 2)], ids=str
)
def test_a_gap_in_the_versions_of_a_stream_is_refused(
    recorder: ChronicleRecorder, versions: tuple[int, ...]
) -> None:
    with pytest.raises(IntegrityError):
        recorder.insert_events(events(*versions))
    assert recorder.max_notification_id() is None
    assert recorder.insert_events(events(1, 2)) == [1, 2]


def test_a_failed_save_does_not_corrupt_the_stream(
    recorder: ChronicleRecorder,
) -> None:
    """The library drops the events of a failed save and then stores the next ones."""
    recorder.insert_events(events(1))
    with pytest.raises(IntegrityError):
        recorder.insert_events([*events(2), *events(1)])
    with pytest.raises(IntegrityError):
        recorder.insert_events(events(3))  # what the library would send next
    assert recorder.insert_events(events(2)) == [2]
    assert [e.originator_version for e in recorder.select_events("source:a")] == [1, 2]


def test_each_connection_has_the_pragmas_that_the_build_may_not_have(
    recorder: ChronicleRecorder,
) -> None:
    wanted = {
        "synchronous": 2,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
        "wal_autocheckpoint": 0,
        "journal_mode": "wal",
    }
    with (
        recorder.datastore.get_connection(commit=False) as first,
        recorder.datastore.get_connection(commit=True) as second,
    ):
        for connection in (first, second):
            for pragma, value in wanted.items():
                found = connection._sqlite_conn.execute(f"PRAGMA {pragma}").fetchone()
                assert found[0] == value, pragma
