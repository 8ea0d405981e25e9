"""What cells of the field's files say: days, numbers, text, in the forms they come in.

Each takes text and gives a value or None for *unknown*, or raises `ValueError` with the
rule in words. A day is never guessed: a form with a month in digits is read only in the
order that its format is known to write.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

from chronicle.errors import UsageError

__all__ = ["MONTHS", "DateOrders", "clean", "count", "cut", "day", "degrees", "nothing"]

MONTHS = {
    name[:size].casefold(): number
    for number, name in enumerate(
        (
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
        ),
        1,
    )
    for size in (3, 4, len(name))
}

_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?", re.ASCII)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_NAMED = re.compile(
    r"([0-9]{1,2})[ \-]([A-Za-z]{3,9})\.?,?[ \-]([0-9]{2}|[0-9]{4})", re.ASCII
)
_MONTH_FIRST = re.compile(
    r"([A-Za-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})", re.ASCII
)
_DIGITS = re.compile(
    r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4}|[0-9]{2})(?:[ T].*)?", re.ASCII
)
_YEAR_FIRST = re.compile(
    r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})(?: .*)?", re.ASCII
)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.0*)?", re.ASCII)
_POWER = re.compile(r"[0-9](?:\.[0-9]{1,14})?[eE]\+?[0-9]{1,2}", re.ASCII)
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:[.,][0-9]{0,20})?", re.ASCII)
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
NOTHING = frozenset(
    {"", "na", "n/a", "nan", "null", "none", "not available", "not applicable", "-"}
)


def nothing(text: str) -> bool:
    """Whether a cell says that it says nothing: empty, `NA`, `Not available`."""
    return text.strip().casefold() in NOTHING


def _of(year: int, month: int, number: int) -> date:
    try:
        return date(year, month, number)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


def _year(text: str) -> int:
    """Of two digits as POSIX reads them: 69 to 99 are of the last century."""
    year = int(text)
    if len(text) == 2:
        year += 1900 if year >= 69 else 2000
    return year


@lru_cache(maxsize=65_536)
def day(text: str, order: str = "") -> date:
    """A day: ISO, with or without a time, `20240131`, or with its month in words.

    *order* is `dmy` or `mdy` where the format is known to write digits so; without it
    `03/04/2024` is refused. A time behind the day is passed over.
    """
    text = " ".join(text.split())
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        return _of(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_FIRST.fullmatch(text):
        return _of(int(found[1]), int(found[2]), int(found[3]))
    if found := _NAMED.fullmatch(text):
        month = MONTHS.get(found[2].casefold())
        if month:
            return _of(_year(found[3]), month, int(found[1]))
    if found := _MONTH_FIRST.fullmatch(text):
        month = MONTHS.get(found[1].casefold())
        if month:
            return _of(int(found[3]), month, int(found[2]))
    if found := _DIGITS.fullmatch(text):
        one, two, year = int(found[1]), int(found[2]), _year(found[3])
        if one > 12 >= two or (order == "dmy" and two <= 12):
            return _of(year, two, one)
        if two > 12 >= one or (order == "mdy" and one <= 12):
            return _of(year, one, two)
        raise ValueError("may be two days: the order of day and month is not known")
    raise ValueError("is no day in a form that is known")


_FIGURES = re.compile(r"[0-9]+", re.ASCII)


class DateOrders:
    """The order of day and month in a column, found from what stands in all of it.

    One order for each way of writing: `1/22/2014 12:00:00 AM` says nothing about
    `05/02/2014 00:00`. An order that was *given* holds for all. *column* gives the
    texts; it is asked at the first day that may be two.
    """

    def __init__(self, given: str, column: Callable[[], Iterable[str]]) -> None:
        if given not in ("", "dmy", "mdy"):
            raise UsageError(f"dates: {given!r} must be 'dmy' or 'mdy'")
        self._given = given
        self._column = column
        self._seen: dict[str, set[str]] | None = None

    @staticmethod
    def _shape(text: str) -> str:
        return _FIGURES.sub("9", text)

    def _evidence(self) -> dict[str, set[str]]:
        """By shape, the orders of the days that can be read in one way only."""
        seen: dict[str, set[str]] = {}
        for text in self._column():
            if found := _DIGITS.fullmatch(text.strip()):
                one, two = int(found[1]), int(found[2])
                order = "dmy" if one > 12 >= two else "mdy" if two > 12 >= one else ""
                if order:
                    seen.setdefault(self._shape(text.strip()), set()).add(order)
        return seen

    def day(self, text: str) -> date:
        """The day that *text* says; raises `ValueError` where it may be two."""
        text = text.strip()
        if self._given or not _DIGITS.fullmatch(text):
            return day(text, self._given)
        if self._seen is None:
            self._seen = self._evidence()
        seen = self._seen.get(self._shape(text), set())
        return day(text, next(iter(seen)) if len(seen) == 1 else "")


def count(text: str) -> int | None:
    """A whole number of people; `12.0` as R writes it, `1.2e+05`; None for nothing."""
    text = text.strip()
    if nothing(text):
        return None
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    if _NUMBER.fullmatch(plain):
        value = int(plain.partition(".")[0])
    elif _POWER.fullmatch(plain):
        value = int(float(plain))
    else:
        raise ValueError("must be a whole number")
    if value < 0:
        raise ValueError("must not be negative")
    return value


_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.0*)?", re.ASCII)


def degrees(text: str, most: float) -> float | None:
    """A latitude or a longitude, of at most *most*; None for nothing.

    A decimal comma is one: degrees have no thousands.
    """
    text = text.strip()
    if nothing(text):
        return None
    plain = text.replace(",", ".")
    if not _DEGREES.fullmatch(text) or not -most <= (value := float(plain)) <= most:
        raise ValueError(f"must be a number from -{most:g} to {most:g}")
    return value


def clean(text: str) -> str:
    """Text on one line, without control or direction-changing characters, in NFC."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text or text != text.strip() else text
    text = _HIDDEN.sub(" ", unicodedata.normalize("NFC", text))
    text = text.encode(errors="ignore").decode()  # a lone surrogate says nothing
    return " ".join(text.split())


def cut(text: str, room: int) -> str:
    """*text* cleaned, and cut at *room* characters."""
    text = clean(text)
    return text if len(text) <= room else text[: room - 1] + "…"
