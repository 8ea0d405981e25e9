"""Cells that no spreadsheet takes for a formula (OWASP, *CSV injection*)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

__all__ = ["cell", "csv_bytes", "csv_text", "guarded", "unguarded"]

# Spreadsheets of East Asia take the full-width forms too, and all pass over blanks.
_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# What the csv module writes as every *as_cell* does.
_AS_THEY_ARE = frozenset({int, float, date})
_BREAKS = ("\t", "\r")


def _risky(text: str) -> bool:
    """Whether a spreadsheet would compute a cell, or take a guard off it."""
    bare = text.lstrip("'")
    return bare.startswith(_BREAKS) or bare.lstrip().startswith(_STARTS)


def guarded(text: str) -> str:
    """*text*, behind an apostrophe where a spreadsheet would compute it."""
    if text[:1].isalnum():  # most do, and nothing that begins so is computed
        return text
    return f"'{text}" if _risky(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given; other text as it is."""
    return text[1:] if text[:1] == "'" and _risky(text) else text


def cell(value: object) -> str:
    """A value as a cell: empty for none, ISO for days, bars between several."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return guarded("|".join(map(str, value)))
    return guarded(str(value))


def csv_text(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    as_cell: Callable[[object], str] = cell,
) -> str:
    """RFC 4180 with line feeds, each value by *as_cell*; the header is ours, as it is.

    Without *columns* there is no header.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    writer.writerows(
        [value if type(value) in _AS_THEY_ARE else as_cell(value) for value in row]
        for row in rows
    )
    return text.getvalue()


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """`csv_text` in UTF-8."""
    return csv_text(columns, rows).encode()
