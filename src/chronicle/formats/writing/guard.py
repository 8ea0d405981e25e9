"""Cells that no spreadsheet takes for a formula (OWASP, *CSV injection*)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

__all__ = ["cell", "csv_bytes", "guarded"]

# Spreadsheets of East Asia take the full-width forms too, and all pass over blanks.
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_BREAKS = ("\t", "\r")


def guarded(text: str) -> str:
    """*text*, behind an apostrophe where a spreadsheet would compute it."""
    risky = text.startswith(_BREAKS) or text.lstrip().startswith(_STARTS)
    return f"'{text}" if risky else text


def cell(value: object) -> str:
    """A value as a cell: empty for none, ISO for days, bars between several."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return guarded("|".join(map(str, value)))
    return guarded(str(value))


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file in UTF-8, guarded; its header is not, as it is ours."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()
