"""Days of one column: of one order only, which the whole column shows or the user says.

`03/04/2025` is the third of April or the fourth of March. It is read where another day
of the column, or `--dates`, leaves one way; else the column is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from chronicle.formats.spreadsheet.cells import Cell, ascii_digits, tidy
from chronicle.formats.words import MONTHS

__all__ = ["ORDERS", "Day", "Days", "Told", "looks_like_day", "pooled"]

ORDERS = ("dmy", "mdy", "ymd")
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000  # Excel's numbers of 1954 to 2119

_TIME = re.compile(
    r"[T ,]+(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[ap]m)?)"
    r" ?(?P<zone>z|utc|[+-][0-9]{2}:?[0-9]{2})?$",
    re.IGNORECASE,
)
_MIDNIGHT = re.compile(r"0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? ?am", re.IGNORECASE)
_TRIPLE = re.compile(r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})\.?")
_COMPACT = re.compile(r"(19|20)([0-9]{2})([0-9]{2})([0-9]{2})")
_YEAR_MONTH = re.compile(r"((?:19|20)[0-9]{2})[-/.]([0-9]{1,2})")

# Names of months beside the English ones; of Arabic both sets that are in use.
_MORE = """
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول
جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر
"""  # noqa: E501


def _month_names() -> dict[str, int]:
    """Months by name and by its first letters, where those are of one month only."""
    whole = dict(MONTHS)
    short: dict[str, set[int]] = {}
    for line in _MORE.split("\n"):
        for number, name in enumerate(line.split(), 1):
            whole[name.casefold()] = number
            for size in (3, 4) if ord(name[0]) < 0x600 else ():
                short.setdefault(name[:size].casefold(), set()).add(number)
    sure = {word: min(of) for word, of in short.items() if len(of) == 1}
    return {**sure, **whole}


_MONTH_OF = _month_names()
_ARABIC_PAIRS = {
    "كانون الثاني": "كانون_الثاني", "كانون الأول": "كانون_الأول",
    "تشرين الأول": "تشرين_الأول", "تشرين الثاني": "تشرين_الثاني",
    "كانون الاول": "كانون_الأول", "تشرين الاول": "تشرين_الأول",
}  # fmt: skip
_SMALL_WORDS = frozenset(
    ("de", "del", "le", "the", "of", "st", "nd", "rd", "th", "er", "г", "года", "року")
)


class Day(NamedTuple):
    """A day, its precision, and whether a time behind it was passed over."""

    day: date
    precision: str = "day"
    cut: bool = False


@dataclass(slots=True)
class Told:
    """How many days of a column are settled, up to the 12th or after it, and which
    orders are left to those in text.

    A spreadsheet that reads months first takes 3/4/2025 of someone who writes days
    first for 4 March, and leaves 25/3/2025 as text.
    """

    early: int = 0
    late: int = 0
    example: str = ""
    left: frozenset[str] = frozenset(ORDERS)
    kept: set[str] = field(default_factory=set)  # orders with a day of text up to 12

    def settled(self, day: date | None) -> None:
        if day is not None:
            self.early, self.late = (
                self.early + (day.day <= 12),
                self.late + (day.day > 12),
            )

    def as_text(self, text: str, ways: dict[str, date]) -> None:
        self.example = text
        self.kept |= {one for one, day in ways.items() if day.day <= 12}

    @property
    def swapped(self) -> bool:
        """Whether it looks as if days had been taken for months."""
        some = self.early and not self.late and self.example
        return bool(some) and bool({"dmy", "mdy"} & self.left - self.kept)

    @property
    def doubt(self) -> str:
        """Why the days cannot be read, and what to do."""
        orders = [one for one in ORDERS if one in self.left]
        return (
            f"{self.early:,} of its cells are days, none after the 12th of a month, "
            f"and others are text such as {self.example!r}: a spreadsheet of another "
            "country has taken days for months where it could; mend them first, or say "
            f"--dates {' or --dates '.join(orders)} if all are right as they are"
        )


def pooled(some: Iterable[Told]) -> Told:
    """What several columns of one table tell together."""
    whole = Told()
    for one in some:
        whole.early, whole.late = whole.early + one.early, whole.late + one.late
        whole.example = whole.example or one.example
        whole.left, whole.kept = whole.left & one.left, whole.kept | one.kept
    return whole


class Days:
    """How one column writes its days.

    *column* holds the cells of the whole of it. *order* is what the user says. Raises
    nothing: `doubt` says why the column cannot be read, and what to do.
    """

    def __init__(
        self, column: Iterable[Cell], order: str | None = None, epoch_1904: bool = False
    ) -> None:
        self._epoch = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)
        self.doubt = ""
        self.examples: list[str] = []
        self.two_digits = False  # a year of two digits is there
        self.serials = False  # a number of days is there
        fits = dict.fromkeys(ORDERS, True)
        seen: dict[str, str] = {}
        asked = False
        self.told = told = Told()
        for cell in column:
            found = None
            if isinstance(cell, str):
                found = _TRIPLE.fullmatch(_without_time(_plain(cell))[0])
            ways = {} if found is None else _ways(*found.group(1, 2, 3, 4))
            if found is None or len(found[1]) == 4:
                # A year first leaves no doubt, and does not tell of others.
                told.settled(ways.get("ymd") or self._sure(cell))
                continue
            self.two_digits |= max(len(found[1]), len(found[4])) < 3
            if not ways:
                continue  # no day in any order: a problem of its row
            told.as_text(tidy(str(cell)), ways)
            asked |= len(set(ways.values())) > 1
            for one in ORDERS:
                fits[one] &= one in ways
                if one in ways and len(ways) == 1:
                    seen.setdefault(one, tidy(str(cell)))
        left = [one for one in ORDERS if fits[one]]
        self.order = order or (left[0] if len(left) == 1 else "")
        told.left = frozenset(left)
        if order:
            return
        say = f"--dates {' or --dates '.join(left)}"
        if told.swapped:
            self.doubt = told.doubt
        elif asked and len(left) > 1:
            self.doubt = (
                f"its days may be {' or '.join(left)}, and no day tells which; say "
                + say
            )
        elif asked and not left:
            shown = ", ".join(f"{text!r} ({one})" for one, text in seen.items())
            self.doubt = f"its days are of several orders: {shown}; mend them first"

    def _sure(self, cell: Cell) -> date | None:
        """The day of a cell that a program knows as one; None for other text."""
        if isinstance(cell, date):
            return cell
        if isinstance(cell, str) and not _serial_text(_plain(cell)):
            return None
        self.serials = True
        try:
            number = _plain(cell) if isinstance(cell, str) else cell
            return self._serial(float(number)).day  # type: ignore[arg-type]
        except (ValueError, TypeError, OverflowError):
            return None

    def day(self, cell: Cell) -> Day:
        """The day that a cell says; raises `ValueError`."""
        if isinstance(cell, datetime):
            return Day(cell.date(), cut=cell.time() != time())
        if isinstance(cell, date):
            return Day(cell)
        if isinstance(cell, bool) or cell is None or isinstance(cell, time):
            raise ValueError("must be a day")
        if isinstance(cell, int | float):
            return self._serial(cell)
        return self._text(cell)

    def _serial(self, number: float) -> Day:
        if not _FIRST_SERIAL <= number <= _LAST_SERIAL:
            if number == int(number) and _COMPACT.fullmatch(str(int(number))):
                return self._text(str(int(number)))
            raise ValueError("must be a day, and this number is none of Excel's")
        return Day(self._epoch + timedelta(int(number)), cut=number != int(number))

    def _text(self, text: str) -> Day:
        plain, cut = _without_time(_plain(text))
        if found := _TRIPLE.fullmatch(plain):
            return Day(self._triple(*found.group(1, 2, 3, 4)), cut=cut)
        if found := _COMPACT.fullmatch(plain):
            return Day(
                _of(int(found[1] + found[2]), int(found[3]), int(found[4])), cut=cut
            )
        if found := _YEAR_MONTH.fullmatch(plain):
            return Day(_of(int(found[1]), int(found[2]), 1), "month")
        if _serial_text(plain):
            return self._serial(float(plain))
        if named := _named(plain):
            return Day(named.day, named.precision, cut)
        raise ValueError(
            "must be a day, such as 2025-03-01, 1 March 2025, or digits in the order "
            "of the column"
        )

    def _triple(self, first: str, sign: str, second: str, third: str) -> date:
        ways = _ways(first, sign, second, third)
        if len(first) == 4 and ways:
            return ways["ymd"]
        if self.order in ways:
            return ways[self.order]
        if not ways or self.order:
            of = f" in the order {self.order}" if self.order else ""
            raise ValueError(f"is no day of the calendar{of}")
        if len(set(ways.values())) == 1:
            return next(iter(ways.values()))
        raise ValueError("may be two days; say --dates dmy or --dates mdy")


def _plain(text: str) -> str:
    return ascii_digits(tidy(text))


def _without_time(text: str) -> tuple[str, bool]:
    """The text without a time of day, and whether one other than midnight was there."""
    found = _TIME.search(text)
    if found is None:
        return text, False
    return text[: found.start()], _MIDNIGHT.fullmatch(found["clock"]) is None


def _serial_text(text: str) -> bool:
    return bool(re.fullmatch(r"[2-7][0-9]{4}(?:\.[0-9]{1,12})?", text))


@lru_cache(maxsize=16_384)
def _ways(first: str, sign: str, second: str, third: str) -> dict[str, date]:
    """The days that three numbers may be, by order.

    A year first is a year, month, day. Nobody writes months before days with dots.
    """
    found: dict[str, date] = {}
    one, two, three = int(first), int(second), int(third)
    if len(first) == 4 or (len(first) == len(third) == 2 and sign == "-"):
        _try(found, "ymd", _year(first), two, three if len(third) <= 2 else 0)
    if len(first) <= 2 and len(third) in (2, 4):
        _try(found, "dmy", _year(third), two, one)
        if sign != ".":
            _try(found, "mdy", _year(third), one, two)
    return found


def _try(found: dict[str, date], order: str, year: int, month: int, day: int) -> None:
    try:
        found[order] = date(year, month, day)
    except ValueError:
        return


def _year(text: str) -> int:
    """Of two digits as POSIX reads them: 69 to 99 are of the last century."""
    year = int(text)
    return year + (1900 if year >= 69 else 2000) if len(text) <= 2 else year


def _of(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


@lru_cache(maxsize=16_384)
def _named(text: str) -> Day | None:
    """A day with its month in words, in any of the languages; None for another text."""
    plain = text.casefold()
    for pair, one in _ARABIC_PAIRS.items():
        plain = plain.replace(pair, one)
    words = re.findall(r"[^\W\d]+(?:_[^\W\d]+)?|[0-9]+", plain)
    months = [_MONTH_OF[word] for word in words if word in _MONTH_OF]
    numbers = [word for word in words if word.isdigit()]
    others = set(words) - _MONTH_OF.keys() - set(numbers) - _SMALL_WORDS
    if len(months) != 1 or others or not 1 <= len(numbers) <= 2:
        return None
    if len(numbers) == 1:
        if len(numbers[0]) != 4:
            return None
        return Day(_of(int(numbers[0]), months[0], 1), "month")
    day, year = numbers
    if len(day) == 4:
        day, year = year, day
    if len(day) > 2 or len(year) not in (2, 4):
        return None
    return Day(_of(_year(year), months[0], int(day)))


def looks_like_day(cell: Cell) -> bool:
    """Whether a cell can be a day in some order: for columns without a name."""
    if isinstance(cell, date):
        return True
    if not isinstance(cell, str):
        return False
    plain, _ = _without_time(_plain(cell))
    if found := _TRIPLE.fullmatch(plain):
        return bool(_ways(*found.group(1, 2, 3, 4)))
    try:
        return bool(_COMPACT.fullmatch(plain)) or _named(plain) is not None
    except ValueError:
        return False
