"""A machine under a chronicle: its disk, whose power and processes end at any write.

One process of Python plays all processes of the machine. Whoever acts is named in
`acting`; a process that was killed is in `dead`, and nothing that is still done in its
name reaches the disk. When the power is cut (`dark`), nothing does.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from chronicle.store import headfile
from chronicle.store.sqlite import store as sqlite
from recorded_disk import FSYNC, FULL, OK, READ_ONLY, WRITE, Disk, Op
from soak_power import NAMED, WHOLE, Left, Platter

__all__ = ["Died", "Machine"]

SIDES = ("-shm",)  # shared memory: gone with the power


class Died(BaseException):
    """The process that acts was killed, or the power is gone. No error of ours."""


@dataclass
class Fuse:
    """An end that comes after so many more deeds on the disk."""

    left: int
    of: str  # the process; empty: all of them, the power is cut


@dataclass
class Fault:
    """A disk that refuses: so many times, with that code, deeds of that kind."""

    kind: str
    code: int
    times: int


FAULTS = (
    ("write", FULL, 1),
    ("write", FULL, 30),
    ("write", WRITE, 1),
    ("write", READ_ONLY, 4),
    ("sync", FSYNC, 1),
    ("sync", FSYNC, 3),
    ("size", WRITE, 1),
    ("head", FULL, 1),
)


class Machine:
    """Files in *folder*, under SQLite, for as long as `running` lasts."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self.chance = chance
        self.platter = Platter()
        self.acting = ""
        self.dead: set[str] = set()
        self.dark = False
        self.fuse: Fuse | None = None
        self.faults: list[Fault] = []
        self.behind: set[Path] = set()  # heads that were not put where they belong
        self._left: Left = {}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Look at the files as they are, which are on the disk for sure; then watch."""
        for path in self.folder.iterdir():
            self.platter.sure[str(path)] = bytearray(path.read_bytes())
        numbers = random.Random(self.chance.random())
        write = mock.patch.object(sqlite, "write_head", self._head)
        sync = mock.patch.object(sqlite, "sync_file", self._sync)
        with Disk(self.folder, self._hears, numbers.randbytes), write, sync:
            yield

    @contextmanager
    def as_(self, name: str) -> Iterator[None]:
        """Act as that process; raises `Died` where it did not live to the end."""
        before, self.acting = self.acting, name
        try:
            yield
        except Exception:
            if not self.is_over(name):
                raise
        finally:
            self.acting = before
        if self.is_over(name):  # whatever it was told, nobody hears of it
            raise Died

    def is_over(self, name: str) -> bool:
        return self.dark or name in self.dead

    def fail(self) -> str:
        """Let the disk refuse something soon; what."""
        fault = Fault(*self.chance.choice(FAULTS))
        self.faults.append(fault)
        if fault.kind == "sync" and self.chance.random() < 0.5:  # it does not live long
            self.fuse = Fuse(int(self.chance.expovariate(1 / 40)), "")
        return f"{fault.kind} {fault.code} x{fault.times}"

    def _hears(self, op: Op) -> int:
        if self.is_over(self.acting):
            return WRITE
        if self.fuse is not None and self.fuse.of in ("", self.acting):
            self.fuse.left -= 1
            if self.fuse.left < 0:
                self._burn(self.fuse, op)
                return WRITE
        for fault in self.faults:
            if fault.kind == op.kind:
                fault.times -= 1
                self.faults = [one for one in self.faults if one.times > 0]
                return fault.code
        self.platter.take(op)
        return OK

    def _burn(self, fuse: Fuse, op: Op) -> None:
        self.fuse = None
        if fuse.of:
            self.dead.add(fuse.of)
            return
        if op.kind != "sync":  # it was on its way
            self.platter.take(op)
        self.cut()

    def cut(self) -> None:
        """Cut the power, now."""
        self._left, self.dark, self.fuse = self.platter.left(self.chance), True, None

    def restart(self) -> None:
        """The power is back: the files are what was left of them. All are closed."""
        for path in self.folder.iterdir():
            if str(path) in self._left or path.name.endswith(SIDES):
                path.unlink()
        for name, held in self._left.items():
            if held is not None:
                Path(name).write_bytes(held)
        self.platter = Platter()
        self.platter.sure = {
            name: None if held is None else bytearray(held)
            for name, held in self._left.items()
        }
        self.dark, self.faults = False, []
        self.dead.clear()

    def _sync(self, path: Path) -> None:
        """A file that Python syncs, and not SQLite."""
        if path.exists() and path.stat().st_size and self._hears(Op("sync", str(path))):
            raise OSError(5, "Input/output error")

    def _head(self, path: Path, text: str) -> None:
        """A head file, written by Python and not by SQLite.

        That it is synced is what `soak_power.head_is_put` looks at.
        """
        code = self._hears(Op("head", str(path), WHOLE | NAMED, text.encode()))
        self.behind.add(path)
        if self.is_over(self.acting):
            raise Died
        if code:
            raise OSError(28, "No space left on device")
        with mock.patch("os.fsync"):
            headfile.write_head(path, text)
        self.behind.discard(path)
