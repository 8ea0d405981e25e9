"""What SQLite writes to the disk in this process: seen, refused, and lost on demand.

A `Disk` is a VFS of SQLite (sqlite.org/vfs.html) around the one of the system, made by
ctypes for the very library that `sqlite3` uses. It sees each write, sync, truncation
and removal, in their order; it tells a *watcher*, which may refuse them. Locks, reads
and shared memory are left to the system.

Nothing else here needs a compiler, root or another build of SQLite: strace and an
LD_PRELOAD library need the first two, and a binding with a VFS of its own the third.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

__all__ = ["FSYNC", "FULL", "OK", "READ_ONLY", "WRITE", "Disk", "Op"]

OK, READ_ONLY, FULL, CANNOT_OPEN = 0, 8, 13, 14  # what a deed on a file ends with
WRITE, FSYNC = 10 | 3 << 8, 10 | 4 << 8  # input/output errors
WAL = 0x80000  # the flag with which a write-ahead log is opened


class Op(NamedTuple):
    """One deed on a file: `write` (*data* at a byte), `size` (it is now so many bytes
    long), `sync`, `gone` (*at* 1: and its folder is synced), or `open` of one that was
    not there."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""


Watcher = Callable[[Op], int]
"""Told of each deed before it is done. Anything but `OK` is its outcome instead."""

_WriteF = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TruncateF = CFUNCTYPE(c_int, c_void_p, c_int64)
_SyncF = CFUNCTYPE(c_int, c_void_p, c_int)
_CloseF = CFUNCTYPE(c_int, c_void_p)
_OpenF = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_DeleteF = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_RandomF = CFUNCTYPE(c_int, c_void_p, c_int, c_void_p)


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`."""

    _fields_ = [
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", c_void_p),
        ("truncate", c_void_p),
        ("sync", c_void_p),
        ("rest", c_void_p * 13),  # size, locks, control, shared memory, maps
    ]


class _File(ctypes.Structure):
    """`sqlite3_file`; what the system keeps of it comes after."""

    _fields_ = [("methods", POINTER(_Methods))]


class _VFS(ctypes.Structure):
    """`sqlite3_vfs`."""

    _fields_ = [
        ("version", c_int),
        ("file_bytes", c_int),
        ("path_bytes", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        ("access_to_dl", c_void_p * 6),
        ("random", c_void_p),
        ("rest", c_void_p * 7),  # sleep, time, errors, system calls
    ]


def _address(function: object) -> int:
    return ctypes.cast(function, c_void_p).value or 0  # type: ignore[arg-type]


class Disk:
    """The disk under SQLite, as long as the context lasts; one at a time.

    *watch* hears of the files in *folder* alone. With *chance*, SQLite's own random
    numbers (the salts of a write-ahead log) come from there.
    """

    def __init__(
        self,
        folder: Path,
        watch: Watcher,
        chance: Callable[[int], bytes] | None = None,
    ) -> None:
        self._folder = str(folder.resolve())
        self._watch = watch
        self._chance = chance
        self._open: dict[int, str] = {}  # names by the address of the file
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}  # theirs, and ours
        self._theirs: dict[int, _Methods] = {}  # by the address of the file
        self.broken: list[BaseException] = []  # what a watcher raised
        self._library = ctypes.CDLL(_sqlite3.__file__)  # and what it is linked with
        self._library.sqlite3_vfs_find.restype = POINTER(_VFS)
        self._library.sqlite3_vfs_find.argtypes = [c_char_p]
        self._library.sqlite3_vfs_register.argtypes = [POINTER(_VFS), c_int]
        self._library.sqlite3_vfs_unregister.argtypes = [POINTER(_VFS)]
        self._callbacks = {
            "open": _OpenF(self._on_open),
            "delete": _DeleteF(self._on_delete),
            "random": _RandomF(self._on_random),
            "write": _WriteF(self._on_write),
            "truncate": _TruncateF(self._on_truncate),
            "sync": _SyncF(self._on_sync),
            "close": _CloseF(self._on_close),
        }

    def __enter__(self) -> Disk:
        system = self._library.sqlite3_vfs_find(None).contents
        self._system = system
        self._system_open = _OpenF(system.open)
        self._system_delete = _DeleteF(system.delete)
        self._system_random = _RandomF(system.random)
        self._ours = _VFS()
        ctypes.memmove(
            ctypes.byref(self._ours), ctypes.byref(system), ctypes.sizeof(_VFS)
        )
        self._ours.name = b"recorded-disk"
        for name in ("open", "delete", "random"):
            setattr(self._ours, name, _address(self._callbacks[name]))
        if self._library.sqlite3_vfs_register(ctypes.byref(self._ours), 1):
            raise AssertionError("SQLite takes no VFS")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._ours))
        if self._open:
            # Their methods are ours, and are about to be let go of.
            raise AssertionError(
                f"still open: {sorted(self._open.values())}"
            ) from error
        if self.broken:
            raise self.broken[0]

    def _hears(self, op: Op) -> int:
        try:
            return self._watch(op)
        except BaseException as broken:  # nothing may pass through C
            self.broken.append(broken)
            return WRITE

    def _on_random(self, vfs: int, count: int, to: int) -> int:
        if self._chance is None:
            return int(self._system_random(vfs, count, to))
        ctypes.memmove(to, self._chance(count), count)
        return count

    def _on_open(self, vfs: int, name: int, file: int, flags: int, out: object) -> int:
        told = ctypes.string_at(name).decode() if name else ""
        ours = told.startswith(self._folder)
        if ours and not Path(told).exists():
            refused = self._hears(Op("open", told))
            if refused:
                _File.from_address(file).methods = POINTER(_Methods)()
                return refused
        ended = int(self._system_open(vfs, name, file, flags, out))
        opened = _File.from_address(file)
        if ended == OK and ours and opened.methods:
            address = ctypes.addressof(opened.methods.contents)
            if address not in self._methods:
                self._methods[address] = (
                    opened.methods.contents,
                    self._changed(address),
                )
            self._theirs[file], changed = self._methods[address]
            self._open[file] = told
            opened.methods = ctypes.pointer(changed)
        return ended

    def _changed(self, address: int) -> _Methods:
        """The methods of a file, with those that write replaced by ours."""
        made = _Methods()
        ctypes.memmove(ctypes.byref(made), address, ctypes.sizeof(_Methods))
        for name in ("write", "truncate", "sync", "close"):
            setattr(made, name, _address(self._callbacks[name]))
        return made

    def _on_write(self, file: int, data: int, count: int, at: int) -> int:
        op = Op("write", self._open[file], at, ctypes.string_at(data, count))
        return self._hears(op) or int(
            _WriteF(self._theirs[file].write)(file, data, count, at)
        )

    def _on_truncate(self, file: int, size: int) -> int:
        return self._hears(Op("size", self._open[file], size)) or int(
            _TruncateF(self._theirs[file].truncate)(file, size)
        )

    def _on_sync(self, file: int, flags: int) -> int:
        # The disk of the test need not hear of it: what it would have done is recorded.
        return self._hears(Op("sync", self._open[file]))

    def _on_close(self, file: int) -> int:
        del self._open[file]
        theirs = self._theirs.pop(file)
        return int(_CloseF(theirs.close)(file))

    def _on_delete(self, vfs: int, name: bytes, flags: int) -> int:
        told = name.decode()
        if told.startswith(self._folder) and Path(told).exists():
            refused = self._hears(Op("gone", told, flags & 1))
            if refused:
                return refused
        return int(self._system_delete(vfs, name, 0))
