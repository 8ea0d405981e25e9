"""Files that appear under their name when they are whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chronicle.errors import StorageError

__all__ = ["sync_file", "sync_folder", "whole_file", "write_whole"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside *path* to write to; at the end it takes the name.

    It has the suffix of *path*. Where something goes wrong inside, *path* is as it was
    and nothing is left beside it. Raises `StorageError` for what the disk refuses.
    """
    try:
        # Of a link the file is replaced, not the link; one in a circle is itself.
        real = Path(os.path.realpath(path))
    except (OSError, ValueError) as broken:  # ValueError: this is no name
        raise _refused(path, broken) from None
    part = real.with_name(f".{real.stem}.{os.getpid()}.part{real.suffix}")
    try:
        yield part
        part.replace(real)
    except OSError as broken:
        raise _refused(path, broken) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write *data* as by `whole_file`; *durable*: it is on the disk before it is named.

    What is no plain file (a device, a pipe) is written to, and never replaced.
    """
    try:
        plain = path.is_file() or not path.exists()
        if not plain:
            path.write_bytes(data)
            return
    except (OSError, ValueError) as broken:
        raise _refused(path, broken) from None
    with whole_file(path) as part, part.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Force what is in a file to the disk; raises `OSError`.

    Of one that is empty, or is not there, nothing can be lost, and it is not opened.
    """
    if not path.exists() or not path.stat().st_size:
        return
    # Windows syncs what may be written to alone.
    fd = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(folder: Path) -> None:
    """Let the names in *folder* survive a power cut; raises `OSError`."""
    if os.name == "posix":  # Windows opens no folders
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _refused(path: Path, broken: Exception) -> StorageError:
    why = getattr(broken, "strerror", None) or str(broken)
    return StorageError(f"cannot write {path}: {why}")
