"""Several processes that write to one chronicle, and a follower; what must hold.

Rows bear no report id, so that nothing but the idempotency key keeps a command that is
repeated from being recorded twice.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import Busy, OutcomeUnknown, StorageError
from chronicle.store.address import is_server
from chronicle.store.log import EventLog
from chronicle.store.projections import Follower
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import draft

__all__ = ["Campaign", "Checked", "check", "make", "opened"]

PATIENCE = 60.0


def opened(place: str) -> Any:
    if is_server(place):
        from chronicle.store.postgres.store import PostgresStore

        return PostgresStore.open(place, lock_timeout=PATIENCE)
    return SQLiteStore.open(Path(place), lock_timeout=PATIENCE)


def make(place: str) -> None:
    if is_server(place):
        from chronicle.store.postgres.store import PostgresStore

        PostgresStore.create(place).close()
    else:
        SQLiteStore.create(Path(place)).close()


def append(store: Any, key: str, size: int) -> bool:
    """Record a batch of rows under a key; whether it was there before."""
    with store.writing() as work:
        if work.outcome_of(key) is not None:
            return True
        rows = [
            draft(stream=key.split(".")[0], body=f"{key}.{n}.{size}".encode())
            for n in range(size)
        ]
        work.remember(key, b"", work.insert(rows))
    return False


def _write(place: str, name: str, out: int, stop: int) -> None:
    """Append batches until told to stop; tell of each, and of how long it took."""
    chance = random.Random(name)
    store: Any = None
    for number in range(1_000_000):
        if select.select([stop], [], [], 0)[0]:
            break
        key, size = f"{name}.{number}", chance.randint(1, 10)
        told = {"key": key, "size": size, "unknown": 0, "failed": 0, "found": 0}
        while True:
            try:
                store = store or opened(place)
                started = time.perf_counter()
                told["found"] += append(store, key, size)
                break
            except OutcomeUnknown:
                told["unknown"] += 1
            except (StorageError, Busy):  # not recorded; the server may be away
                told["failed"] += 1
                time.sleep(0.02)
        told["wait"] = time.perf_counter() - started
        os.write(out, json.dumps(told).encode() + b"\n")


class Seen:
    """A view that holds each position as often as it was told."""

    name = "seen"

    def create(self, view: sqlite3.Cursor) -> None:
        view.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER)")

    def apply(
        self, view: sqlite3.Cursor, batch: Sequence[RecordedEvent], log: EventLog
    ) -> None:
        view.executemany("INSERT INTO seen VALUES (?)", [(r.position,) for r in batch])


class _Rows(EventLog):
    """The log, whose rows are not decoded: their bodies are no events."""

    def recorded(self, after: int = 0, *_: Any, **__: Any) -> Iterator[Any]:  # type: ignore[override]
        yield from self.store.rows(after)


def _follow(place: str, view: Path, told: int) -> None:
    os.close(told)  # its end is heard when the last writer has ended
    follower: Any = None
    while True:
        try:
            if follower is None:
                follower = Follower(_Rows(opened(place)), view, Seen())
            if not follower.step(random.choice((1, 7, 100, 1_000))):
                time.sleep(0.001)
        except (StorageError, Busy):
            time.sleep(0.02)


def start(deed: Any, *arguments: Any) -> int:
    child = os.fork()
    if child:
        return child
    code = 9
    try:
        deed(*arguments)
        code = 0
    finally:
        os._exit(code)


@dataclass
class Campaign:
    """Writers and a follower at work on *place*."""

    place: str
    writers: int
    view: Path
    said: list[dict[str, Any]] = field(default_factory=list)
    killed: int = 0

    def __post_init__(self) -> None:
        self._heard, self._told = os.pipe()
        self._stop, self._stopped = os.pipe()
        self._rest = b""
        self._children = [self._writer(n) for n in range(self.writers)]
        self._follower = start(_follow, self.place, self.view, self._told)

    def _writer(self, number: int) -> int:
        name = f"w{number}-{self.killed}"
        return start(_write, self.place, name, self._told, self._stop)

    def kill_one(self, chance: random.Random) -> None:
        """Kill a writer, or the follower, and start another in its place."""
        self.killed += 1
        at = chance.randrange(self.writers + 1)
        child = self._follower if at == self.writers else self._children[at]
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if at == self.writers:
            self._follower = start(_follow, self.place, self.view, self._told)
        else:
            self._children[at] = self._writer(at)

    def listen(self, seconds: float) -> None:
        """Hear what was acknowledged, for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._heard], [], [], left)[0]:
                self._take(os.read(self._heard, 1 << 16))

    def _take(self, some: bytes) -> None:
        *lines, self._rest = (self._rest + some).split(b"\n")
        self.said += [json.loads(line) for line in lines]

    def end(self) -> None:
        """Let the writers finish what they are at; then there is nobody any more."""
        os.write(self._stopped, b"x")
        os.close(self._told)
        while some := os.read(self._heard, 1 << 16):
            self._take(some)
        ended = [os.waitpid(child, 0)[1] for child in self._children]
        self._children = []
        self.close()
        assert not any(ended), f"writers ended with {ended}"

    def close(self) -> None:
        """Leave no process behind, however it went."""
        for child in (*self._children, self._follower):
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        for one in (self._told, self._heard, self._stop, self._stopped):
            with suppress(OSError):
                os.close(one)

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, *_: object) -> None:
        if self._children:
            self.close()


@dataclass(frozen=True)
class Checked:
    """What became of a campaign."""

    positions: int
    acknowledged: int  # batches
    lost: int
    doubled: int
    unheard: int  # batches that are recorded, and nobody was told
    unknown: int  # outcomes that were unknown, and settled by their key
    committed: int  # of those, how many had been committed
    failed: int
    missed: int  # by the follower
    repeated: int  # to the follower
    waits: list[float]  # seconds, in order of length

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.missed or self.repeated)

    def __str__(self) -> str:
        def ms(share: float) -> float:
            return self.waits[int(share * (len(self.waits) - 1))] * 1000

        return (
            f"{self.positions:,} positions, {self.acknowledged:,} batches heard of, "
            f"{self.lost} lost, {self.doubled} doubled, {self.unheard} unheard; "
            f"{self.failed:,} failures, {self.unknown} outcomes unknown and settled "
            f"({self.committed} had been committed); follower: {self.missed} missed, "
            f"{self.repeated} doubled; waits {ms(0.5):.1f} ms median, "
            f"{ms(0.99):.1f} ms 99 %, {ms(1):.1f} ms worst "
            f"({ms(1) / max(ms(0.5), 1e-9):.1f} x the median)"
        )


def check(campaign: Campaign) -> Checked:
    """Whatever was acknowledged is there, once and whole, and was followed once."""
    store = opened(campaign.place)
    rows = list(store.rows())
    last = Follower(_Rows(store), campaign.view, Seen())
    last.catch_up()
    last.close()
    store.close()
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    stamps = [row.recorded_at for row in rows]
    assert stamps == sorted(stamps)
    versions: Counter[str] = Counter()
    batches: dict[str, list[int]] = {}
    for row in rows:
        versions[row.stream] += 1
        assert row.version == versions[row.stream], row
        key, number, size = row.body.decode().rsplit(".", 2)
        batches.setdefault(key, []).append(row.position)
        del number, size
    sizes = {one["key"]: one["size"] for one in campaign.said}
    doubled = 0
    for key, positions in batches.items():
        size = int(rows[positions[0] - 1].body.decode().rsplit(".", 1)[1])
        doubled += len(positions) > size
        assert len(positions) >= size, f"{key} is not whole"
        if len(positions) == size:
            assert positions == list(range(positions[0], positions[0] + size))
    with closing(sqlite3.connect(campaign.view)) as view:
        told, different = view.execute(
            "SELECT COUNT(*), COUNT(DISTINCT position) FROM seen"
        ).fetchone()
    return Checked(
        positions=len(rows),
        acknowledged=len(sizes),
        lost=len(sizes.keys() - batches.keys()),
        doubled=doubled,
        unheard=len(batches.keys() - sizes.keys()),
        unknown=sum(one["unknown"] for one in campaign.said),
        committed=sum(one["found"] for one in campaign.said),
        failed=sum(one["failed"] for one in campaign.said),
        missed=len(rows) - different,
        repeated=told - different,
        waits=sorted(one["wait"] for one in campaign.said),
    )


@contextmanager
def view_file() -> Iterator[Path]:
    """Where a view may be kept."""
    with tempfile.TemporaryDirectory() as folder, suppress(OSError):
        yield Path(folder) / "view.db"
