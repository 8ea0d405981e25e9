"""One writer at a time: a file lock that waits its turn.

SQLite's own waiting is unfair (it polls), so a busy writer starves the others. The
kernel's file lock queues; the lock is let go by the kernel when its holder dies.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chronicle.errors import Busy, StorageError

__all__ = ["file_lock"]

if sys.platform == "win32":
    import msvcrt

    def _try(fd: int) -> bool:
        os.lseek(fd, 0, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait(fd: int) -> None:
        while not _try(fd):
            time.sleep(0.005)

    def _release(fd: int) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)

    def _release(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


_open: set[int] = set()  # descriptors of lock files, held or waited for


def _forget() -> None:
    """A forked child does not keep the locks of a parent that dies."""
    for fd in _open:
        with suppress(OSError):
            os.close(fd)
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _close(fd: int) -> None:
    _open.discard(fd)
    os.close(fd)


@contextmanager
def file_lock(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock file *path*; raises `Busy` after *timeout* seconds.

    The file holds the number of the process that took it last, for the message; it is
    never removed, because a removed lock file can be held twice.
    """
    holder = os.getpid()
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as broken:
        raise _cannot_lock(path, broken) from None
    _open.add(fd)
    try:
        if not _try(fd):
            _queue(fd, path, timeout)
        with suppress(OSError):  # a full disk: the lock is held, the name is a courtesy
            os.pwrite(fd, f"{os.getpid():<20}".encode(), 1)
    except _GaveUp as busy:
        # The waiting thread closes the file when its turn comes.
        raise Busy(str(busy)) from None
    except OSError as broken:
        _close(fd)
        raise _cannot_lock(path, broken) from None
    except BaseException:
        _close(fd)
        raise
    try:
        yield
    finally:
        if os.getpid() == holder:  # in a child that was forked meanwhile it is closed
            # A child whose fork was not seen holds the open file too: closing is not
            # enough.
            with suppress(OSError):
                _release(fd)
            _close(fd)


def _cannot_lock(path: Path, broken: OSError) -> StorageError:
    return StorageError(f"cannot lock {path}: {broken.strerror}; nothing was recorded")


def _queue(fd: int, path: Path, timeout: float) -> None:
    """Wait in the kernel's queue, in a thread that outlives our patience if it must."""
    if timeout <= 0:
        busy = _busy(fd, path, timeout)
        _close(fd)
        raise busy
    ended, gave_up, guard = threading.Event(), threading.Event(), threading.Lock()
    failed: list[OSError] = []

    def wait() -> None:
        try:
            _wait(fd)
        except OSError as broken:
            failed.append(broken)
        with guard:
            ended.set()
            if gave_up.is_set():
                _close(fd)

    threading.Thread(target=wait, daemon=True).start()
    if not ended.wait(timeout):
        with guard:
            if not ended.is_set():
                gave_up.set()
                raise _busy(fd, path, timeout)
    if failed:
        raise failed[0]


def _busy(fd: int, path: Path, timeout: float) -> _GaveUp:
    return _GaveUp(
        f"{path.name.removesuffix('.lock')} is being written by {_holder(fd)}; waited "
        f"{timeout:g} s; nothing was recorded: try again"
    )


def _holder(fd: int) -> str:
    """Who holds the lock: who wrote its number into it, or who was started by that."""
    told = os.pread(fd, 20, 1).decode(errors="replace").strip()
    if not (told.isascii() and told.isdigit()):
        return "process unknown"
    if os.name == "posix":
        try:
            os.kill(int(told), 0)
        except (ProcessLookupError, OverflowError):
            return f"a process that was started by process {told}, which has ended"
        except OSError:
            pass
    return f"process {told}"


class _GaveUp(Exception):
    """Busy, and the lock file is not ours to close any more."""
