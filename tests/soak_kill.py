"""Writers killed in mid-append, again and again: `python tests/soak_kill.py COUNT`.

Two writers at a time append batches to one chronicle and tell of each that was
acknowledged; both are killed with SIGKILL at a moment drawn from the seed. Whatever was
acknowledged must be there, each batch whole, positions and versions without a gap.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from itertools import groupby
from pathlib import Path

from chronicle.store.log import EventLog
from chronicle.store.sqlite import store as sqlite
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening

WRITERS = 2


def write_for_ever(path: Path, name: str, out: int) -> None:
    """Append batches of 1 to 20 reports; tell of each when it was acknowledged."""
    sqlite.CHECKPOINT_BYTES = 100_000  # so that some die in the midst of one
    chance = random.Random(name)
    log = EventLog(SQLiteStore.open(path))
    for number in range(1_000_000):
        size = chance.randint(1, 20)
        batch = [
            control(f"{name}.{number}.{n}.{size}", source=name) for n in range(size)
        ]
        log.append(batch, key=f"{name}.{number}")
        os.write(out, f"{name}.{number}\n".encode())


def killed_writers(path: Path, round_: int, chance: random.Random) -> set[str]:
    """Start the writers, kill them; the batches that they were told are recorded."""
    heard, told = os.pipe()
    children = []
    for writer in range(WRITERS):
        child = os.fork()
        if child == 0:
            try:
                write_for_ever(path, f"w{round_}-{writer}", told)
            finally:
                os._exit(9)  # it does not get here alive
        children.append(child)
    os.close(told)
    said = bytearray()
    until = time.monotonic() + 20
    while not said and time.monotonic() < until:  # at least one, so that it ran
        if select.select([heard], [], [], 0.1)[0]:
            said += os.read(heard, 1 << 16)
    time.sleep(chance.random() * 0.04)
    for child in children:
        os.kill(child, signal.SIGKILL)
    for child in children:
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            raise AssertionError(f"a writer ended by itself, with {status}")
    while some := os.read(heard, 1 << 16):
        said += some
    os.close(heard)
    return set(said.decode().split())


def check_since(path: Path, before: int, acknowledged: set[str]) -> tuple[int, int]:
    """The last position, and how many batches are recorded that nobody heard of."""
    store = SQLiteStore.open(path)
    rows = list(store.rows(before))
    store.close()
    if [row.position for row in rows] != list(
        range(before + 1, before + 1 + len(rows))
    ):
        raise AssertionError("positions have gaps")
    found = set()
    for batch, members in groupby(
        rows, key=lambda r: (r.report or "").rsplit(".", 2)[0]
    ):
        parts = [(row.report or "").rsplit(".", 2)[1:] for row in members]
        if [n for n, _ in parts] != [str(n) for n in range(int(parts[0][1]))]:
            raise AssertionError(f"batch {batch} is not whole")
        if batch in found:
            raise AssertionError(f"batch {batch} is doubled")
        found.add(batch)
    if lost := acknowledged - found:
        raise AssertionError(f"acknowledged and lost: {sorted(lost)}")
    return before + len(rows), len(found - acknowledged)


def check_whole(path: Path) -> int:
    """Read all of it in each way; the number of events."""
    with closing(sqlite3.connect(path)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    store = SQLiteStore.open(path)
    versions: dict[str, int] = {}
    for row in store.rows():
        versions[row.stream] = versions.get(row.stream, 0) + 1
        if row.version != versions[row.stream]:
            raise AssertionError(f"{row.stream} has a gap before {row.version}")
    count = sum(1 for _ in EventLog(store).recorded())
    if said != "ok" or count != store.head() or not count:
        raise AssertionError(f"{said}; {count} events of {store.head()}")
    store.close()
    return count


def main(rounds: int, seed: int) -> None:
    """Kill *rounds* times; prints the counts."""
    chance = random.Random(seed)
    started = time.perf_counter()
    acknowledged = unheard = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.chronicle"
        store = SQLiteStore.create(path)
        EventLog(store).append(opening())
        head = store.head()
        store.close()
        for round_ in range(rounds):
            heard = killed_writers(path, round_, chance)
            acknowledged += len(heard)
            head, more = check_since(path, head, heard)
            unheard += more
        count = check_whole(path)
    sys.stdout.write(
        f"seed {seed}: {rounds:,} rounds, {rounds * WRITERS:,} writers killed, "
        f"{acknowledged:,} batches acknowledged, 0 lost, 0 doubled, {unheard:,} "
        f"recorded whole though nobody heard, {count:,} events without a gap, "
        f"{time.perf_counter() - started:.0f} s\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
