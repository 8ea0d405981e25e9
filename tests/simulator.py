"""The Chronicle simulator: one seed, one history of a machine and all that fails on it.

    python tests/simulator.py SEED           run it; prints how it ended
    python tests/simulator.py SEED --tell    and each deed
    python tests/simulator.py FILE           a failing history, as it was kept: again

SimPy tells who acts when: writers, followers, somebody who merges another record in and
makes backups. Processes are killed and the power is cut at any write of SQLite's, or
between two; the disk is full or breaks; the clock jumps forth and back. All act on the
real store; what is in it is held against a model (`simulated_record`).
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import simpy

from chronicle.errors import ChronicleError
from chronicle.store.log import EventLog
from chronicle.store.sqlite import store as sqlite
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify
from log_toys import START, opening
from simulated_cast import Actor, Keeper, Viewer, Writer, told
from simulated_machine import Fuse, Machine
from simulated_record import Record, Violation

__all__ = ["Ended", "simulate"]

LENGTH = 18.0  # of a history, in its own seconds
Turn = Generator[Any, Any, None]


class Ended(NamedTuple):
    """How a history ended."""

    seed: int
    digest: str  # of all that was done and recorded
    counts: dict[str, int]
    violation: str  # empty: none
    told: list[str]


class World:
    """A machine with two chronicles, and those who use them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.env = simpy.Environment()
        self.jump = timedelta()
        self.aside = folder / "aside"  # nothing of it is lost
        live = folder / "live"
        for one in (live, self.aside):
            one.mkdir()
        self.path, self.other_path = live / "a.chronicle", live / "b.chronicle"
        self.view = live / "view.db"
        for path in (self.path, self.other_path):
            store = SQLiteStore.create(path, self.clock, f"identity-of-{path.stem}")
            EventLog(store).append(opening())
            store.close()
        self.machine = Machine(live, self.chance)
        self.record, self.other = Record("a"), Record("b")
        self.record.other = self.other
        self.told: list[str] = []
        self.counts: dict[str, int] = {}
        self.stale: bytes | None = None  # an older copy of the file alone
        self.cast: list[Actor] = []

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.env.now) + self.jump

    def viewers(self) -> list[Viewer]:
        return [actor for actor in self.cast if isinstance(actor, Viewer)]

    def tell(self, who: str, what: str) -> None:
        self.told.append(f"{self.env.now:7.3f} {who}: {what}")
        word = what.split(" ")[0].rstrip(":")
        self.counts[word] = self.counts.get(word, 0) + 1

    def run(self) -> None:
        """All of the history; raises `Violation`."""
        chance = self.chance
        self.cast = [
            *(Writer(self, f"w{n}", self.path) for n in range(chance.randint(1, 3))),
            Writer(self, "other", self.other_path),
            *(Viewer(self, f"f{n}") for n in range(chance.randint(1, 3))),
            Keeper(self, "keeper"),
        ]
        with self.machine.running():
            try:
                for actor in self.cast:
                    self.env.process(actor.live())
                self.env.process(self.fate())
                self.env.run(until=LENGTH)
                self.end()
            finally:
                self.machine.dark = True  # whatever closes now writes nothing
                for actor in self.cast:
                    actor.leave()

    def fate(self) -> Turn:
        """What happens to the machine."""
        chance, machine = self.chance, self.machine
        while True:
            yield self.env.timeout(chance.expovariate(1 / 3))
            deed = chance.random()
            if deed < 0.2:
                self.power_cut()
            elif deed < 0.4:
                machine.fuse = self._fuse("")
            elif deed < 0.55:
                machine.fuse = self._fuse(chance.choice(self.cast).name)
            elif deed < 0.65:
                chance.choice(self.cast).kill()
            elif deed < 0.85:
                self.tell("disk", f"fails: {machine.fail()}")
            elif deed < 0.95:
                self.jump += timedelta(seconds=chance.choice((-86_400, -5, 0.5, 9e6)))
                self.tell("clock", f"jumps to {self.jump}")
            else:
                self.stale = self.path.read_bytes()

    def _fuse(self, who: str) -> Fuse:
        left = int(self.chance.expovariate(1 / 30))
        self.tell("fate", f"fuse: {who or 'power'} ends after {left}")
        return Fuse(left, who)

    def power_cut(self) -> None:
        """All processes end, and what was not synced is anybody's guess."""
        if not self.machine.dark:
            self.machine.cut()
        self.tell("power", "cut")
        for actor in self.cast:
            actor.leave()
        self.machine.restart()
        self.look(whole=False)

    def look(self, *, whole: bool) -> None:
        """Somebody looks at both chronicles, with a process of his own."""
        self.machine.faults.clear()
        fuse, self.machine.fuse = self.machine.fuse, None
        # The other one first: what was merged is held against it.
        for path, record in (
            (self.other_path, self.other),
            (self.path, self.record),
        ):
            store = SQLiteStore.open(path, self.clock)
            try:
                record.look(store, whole=whole)
            finally:
                store.close()
        self.machine.fuse = fuse

    def end(self) -> None:
        """Followers catch up; then all is looked at, and then it is damaged."""
        self.machine.fuse = None
        self.machine.faults.clear()
        for actor in self.cast:
            actor.finish()
            actor.leave()
        self.look(whole=True)
        self.look_at_view()
        self.told.append(f"a {self.record.digest()} b {self.other.digest()}")
        if self.chance.random() < 0.4:
            self.tamper()

    def look_at_view(self) -> None:
        if not self.view.exists():
            return
        with closing(sqlite3.connect(self.view)) as view:
            told = view.execute("SELECT position, tag FROM seen").fetchall()
        wanted = list(enumerate(self.record.tags, 1))
        if [position for position, _ in told] != [at for at, _ in wanted]:
            raise Violation(f"the view of {len(wanted)} events has {told}")
        for (at, tag), (_, now) in zip(told, wanted, strict=True):
            if tag != now:
                raise Violation(f"the view was told {tag!r} at {at}, and it is {now!r}")

    def tamper(self) -> None:
        """An older copy is put back, or a byte is changed: it must not go unseen."""
        if self.stale is not None and len(self.stale) and self.chance.random() < 0.6:
            self.path.write_bytes(self.stale)
            what = "an older copy"
        else:
            held = bytearray(self.path.read_bytes())
            at = self.chance.randrange(len(held))
            held[at] ^= 1 << self.chance.randrange(8)
            self.path.write_bytes(held)
            what = f"a bit of byte {at}"
        seen = ""
        try:
            store = SQLiteStore.open(self.path, self.clock)
            try:
                if store.finding is not None:
                    raise store.finding
                verify(store.sealed(), list(self.record.heads.values()))
                self.record.look(store, whole=True)
            finally:
                store.close()
        except Violation as missed:
            raise Violation(f"{what} goes unseen: {missed}") from None
        except ChronicleError as found:
            seen = type(found).__name__
        self.tell("tampering", f"tampered: {what}: {bool(seen)}")


def simulate(seed: int) -> Ended:
    """One history; what is wrong is in its `violation`."""
    fast = Path("/dev/shm")
    base = fast if fast.is_dir() and os.access(fast, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder, ExitStack() as stack:
        stack.enter_context(mock.patch.object(sqlite, "CHECKPOINT_BYTES", 60_000))
        world = World(seed, Path(folder))
        violation = ""
        try:
            world.run()
        except Violation as broken:
            violation = str(broken)
        except Exception as broken:  # a fault, wherever it is
            violation = told(broken)
    digest = sha256("\n".join(world.told).encode()).hexdigest()[:16]
    return Ended(seed, digest, world.counts, violation, world.told)


def keep(ended: Ended, folder: Path) -> Path:
    """A file of a failing history, with which it is played again."""
    path = folder / f"failed-{ended.seed}.txt"
    lines = (f"seed {ended.seed}", f"violation {ended.violation}", *ended.told)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def main(words: Sequence[str]) -> int:
    """Play a seed, or a history that was kept; 1 where something is violated."""
    os.environ.setdefault("CHRONICLE_CONFIG", tempfile.mkdtemp())
    kept = Path(words[0])
    seed = kept.read_text().split()[1] if kept.is_file() else words[0]
    ended = simulate(int(seed))
    if "--tell" in words or kept.is_file():
        sys.stdout.write("\n".join(ended.told) + "\n")
    sys.stdout.write(f"seed {ended.seed}: digest {ended.digest}, {ended.counts}\n")
    if ended.violation:
        sys.stdout.write(f"VIOLATION: {ended.violation}\n")
        if not kept.is_file():
            sys.stdout.write(f"kept as {keep(ended, Path.cwd())}\n")
    return bool(ended.violation)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
