"""The day that a file's name says: maps and modules have no other."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["day_in"]

_DAY = re.compile(r"(?<![0-9])([0-9]{4})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?![0-9]{3})")


def day_in(name: str) -> date | None:
    """The first day in *name*: `2017-03-01`, `2017_03_01` or `20170301`."""
    for found in _DAY.finditer(name):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            continue
    return None
