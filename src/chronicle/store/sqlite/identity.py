"""Which file a name stands for, and whether it is as it was. Nothing is opened."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["identity_of", "stat_of", "state_of"]


def stat_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def state_of(path: Path) -> tuple[int, ...]:
    """What changes when somebody writes to the file: empty when it is gone."""
    found, log = stat_of(path), stat_of(path.with_name(path.name + "-wal"))
    if found is None:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns, log.st_size if log else 0)


def identity_of(path: Path) -> tuple[int, int] | None:
    """Which file a name stands for; None for none."""
    found = stat_of(path)
    return None if found is None else (found.st_dev, found.st_ino)
