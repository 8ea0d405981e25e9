"""A folder for a copy of a log, which does not outlive its process for long."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chronicle.errors import ChronicleError
from chronicle.store.sqlite.lock import file_lock

__all__ = ["scratch_folder"]

_PREFIX = "chronicle-copy-"
_HELD = "held.lock"  # locked as long as the process lives


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is removed at the end; first, those of processes that were killed.

    A copy of a log may hold what is redacted in the log later, so none may be left.
    """
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with file_lock(folder / _HELD, 0.0):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove the folders in which nobody holds the lock."""
    for held in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_HELD}"):
        if held.parent.is_symlink() or held.is_symlink():
            continue  # it is not ours
        with suppress(ChronicleError, OSError), file_lock(held, 0.0):
            shutil.rmtree(held.parent, ignore_errors=True)
