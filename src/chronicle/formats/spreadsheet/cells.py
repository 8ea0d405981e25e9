"""Cells of spreadsheets as text: blanks, digits of other scripts, what is invisible."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time

__all__ = ["Cell", "ascii_digits", "bare", "blank", "text_of", "tidy"]

Cell = str | int | float | bool | datetime | date | time | None

# Direction marks, joiners and the byte order mark, which nobody types on purpose.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e"
    "\u2060\u2066-\u2069\ufeff]"
)
_BLANKS = re.compile(r"\s+")
_DIGITS = {base + n: str(n) for base in (0x0660, 0x06F0) for n in range(10)} | {
    0x066B: ".",
    0x066C: ",",
}  # the Arabic decimal and thousands separators


def tidy(text: str) -> str:
    """*text* in NFC on one line, without blanks at its ends or invisible characters."""
    if text.isascii() and text.isprintable():
        return (
            text
            if text == text.strip() and "  " not in text
            else " ".join(text.split())
        )
    text = unicodedata.normalize("NFC", text.encode(errors="ignore").decode())
    return _BLANKS.sub(" ", _INVISIBLE.sub("", text)).strip()


def bare(text: str) -> str:
    """*text* without blanks and direction marks at its ends; inside all stays."""
    return text.strip().strip("\ufeff\u200e\u200f").strip()


def ascii_digits(text: str) -> str:
    """*text* with Eastern Arabic and Persian digits as ASCII ones."""
    return text if text.isascii() else text.translate(_DIGITS)


def blank(cell: Cell) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not tidy(cell))


def text_of(cell: Cell) -> str:
    """What a cell shows; whole numbers without a point, days as ISO text."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return (cell.date() if midnight else cell).isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return tidy(str(cell))
