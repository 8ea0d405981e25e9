"""Followers in pairs on one view, killed again and again: nothing doubled or missed.

`python tests/soak_followers.py POSITIONS [SEED]`: a writer appends so many events; two
processes follow the log into one view, in batches of all sizes, and are killed.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from chronicle.domain.timeline import RecordedEvent
from chronicle.store.log import EventLog
from chronicle.store.projections import Follower
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening

PAIR = 2


class Seen:
    """A view that holds each position as often as it was told."""

    name = "seen"

    def create(self, view: sqlite3.Cursor) -> None:
        view.execute("CREATE TABLE IF NOT EXISTS seen (position INTEGER)")

    def apply(
        self, view: sqlite3.Cursor, batch: Sequence[RecordedEvent], log: EventLog
    ) -> None:
        view.executemany("INSERT INTO seen VALUES (?)", [(r.position,) for r in batch])


def follow(path: Path, view: Path, name: str) -> None:
    chance = random.Random(name)
    follower = Follower(EventLog(SQLiteStore.open(path)), view, Seen())
    while True:
        if not follower.step(chance.choice((1, 7, 100, 1_000))):
            time.sleep(0.002)


def write(path: Path, positions: int) -> None:
    store = SQLiteStore.open(path)
    log = EventLog(store)
    for first in range(0, positions, 500):
        last = min(first + 500, positions)
        log.append([control(f"r{n}", source=f"s{n % 7}") for n in range(first, last)])
    store.close()


def start(deed: object, *args: object) -> int:
    child = os.fork()
    if child == 0:
        code = 9
        try:
            deed(*args)  # type: ignore[operator]
            code = 0
        finally:
            os._exit(code)
    return child


def main(positions: int, seed: int) -> None:
    """Follow so many positions in pairs; prints the counts."""
    chance, started = random.Random(seed), time.perf_counter()
    killed = died = 0
    with tempfile.TemporaryDirectory() as folder:
        path, view = Path(folder) / "a.chronicle", Path(folder) / "view.db"
        store = SQLiteStore.create(path)
        EventLog(store).append(opening())
        store.close()
        writer = start(write, path, positions)
        followers = [start(follow, path, view, f"f{n}") for n in range(PAIR)]
        while not os.waitpid(writer, os.WNOHANG)[0]:
            time.sleep(chance.random() * 0.4)
            at = chance.randrange(PAIR)
            os.kill(followers[at], signal.SIGKILL)
            died += not os.WIFSIGNALED(os.waitpid(followers[at], 0)[1])
            killed += 1
            followers[at] = start(follow, path, view, f"f{PAIR + killed}")
        log = EventLog(SQLiteStore.open(path))
        last = Follower(log, view, Seen())
        head = last.catch_up()
        for child in followers:
            os.kill(child, signal.SIGKILL)
            died += not os.WIFSIGNALED(os.waitpid(child, 0)[1])
        last.close()
        with closing(sqlite3.connect(view)) as connection:
            told, different = connection.execute(
                "SELECT COUNT(*), COUNT(DISTINCT position) FROM seen"
            ).fetchone()
        missed = log.store.head() - different
        log.store.close()
    sys.stdout.write(
        f"seed {seed}: {head:,} positions followed in pairs, {killed:,} followers "
        f"killed, {told - different:,} doubled, {missed:,} missed, {died:,} died of "
        f"errors, {time.perf_counter() - started:.0f} s\n"
    )
    if told != different or missed or died:
        raise AssertionError(
            f"{told - different} doubled, {missed} missed, {died} died"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
