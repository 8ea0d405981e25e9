"""The chronicle that a command works on."""

from __future__ import annotations

import os
from typing import Any

from chronicle.errors import UsageError

__all__ = ["opened"]

PATIENCE = "CHRONICLE_LOCK_TIMEOUT"  # seconds to wait for another writer


def opened(path: str) -> Any:
    """The chronicle at *path*; raises what `open_chronicle` raises, or `UsageError`."""
    from chronicle.api import open_chronicle

    told = os.environ.get(PATIENCE)
    if not told:
        return open_chronicle(path)
    try:
        seconds = float(told)
        if not 0 <= seconds <= 86_400:
            raise ValueError
    except ValueError:
        raise UsageError(f"{PATIENCE}={told}: not a number of seconds") from None
    return open_chronicle(path, lock_timeout=seconds)
