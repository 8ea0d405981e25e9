"""The way into the archive that says what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import MissingExtra
from chronicle.store.log import EventLog

if TYPE_CHECKING:
    from chronicle.archive.write import Archived

__all__ = ["write_archive"]


def write_archive(log: EventLog, folder: Path, *, licence: str = "") -> Archived:
    """`write.write_archive`; raises `UsageError` where pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtra("an archive needs pyarrow", "arrow") from None
    from chronicle.archive.write import write_archive as write

    return write(log, folder, licence=licence)
