"""Threads that open one chronicle again and again, beside processes that are killed.

`python tests/soak_opens.py ACKNOWLEDGED [SEED]`: half of the threads keep theirs open,
half open it for each batch; processes come, append and go, and some are killed.
Whatever was acknowledged to any of them must be there, at the position that was said.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from chronicle.errors import ChronicleError
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control, opening

THREADS, PROCESSES = 4, 2
CHUNK = 10_000  # acknowledged a round, after which all is compared


def batch(name: str, number: int, chance: random.Random) -> list[object]:
    note = "n" * chance.choice((1, 1, 3_000))
    size = chance.choice((1, 5, 40))
    return [
        control(f"{name}.{number}.{n}", source=name, note=note) for n in range(size)
    ]


def process(path: Path, name: str) -> None:
    """Open, append, close; tell what was acknowledged: `batch position count`."""
    chance = random.Random(name)
    for number in range(1 << 30):
        store = SQLiteStore.open(path, lock_timeout=60)
        at = EventLog(store).append(batch(name, number, chance))
        os.write(1, f"{name}.{number} {at[0]} {len(at)}\n".encode())
        store.close()


def thread(
    path: Path,
    name: str,
    keep: bool,
    acks: dict[str, tuple[int, int]],
    errors: Counter[str],
    stop: threading.Event,
) -> None:
    chance, store = random.Random(name), None
    for number in range(1 << 30):
        if stop.is_set():
            break
        try:
            if store is None:
                store = SQLiteStore.open(path, lock_timeout=60)
            at = EventLog(store).append(batch(name, number, chance))
            acks[f"{name}.{number}"] = at[0], len(at)
        except ChronicleError as error:
            errors[f"{type(error).__name__}: {str(error)[-60:]}"] += 1
        if not keep and store is not None:
            store.close()
            store = None
    if store is not None:
        store.close()


def round_of(
    path: Path, round_: int, wanted: int, chance: random.Random, errors: Counter[str]
) -> tuple[dict[str, tuple[int, int]], int]:
    """What was acknowledged, and how many processes were killed."""
    heard, told = os.pipe()
    said = bytearray()
    acks: list[dict[str, tuple[int, int]]] = [{} for _ in range(THREADS)]
    stop = threading.Event()

    def listen() -> None:
        while some := os.read(heard, 1 << 16):
            said.extend(some)

    def start(number: int) -> subprocess.Popen[bytes]:
        # Not forked: this process has threads, which may hold SQLite's own mutexes.
        words = [sys.executable, __file__, "process", path, f"p{round_}-{number}"]
        return subprocess.Popen(words, stdout=told)

    children = [start(n) for n in range(PROCESSES)]
    listener = threading.Thread(target=listen)
    threads = [
        threading.Thread(
            target=thread,
            args=(path, f"t{round_}-{n}", n % 2 == 0, acks[n], errors, stop),
        )
        for n in range(THREADS)
    ]
    for one in (listener, *threads):
        one.start()
    killed = 0

    def acknowledged() -> int:
        counts = [size for one in acks for _, size in list(one.values())]
        lines = bytes(said).split(b"\n")[:-1]
        return sum(counts) + sum(int(line.split()[2]) for line in lines)

    while acknowledged() < wanted:
        time.sleep(chance.random())
        if said.count(f"p{round_}-".encode()) > killed:  # some got as far as that
            children[0].kill()
            children.pop(0).wait()
            killed += 1
            children.append(start(PROCESSES + killed))
    stop.set()
    for child in children:
        child.kill()
        child.wait()
        killed += 1
    for one in threads:
        one.join()
    os.close(told)
    listener.join()
    os.close(heard)
    found = {key: value for one in acks for key, value in one.items()}
    for line in said.decode().splitlines():
        name, at, size = line.split()
        found[name] = int(at), int(size)
    return found, killed


def lost_of(path: Path, acks: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """How many acknowledged events are not where it was said, and the head."""
    store = SQLiteStore.open(path)
    have = {row.report: row.position for row in store.rows()}
    head = store.head()
    store.close()
    lost = sum(
        have.get(f"{name}.{n}") != at + n
        for name, (at, size) in acks.items()
        for n in range(size)
    )
    return lost, head


def main(wanted: int, seed: int) -> None:
    """Go on until *wanted* were acknowledged; prints the counts."""
    chance, errors = random.Random(seed), Counter[str]()
    started = time.perf_counter()
    acknowledged = lost = killed = round_ = events = 0
    unsound: list[str] = []
    while acknowledged < wanted:  # each round has a file of its own
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.chronicle"
            store = SQLiteStore.create(path)
            EventLog(store).append(opening())
            store.close()
            some = min(CHUNK, wanted - acknowledged)
            acks, more = round_of(path, round_, some, chance, errors)
            missing, head = lost_of(path, acks)
            with closing(sqlite3.connect(path)) as connection:
                said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        unsound += [said] if said != "ok" else []
        acknowledged += sum(size for _, size in acks.values())
        lost, killed, events = lost + missing, killed + more, events + head
        round_ += 1
    sys.stdout.write(
        f"seed {seed}: {acknowledged:,} acknowledged, {lost:,} lost, {killed:,} "
        f"processes killed, {sum(errors.values()):,} errors, {len(unsound)} files "
        f"unsound, {events:,} events, {time.perf_counter() - started:.0f} s\n"
    )
    if lost or errors or unsound:
        raise AssertionError(f"{lost} lost, {errors.most_common(5)}, {unsound[:3]}")


if __name__ == "__main__":
    if sys.argv[1] == "process":
        process(Path(sys.argv[2]), sys.argv[3])
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
