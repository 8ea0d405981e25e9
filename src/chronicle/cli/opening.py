"""The chronicle that a command works on."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from chronicle.errors import ChronicleError, UsageError
from chronicle.store.address import is_server

__all__ = ["deeds", "found", "is_record", "opened", "refuse_swapped", "written"]

deeds: list[tuple[str, Any]] = []  # what this command has opened

SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{0,6})?", re.ASCII)
PATIENCE = "CHRONICLE_LOCK_TIMEOUT"  # seconds to wait for another writer


def is_record(path: str | Path) -> bool:
    """Whether a database is at *path*, as a chronicle is one; nothing reads a pipe."""
    from chronicle.store.sqlite.header import is_database

    return is_server(str(path)) or is_database(path)


def refuse_swapped(command: str, record: str, other: str | Path) -> None:
    """Raise `UsageError` where *other* is the chronicle, and *record* is not."""
    if is_record(other) and not is_record(record):
        raise UsageError(f"the arguments are swapped; say: chronicle {command}")


def opened(path: str) -> Any:
    """The chronicle at *path*; raises what `open_chronicle` raises, or `UsageError`."""
    from chronicle.api import open_chronicle
    from chronicle.cli.progress import progress_bar
    from chronicle.cli.render import say

    told = os.environ.get(PATIENCE)
    if not told:
        chronicle = open_chronicle(path)
    else:
        if not SECONDS.fullmatch(told) or not float(told) <= 86_400:
            raise UsageError(f"{PATIENCE}={told}: not a number of seconds")
        chronicle = open_chronicle(path, lock_timeout=float(told))
    chronicle.index_progress = progress_bar
    deeds.append((path, chronicle))
    for caution in chronicle.cautions:
        say(f"chronicle: note: {caution}")
    return chronicle


def found() -> ChronicleError | None:
    """What was found wrong with a record of this command when it was opened.

    What the command answered is of what is left of the record.
    """
    return next((one.finding for _, one in deeds if one.finding is not None), None)


def written() -> str:
    """The file that this command has recorded something in; empty for none."""
    return next((path for path, chronicle in deeds if chronicle.wrote), "")
