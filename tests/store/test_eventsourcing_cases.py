"""The cases that the library has for every recorder and factory, on ours.

They are inherited whole, down to their timings, which are printed and not judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.tests import persistence as library

from chronicle.domain.events import DisplacementReported
from chronicle.store.codec import encode
from chronicle.store.columnar import BLANK
from chronicle.store.memory import MemoryStore
from chronicle.store.protocol import Draft
from chronicle.store.sqlite.recorder import ChronicleDatastore, ChronicleRecorder
from chronicle.store.sqlite.store import SQLiteStore


class AnyTopic(ChronicleRecorder):
    """Our recorder as it is, but for what an event is: the library's are not ours."""

    def _record(self, work: Any, stored: Sequence[StoredEvent]) -> range:
        last: dict[str, int] = {}
        drafts = []
        for one in stored:
            id_ = one.originator_id
            stream = id_.hex if isinstance(id_, UUID) else id_
            code = work.code("stream", stream)
            if one.originator_version == 0 and work._last_version(code) is None:
                work._versions.setdefault(code, -1)  # the library may begin with 0
            before = last.get(stream, work.version(stream))
            if one.originator_version != before + 1:
                raise IntegrityError(f"{one.originator_version} after {before}")
            last[stream] = before + 1
            drafts.append(Draft(stream, one.topic, one.state, BLANK))
        return range(0) if not drafts else work.insert(drafts)


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
        recorder = AnyTopic(self.datastore())
        recorder.create_table()
        recorder.create_table()  # a second time changes nothing
        return recorder


class TestApplicationRecorderWithTextIds(TestApplicationRecorder):
    def new_originator_id(self) -> str:
        return f"source:{super().new_originator_id()}"

    def create_recorder(self) -> ChronicleRecorder:
        recorder = AnyTopic(self.datastore("text"))
        recorder.create_table()
        return recorder


class TestNotificationIdsDoNotInterleave(
    InFile, library.NonInterleavingNotificationIDsBaseCase
):
    insert_num = 500

    def create_recorder(self) -> ChronicleRecorder:
        recorder = AnyTopic(self.datastore())
        recorder.create_table()
        return recorder


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
        recorder = AnyTopic(self.stores[-1].datastore)
        recorder.writing = self.stores[-1].writing
        return recorder


# The case for aggregate recorders expects `None` for positions, which an application
# recorder returns; all else that it says of streams is said of ours here.
class TestStreams(InFile, library.AggregateRecorderTestCase):
    def create_recorder(self) -> Any:
        recorder = AnyTopic(self.datastore())
        recorder.create_table()
        return _WithoutPositions(recorder)


class _WithoutPositions:
    def __init__(self, recorder: ChronicleRecorder) -> None:
        self.select_events = recorder.select_events
        self._recorder = recorder

    def insert_events(self, events: list[StoredEvent]) -> None:
        self._recorder.insert_events(events)


def events(*versions: int) -> list[StoredEvent]:
    """Reports of source a, of which each version tells another one."""
    told = {
        version: DisplacementReported(
            report_id=f"r{version}",
            source="a",
            measure="stock",
            category="displaced",
            area="alder",
            counter="a",
            valid_on=date(2022, 9, 5),
        )
        for version in versions
    }
    return [StoredEvent("source:a", n, told[n].TYPE, encode(told[n])) for n in versions]


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
