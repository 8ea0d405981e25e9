"""From the text of one cell to a value: strict, and the same on every machine.

A parser takes text that is not empty, because an empty cell means *unknown* and is left
out before. It returns the value, or raises `ValueError` with the rule in words, ready
to stand behind the text in a message. Digits are ASCII digits; there are no separators
of thousands, no exponents, no signs but a leading minus, and no words for numbers.

Text has no parser: `NA`, `None` and `007` are what they are, and the events check
length, characters and NFC of every text that they take.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from chronicle.domain import fields

__all__ = ["Parse", "day", "decimal", "ids", "names", "whole", "yes_no"]

Parse = Callable[[str], object]

_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,20})?", re.ASCII)
_BETWEEN = re.compile(r"[ |]+")
_BAR = re.compile(r" *\| *")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Whole numbers of the closed range from *low* to *high*: `12`, not `12.0`."""
    rule = f"must be a whole number from {low:,} to {high:,}, in digits only"

    def parse(text: str) -> int:
        if _WHOLE.fullmatch(text) is None or not low <= (value := int(text)) <= high:
            raise ValueError(rule)
        return value

    return parse


def decimal(low: float, high: float) -> Callable[[str], float]:
    """Decimal numbers of the closed range from *low* to *high*: `36.20`, not `3e1`."""
    rule = f"must be a number from {low:g} to {high:g}, in digits with a point"

    def parse(text: str) -> float:
        if (
            _DECIMAL.fullmatch(text) is None
            or not low <= (value := float(text)) <= high
        ):
            raise ValueError(rule)
        return value

    return parse


@lru_cache(maxsize=4096)  # a file names few days, each of them often
def day(text: str) -> date:
    """A day of the calendar, `YYYY-MM-DD` and no other form of ISO 8601."""
    parsed: date = fields.day(text)
    return parsed


def yes_no(text: str) -> bool:
    """`yes` or `no`, in small letters."""
    if text not in ("yes", "no"):
        raise ValueError("must be 'yes' or 'no'")
    return text == "yes"


def ids(text: str) -> tuple[str, ...]:
    """Ids with blanks or bars between them: `d14 d15` or `d14|d15`."""
    return tuple(one for one in _BETWEEN.split(text) if one)


def names(text: str) -> tuple[str, ...]:
    """Names with bars between them: `Halab|حلب`; blanks round a bar do not count."""
    return tuple(_BAR.split(text.strip(" ")))
