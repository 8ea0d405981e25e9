"""Events of the `eventsourcing` library, recorded as our own are: by the same door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from eventsourcing.persistence import IntegrityError, StoredEvent

from chronicle.domain.decide import Pending, decide
from chronicle.store.branch_guard import keep_apart
from chronicle.store.codec import decode, encode
from chronicle.store.protocol import Writing
from chronicle.store.recording import record, stream_of
from chronicle.store.register import ReferenceCache, StoreRegister

__all__ = ["StoredEvents"]


class StoredEvents:
    """What a recorder of the library needs to record as `EventLog.append` does."""

    def __init__(self) -> None:
        self._cache = ReferenceCache()
        self._cache_lock = Lock()

    def record(
        self, work: Writing, stored: Sequence[StoredEvent], identity: Callable[[], str]
    ) -> range:
        """Decide on the library's events and record them, all or none.

        Raises `Untrusted` for a topic or a state that is none of ours, what `decide`
        raises, and the library's `IntegrityError` for a stream that is not the event's
        own, a version that does not follow on, and an event that `decide` would leave
        out or change.
        """
        events = [decode(one.topic, one.state) for one in stored]
        keep_apart(identity, events)
        with self._cache_lock:
            self._cache.catch_up(work, work.head)
            register = StoreRegister(work, self._cache)
        register.prefetch(events)
        pending = Pending(register)
        versions: dict[str, int] = {}
        for given, event in zip(stored, events, strict=True):
            stream = stream_of(event)
            if stream not in versions:
                versions[stream] = work.version(stream)
            versions[stream] = version = versions[stream] + 1
            if (given.originator_id, given.originator_version) != (stream, version):
                raise IntegrityError(
                    f"version {given.originator_version} of {given.originator_id}: "
                    f"this event's next place is version {version} of {stream}"
                )
            decided = decide(event, pending)
            if decided is None or encode(decided) != given.state:
                raise IntegrityError(
                    f"version {version} of {stream} is in the log already, or is not "
                    "written as the log would write it"
                )
            pending.add(decided)
        return record(work, events, register)
