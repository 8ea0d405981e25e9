"""Numbers as people write them: `~120 000`, `74k`, `over 70,000`, `5–7,000`, `36,2`.

A number is read only where it can be read in one way. `31.500` may be thirty-one
thousand or thirty-one and a half: the column or the user says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from chronicle.domain.fields import MAX_COUNT
from chronicle.formats.spreadsheet.cells import Cell, ascii_digits, tidy

__all__ = ["COMMA", "POINT", "People", "decimal_sign", "degrees", "people", "whole"]

COMMA, POINT = "comma", "point"

_SPACED = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f'’_](?=[0-9]{3}(?![0-9]))")
_GROUPED = {
    ",": re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+"),
    ".": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+"),
}
_DIGITS = re.compile(r"[0-9]{1,15}")
_FRACTION = re.compile(r"[0-9]{1,15}[.,][0-9]{1,12}")
_ZEROS = re.compile(r"([0-9]{1,15})[.,]0{1,2}")  # 12.0, as programs write whole numbers
_SCALES = {
    "k": 10**3, "thousand": 10**3, "thousands": 10**3, "mille": 10**3, "mil": 10**3,
    "тыс": 10**3, "тыс.": 10**3, "тис": 10**3, "тис.": 10**3, "тысяч": 10**3,
    "тисяч": 10**3, "الف": 10**3, "ألف": 10**3, "آلاف": 10**3,
    "m": 10**6, "mn": 10**6, "million": 10**6, "millions": 10**6, "millón": 10**6,
    "millones": 10**6, "млн": 10**6, "млн.": 10**6, "миллион": 10**6,
    "миллиона": 10**6, "миллионов": 10**6, "мільйон": 10**6, "مليون": 10**6,
}  # fmt: skip
_ABOUT = (
    "~", "≈", "c.", "ca.", "ca", "circa", "about", "around", "approx.", "approx",
    "approximately", "some", "nearly", "almost", "roughly", "est.", "estimated",
    "environ", "près de", "unos", "unas", "aproximadamente", "cerca de", "около",
    "примерно", "приблизительно", "близько", "приблизно", "حوالي", "نحو", "تقريبا",
)  # fmt: skip
_OVER = (
    ">", "≥", ">=", "+", "over", "more than", "at least", "above", "no fewer than",
    "plus de", "au moins", "más de", "al menos", "свыше", "более", "не менее",
    "больше", "понад", "більше", "щонайменше", "أكثر من", "ما لا يقل عن",
    "على الأقل",
)  # fmt: skip
_UNDER = (
    "<", "≤", "<=", "under", "less than", "fewer than", "up to", "at most", "below",
    "moins de", "jusqu'à", "menos de", "hasta", "менее", "до", "не более", "меньше",
    "менше", "не більше", "أقل من", "حتى",
)  # fmt: skip
_PREFIXES = sorted(
    [
        *((word, "about") for word in _ABOUT),
        *((word, "over") for word in _OVER),
        *((word, "under") for word in _UNDER),
    ],
    key=lambda one: -len(one[0]),
)
_PEOPLE = re.compile(
    r"\s*(?:people|persons?|idps?|individuals|inhabitants|personnes|personas|"
    r"человек|людей|осіб|شخص|نازح)\s*$"
)
_RANGE = re.compile(r"\s*(?:–|—|-|…|\.\.\.?|\bto\b|\bà\b|\ba\b|\bдо\b)\s*")


class People(NamedTuple):
    """A figure of people: best, low, high, and the word for how it was told."""

    persons: int | None
    low: int | None = None
    high: int | None = None
    qualifier: str = ""


def decimal_sign(texts: Iterable[str]) -> str | None:
    """`comma` or `point`, where a column leaves no doubt which is the decimal sign."""
    found: set[str] = set()
    for text in texts:
        plain = _SPACED.sub("", ascii_digits(tidy(text)))
        for number in re.findall(r"[0-9][0-9.,]*[0-9]", plain):
            point, comma = number.count("."), number.count(",")
            if point and comma:
                found.add(POINT if number.rindex(".") > number.rindex(",") else COMMA)
            elif point + comma > 1:  # 1.234.567 is no decimal
                found.add(COMMA if point else POINT)
            elif point + comma == 1 and len(re.split("[.,]", number)[1]) != 3:
                found.add(POINT if point else COMMA)
    return found.pop() if len(found) == 1 else None


def whole(text: str, decimal: str | None = None) -> int:
    """A whole number with its thousands parted in any way; raises `ValueError`."""
    plain = _SPACED.sub("", ascii_digits(tidy(text)))
    if _DIGITS.fullmatch(plain):
        return _within(int(plain))
    if found := _ZEROS.fullmatch(plain):
        return _within(int(found[1]))
    if _GROUPED[","].fullmatch(plain) and decimal != COMMA:
        return _within(int(plain.replace(",", "")))
    if _GROUPED["."].fullmatch(plain):
        if plain.count(".") == 1 and decimal != COMMA:
            raise ValueError(
                "may be thousands or a decimal fraction; say --decimal comma, or point"
            )
        if decimal != POINT:
            return _within(int(plain.replace(".", "")))
    raise ValueError("must be a whole number of people, such as 12,000 or 12 000")


def _within(value: int) -> int:
    if value > MAX_COUNT:
        raise ValueError(f"must be a whole number from 0 to {MAX_COUNT:,}")
    return value


def people(cell: Cell, decimal: str | None = None, unit: int = 1) -> People:
    """A figure of people with its qualifier and bounds; raises `ValueError`.

    *unit* is what one of the column stands for: 1,000 where its name says thousands.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        if not 0 <= cell <= MAX_COUNT:
            raise ValueError("must be a whole number of people")
        persons = round(cell * unit, 6)  # 12.3 thousands are no whole number in binary
        if persons != int(persons):
            raise ValueError("must be a whole number of people")
        return People(_within(int(persons)))
    if not isinstance(cell, str):
        raise ValueError("must be a number of people")
    text = _PEOPLE.sub("", ascii_digits(tidy(cell)).casefold())
    text, word = _qualified(text)
    ends = [part for part in _RANGE.split(text) if part]
    if len(ends) == 2 and not word:
        return _between(ends[0], ends[1], decimal, unit)
    best = _scaled(text, decimal, unit)
    if word == "over":
        return People(best, low=best, qualifier="over")
    if word == "under":
        return People(best, high=best, qualifier="under")
    return People(best, qualifier=word)


def _qualified(text: str) -> tuple[str, str]:
    for word, means in _PREFIXES:
        if text.startswith(word):
            rest = text[len(word) :]
            if not word[-1].isalpha() or not rest[:1].isalpha():
                return rest.strip(), means
    if text.endswith("+"):
        return text[:-1].strip(), "over"
    return text, ""


def _between(low: str, high: str, decimal: str | None, unit: int) -> People:
    """`5,000-7,000`, and `5-7k`, where the scale is that of both."""
    found = _scale(high)
    if found is not None and _scale(low) is None:
        low = f"{low} {found[1]}"
    lowest, highest = _scaled(low, decimal, unit), _scaled(high, decimal, unit)
    if lowest > highest:
        raise ValueError("must be a range from low to high")
    return People(None, lowest, highest, "range")


def _scale(text: str) -> tuple[str, str] | None:
    """The number and the word behind it, as in `74k` and `1.2 million`."""
    found = re.fullmatch(r"([0-9][0-9.,\s\u00a0]*?)\s*([^\W\d_]+\.?)", text)
    return (found[1].strip(), found[2]) if found and found[2] in _SCALES else None


def _scaled(text: str, decimal: str | None, unit: int = 1) -> int:
    found = _scale(text)
    if found is None:
        return whole(text, decimal) if unit == 1 else _times(text, unit, decimal)
    if unit > 1:
        raise ValueError(
            "counts thousands or millions, and so does the name of its column; say it "
            "once"
        )
    return _times(found[0], _SCALES[found[1]], decimal)


def _times(number: str, factor: int, decimal: str | None) -> int:
    """*number* of thousands or millions, where a fraction is as likely as not."""
    if _FRACTION.fullmatch(number):
        before, sign, after = re.split("([.,])", number)
        said = {".": POINT, ",": COMMA}[sign] == decimal
        if len(after) == 3 and not said and decimal is None:
            raise ValueError(
                "may be thousands or a decimal fraction; say --decimal comma, or point"
            )
        if len(after) != 3 or said:
            value, left = divmod(int(before + after) * factor, 10 ** len(after))
            if left:
                raise ValueError("must be a whole number of people")
            return _within(value)
    return _within(whole(number, decimal) * factor)


def degrees(cell: Cell, most: float) -> float:
    """A latitude or longitude, with a point or a comma; raises `ValueError`."""
    rule = f"must be degrees from -{most:g} to {most:g}"
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise ValueError(rule)
    if isinstance(cell, str):
        plain = ascii_digits(tidy(cell)).replace("−", "-").removesuffix("°")
        if not re.fullmatch(r"[+-]?[0-9]{1,3}(?:[.,][0-9]{0,20})?", plain):
            raise ValueError(rule)
        cell = float(plain.replace(",", "."))
    if not -most <= cell <= most:
        raise ValueError(rule)
    return float(cell)
