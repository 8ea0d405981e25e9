"""Words on pictures: days in any locale, names that cannot harm their line."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cache

__all__ = ["day_words", "plain", "short_day"]

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def day_words(day: date) -> str:
    """A day as people write it, in any locale: "30 November 2024"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """A day on an axis: "30 Nov"."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def plain(text: str, most: int = 60) -> str:
    """*text* as one line of at most *most* characters that the font can draw.

    Controls, direction marks and lone surrogates go (they would break a line, the order
    of others' letters, or the file); letters without a glyph become "□".
    """
    kept = ("" if unicodedata.category(c) in ("Cf", "Cs") else c for c in text)
    spaced = (" " if unicodedata.category(c)[0] in "CZ" else c for c in kept if c)
    glyphs = _glyphs()
    drawn = ["□" if c != " " and ord(c) not in glyphs else c for c in spaced]
    line = " ".join("".join(drawn).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


@cache
def _glyphs() -> frozenset[int]:
    """The code points that the font has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
