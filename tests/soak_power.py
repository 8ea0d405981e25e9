"""Cuts of the power, on the real stream of writes: `python tests/soak_power.py COUNT`.

Two writers append to a chronicle, redact, fold the write-ahead log in, close and open
again, while every write, sync and truncation of SQLite is recorded (`recorded_disk`),
and so is what becomes of the head file. A cut at any of these leaves what was synced,
and of the rest any subset of its 512-byte sectors. The chronicle that is left is opened
as any other: all that was acknowledged by then must be in it, and it must be sound.

The test of the test: with `synchronous=NORMAL` acknowledged events are lost, and the
campaign has to say so.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from unittest import mock

from chronicle.domain.events import ReportRedacted
from chronicle.errors import ChronicleError, RolledBack
from chronicle.store import headfile
from chronicle.store.log import EventLog
from chronicle.store.sqlite import recorder
from chronicle.store.sqlite import store as sqlite
from chronicle.store.sqlite.schema import set_pragmas
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify
from log_toys import Clock, control, opening
from recorded_disk import OK, Disk, Op

__all__ = ["SECTOR", "Platter", "campaign", "head_is_put", "history"]

Left = dict[str, bytes | None]  # files by name; None: there is none
SECTOR = 512  # bytes that are written whole or not at all
CUTS_EACH = 1_000  # of one history
ALL_CHECKED = 8  # every so many-th chronicle that is left is verified event by event


class Platter:
    """Files as they are on the disk for sure, and what was done since to each.

    A name keeps its order: where a folder is synced, as SQLite does when it syncs a
    file that it made, all removals before are on the disk.
    """

    def __init__(self) -> None:
        self.sure: dict[str, bytearray | None] = {}  # None: it is not there
        self.since: dict[str, list[Op]] = {}

    def take(self, op: Op) -> None:
        """One more deed."""
        if op.kind != "sync":
            self.since.setdefault(op.name, []).append(op)
        new = any(one.kind == "open" for one in self.since.get(op.name, ()))
        named = op.kind == "head" and op.at == WHOLE | NAMED
        if op.kind == "sync" or named or (op.kind == "gone" and op.at):
            self._settle(op.name)
        if named or (op.kind == "sync" and new) or (op.kind == "gone" and op.at):
            self._settle_names()

    def _settle(self, name: str) -> None:
        self.sure[name] = self._after(name, lambda op, at: True)
        self.since[name] = []

    def _settle_names(self) -> None:
        for name, since in self.since.items():
            gone = [n for n, op in enumerate(since) if op.kind == "gone"]
            if gone:
                self.sure[name], self.since[name] = None, since[gone[-1] + 1 :]

    def _after(self, name: str, keeps: Callable[[Op, int], bool]) -> bytearray | None:
        """The file when of what is not sure some was kept; asked for each sector."""
        found = self.sure.get(name)
        held = None if found is None else bytearray(found)
        for op in self.since.get(name, ()):
            if op.kind == "write":
                held = bytearray() if held is None else held
                end = op.at + len(op.data)
                for start in range(op.at - op.at % SECTOR, end, SECTOR):
                    if keeps(op, start):
                        low, high = max(start, op.at), min(start + SECTOR, end)
                        held.extend(bytes(max(high - len(held), 0)))
                        held[low:high] = op.data[low - op.at : high - op.at]
            elif not keeps(op, 0):
                continue
            elif op.kind == "size":
                held = bytearray() if held is None else held
                held.extend(bytes(max(op.at - len(held), 0)))
                del held[op.at :]
            elif op.kind == "gone":
                held = None
            elif op.kind == "head":
                held = bytearray(op.data)
                if not op.at & WHOLE and not keeps(op, 1):
                    held = bytearray()
            else:
                held = bytearray() if held is None else held
        return held

    def left(self, chance: random.Random) -> Left:
        """The files after a cut now."""
        share = chance.choice((0.0, 0.02, 0.2, 0.5, 0.8, 0.98, 1.0))
        whole = chance.random() < 0.3  # writes are kept or lost, and never torn
        fates: dict[int, bool] = {}

        def keeps(op: Op, at: int) -> bool:
            if whole:
                return fates.setdefault(id(op), chance.random() < share)
            return chance.random() < share

        found: Left = {}
        for name in self.sure.keys() | self.since.keys():
            held = self._after(name, keeps)
            found[name] = None if held is None else bytes(held)
        return found


WHOLE, NAMED = 1, 2  # a head file: its bytes are synced; its folder is, after it


@contextmanager
def head_is_put(take: Callable[[Op], object]) -> Iterator[None]:
    """Tell *take* of each head file that is written, and of what of it was synced."""
    real = headfile.write_head

    def watched(path: Path, text: str) -> None:
        synced: list[int] = []
        sync = os.fsync

        def seen(fd: int) -> None:
            synced.append(os.fstat(fd).st_ino)

        with mock.patch("os.fsync", seen):
            real(path, text)
        assert os.fsync is sync
        done = WHOLE * (path.stat().st_ino in synced)
        # The folder counts where it is synced last, after the file took its name.
        done |= NAMED * (synced[-1:] == [path.parent.stat().st_ino])
        take(Op("head", str(path), done, text.encode()))

    with mock.patch.object(sqlite, "write_head", watched):
        yield


@dataclass
class History:
    """What two writers did, and what they were told, in order; `told` is an Op too."""

    ops: list[Op] = field(default_factory=list)
    base: Platter = field(default_factory=Platter)
    sizes: dict[str, int] = field(default_factory=dict)  # of batches, by their key


def history(seed: int, folder: Path, synchronous: str = "FULL") -> History:
    """Record one; *folder* is empty, and its files are as they would be uncut."""
    chance, clock, made = random.Random(seed), Clock(), History()
    path = folder / "a.chronicle"

    def watch(op: Op) -> int:
        made.ops.append(op)
        return OK

    def pragmas(connection: sqlite3.Connection) -> None:
        set_pragmas(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}").close()

    with ExitStack() as stack:
        stack.enter_context(Disk(folder, watch))
        stack.enter_context(mock.patch.object(sqlite, "CHECKPOINT_BYTES", 100_000))
        stack.enter_context(mock.patch.object(recorder, "set_pragmas", pragmas))
        first = SQLiteStore.create(path, clock)
        stack.enter_context(head_is_put(made.ops.append))
        made.base = _made(path, made.ops)
        writers = [first, SQLiteStore.open(path, clock)]
        _write(chance, clock, path, writers, made)
        for writer in writers:
            writer.close()
    return made


def _made(path: Path, ops: list[Op]) -> Platter:
    """The new chronicle, all of which must be synced before it has its name."""
    making, base = Platter(), Platter()
    for op in ops:
        (making if ".new" in Path(op.name).name else base).take(op)
    ((name, held),) = (one for one in making.sure.items() if one[0].endswith(".new"))
    assert held is not None
    if bytes(held) != path.read_bytes() or making.since[name]:
        raise AssertionError("a new chronicle had its name before it was on the disk")
    ops.clear()
    beside = headfile.head_beside(path)
    base.sure |= {str(path): held, str(beside): bytearray(beside.read_bytes())}
    return base


def _write(
    chance: random.Random,
    clock: Clock,
    path: Path,
    writers: list[SQLiteStore],
    made: History,
) -> None:
    """Fifteen commands or so, by either of the writers."""
    reading = ExitStack()
    EventLog(writers[0]).append(opening())
    for number in range(chance.randint(12, 20)):
        clock.tick(chance.uniform(-5, 60))
        at = chance.randrange(2)
        size = chance.choice((1, 1, 2, 5, 12, 40))
        key = f"b{number}"
        made.sizes[key] = size
        batch = [
            control(f"{key}.{n}", source=f"s{n % 3}.{at}", note="n" * 50 * (n % 9))
            for n in range(size)
        ]
        EventLog(writers[at]).append(batch, key=key)
        made.ops.append(Op("told", key))
        deed = chance.random()
        if deed < 0.1:  # a reader of older rows is in the way of the next checkpoint
            reading.close()
            reading.enter_context(writers[chance.randrange(2)].snapshot())
        elif deed < 0.3:
            reading.close()
        elif deed < 0.4:
            EventLog(writers[at]).append([ReportRedacted(report=f"{key}.0")])
            writers[at].purge()
        elif deed < 0.5:
            reading.close()
            writers[at].close()
            writers[at] = SQLiteStore.open(path, clock)
    reading.close()


def cuts(
    made: History, count: int, chance: random.Random
) -> Iterator[tuple[int, dict[str, bytes | None], list[str]]]:
    """Cuts of a history: where, what is left, which batches were acknowledged."""
    platter, told = made.base, []
    at = 0
    for cut in sorted(chance.randrange(len(made.ops) + 1) for _ in range(count)):
        for op in made.ops[at:cut]:
            if op.kind == "told":
                told.append(op.name)
            else:
                platter.take(op)
        at = cut
        yield cut, platter.left(chance), told


def digest(left: Left) -> bytes:
    """One name for all disks that hold the same."""
    hashed = sha256()
    for name in sorted(left):
        held = left[name]
        hashed.update(f"{name} {-1 if held is None else len(held)}\n".encode())
        hashed.update(held or b"")
    return hashed.digest()


def lay(left: Left, place: Path) -> None:
    """Put the files that are left into *place*, where nothing of others stays."""
    for old in place.iterdir():
        old.unlink()
    for name, held in left.items():
        if held is not None:
            (place / Path(name).name).write_bytes(held)


def found_in(place: Path, *, whole: bool) -> list[str] | str:
    """The ids of the reports in the chronicle in *place*, or what is wrong with it.

    With *whole* it is verified event by event, and written to.
    """
    try:
        store = SQLiteStore.open(place / "a.chronicle")
    except ChronicleError as broken:
        return f"unreadable: {type(broken).__name__}: {broken}"
    try:
        if isinstance(store.finding, RolledBack):
            return f"told: {store.finding}"
        if store.finding is not None:
            return f"unsound: {store.finding}"
        found = [report or "" for report, _ in store.labels()]
        if whole:
            list(store.rows())
            verify(store.sealed())
            store.sealed().check_structure()
            EventLog(store).append([*opening(), control("after")])
        return found
    except ChronicleError as broken:
        return f"unsound: {type(broken).__name__}: {broken}"
    finally:
        store.close()


def what_is_wrong(
    found: list[str] | str, told: Iterable[str], sizes: dict[str, int]
) -> str:
    """What was lost of the batches that were *told*, or is amiss; empty for nothing."""
    if isinstance(found, str):
        return found
    there: set[str] = set()
    for key, some in groupby(found, lambda report: report.split(".")[0]):
        if key in sizes:
            if key in there or len(list(some)) != sizes[key]:
                return f"unsound: batch {key} is not whole, or doubled"
            there.add(key)
    lost = [key for key in told if key not in there]
    return f"lost: {lost}" if lost else ""


def campaign(count: int, seed: int, synchronous: str = "FULL") -> Counter[str]:
    """So many cuts; how many ended `well`, `lost` acknowledged batches, or worse."""
    chance = random.Random(seed)
    ended: Counter[str] = Counter()
    fast = Path("/dev/shm")
    base = fast if fast.is_dir() and os.access(fast, os.W_OK) else None
    while count > 0:
        now = min(count, CUTS_EACH)
        with tempfile.TemporaryDirectory(dir=base) as written:
            made = history(seed, Path(written), synchronous)
        with tempfile.TemporaryDirectory(dir=base) as place:
            looked_at: dict[bytes, list[str] | str] = {}
            for cut, left, told in cuts(made, now, chance):
                name = digest(left)
                if name not in looked_at:
                    lay(left, Path(place))
                    whole = len(looked_at) % ALL_CHECKED == 0
                    looked_at[name] = found_in(Path(place), whole=whole)
                    ended["disks"] += 1
                wrong = what_is_wrong(looked_at[name], told, made.sizes)
                how = wrong.partition(":")[0] or "well"
                ended[how] += 1
                if how != "well" and ended[how] <= 3 and synchronous == "FULL":
                    sys.stderr.write(f"history {seed}, cut {cut}: {wrong}\n")
        count, seed = count - now, seed + 1
    return ended


def main(count: int, seed: int) -> None:
    """Cut with FULL, and less often with NORMAL; prints the counts."""
    for synchronous, some in (("FULL", count), ("NORMAL", max(count // 20, 100))):
        started = time.perf_counter()
        ended = campaign(some, seed, synchronous)
        sys.stdout.write(
            f"synchronous={synchronous}, seed {seed}: {some:,} cuts "
            f"({ended['disks']:,} different disks), "
            f"{ended['lost'] + ended['told']:,} lost acknowledged batches "
            f"({ended['told']:,} of them are told of when it is opened), "
            f"{ended['unsound']:,} unsound, {ended['unreadable']:,} unreadable, "
            f"{ended['well']:,} well, "
            f"{time.perf_counter() - started:.0f} s\n"
        )
        sys.stdout.flush()
        if synchronous == "FULL" and ended["well"] != some:
            raise AssertionError("something that was acknowledged is lost")
        if synchronous == "NORMAL" and not ended["lost"] + ended["told"]:
            raise AssertionError("the campaign does not notice what NORMAL loses")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
