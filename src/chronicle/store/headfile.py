"""The head of a log in a file beside it: what was last acknowledged.

It is written after the commit and before the acknowledgement, so it is never ahead of
the log on a sound disk. Where the log ends before it, the log has lost its end: its
write-ahead log was removed, or an older copy was put in its place. It is on the disk,
name and all, before anything is acknowledged: a power cut is when ends are lost, and
the head of that moment is what tells.
"""

from __future__ import annotations

import os
from pathlib import Path

from chronicle.errors import InputError
from chronicle.store.checkpoint import MAX_BYTES, Head
from chronicle.store.whole_file import sync_folder

__all__ = [
    "HEAD",
    "head_and_caution",
    "head_beside",
    "is_head",
    "read_head",
    "set_aside",
    "write_head",
]

HEAD = ".head"


def head_beside(path: Path) -> Path:
    """Where the head of the log at *path* is kept."""
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + HEAD)


def read_head(path: Path) -> str:
    """The text of a head file; raises `OSError`, and `InputError` for no text."""
    with path.open("rb") as file:
        try:
            return file.read(MAX_BYTES + 1).decode()
        except UnicodeDecodeError:
            raise InputError(f"{path} is no head of a log: it is not text") from None


def head_and_caution(path: Path) -> tuple[Head | None, str]:
    """The head in a head file; or None, and why nothing can be told from it."""
    try:
        return Head.parse(read_head(path), str(path)), ""
    except FileNotFoundError:
        return None, (
            f"{path} is missing, so nobody can tell whether events at the end of the "
            "log are missing too: was the chronicle copied or moved without it? The "
            "next write makes it anew"
        )
    except InputError as unreadable:
        return None, f"{unreadable}; the next write makes it anew"
    except (OSError, RuntimeError, ValueError):
        return None, f"{path} cannot be read; the next write makes it anew"


def is_head(path: Path, text: str) -> bool:
    """Whether a head file says just that."""
    try:
        return read_head(path) == text
    except (OSError, InputError):
        return False


def write_head(path: Path, text: str) -> None:
    """Put a head in place of the old one, whole and to stay; raises `OSError`."""
    new = path.with_name(path.name + ".new")
    fd = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def set_aside(path: Path) -> Path | None:
    """Keep the head of a log that is gone, whose name another takes.

    It is the last witness of that log. Returns where it is now; None for nothing kept.
    """
    try:
        head = Head.parse(read_head(path))
    except (OSError, InputError):
        return None
    if not head.size:
        return None
    kept = path.with_name(f"{path.name}.{head.root.hex()[:8]}")
    path.replace(kept)
    return kept
