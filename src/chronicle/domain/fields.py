"""Rules for single fields: what a value must be, and its one stored form.

A check takes a value and returns it in its one form, or raises `ValueError` with the
rule in words, ready to stand behind the value in a message. A `Rule` is a check that
also says beforehand what it takes; it stands at the field, in its `Annotated` type.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType
from typing import Annotated, Any, get_args

__all__ = [
    "ID_LENGTH",
    "MAX_COUNT",
    "NAME_LENGTH",
    "SHAPES",
    "TEXT_LENGTH",
    "Check",
    "Colour",
    "Count",
    "Credibility",
    "Day",
    "Flag",
    "Id",
    "Name",
    "Note",
    "Rule",
    "Title",
    "choice",
    "count",
    "credibility",
    "day",
    "flag",
    "ident",
    "matching",
    "number",
    "rule_of",
    "seen",
    "several",
    "text",
]

MAX_COUNT = 10_000_000_000  # more people than there are is a typing error
ID_LENGTH = 120
NAME_LENGTH = 300
TEXT_LENGTH = 20_000

SHAPES = ("text", "lines", "id", "day", "count", "number", "flag", "choice", "list")

Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field may hold: *check* decides, *words* tell.

    *shape* is one of `SHAPES`, for whoever asks for a value; *allowed* are the words of
    a closed set, in their order.
    """

    check: Check
    words: str
    shape: str = "text"
    allowed: tuple[str, ...] = ()

    def __call__(self, value: Any) -> Any:
        return self.check(value)

    def __repr__(self) -> str:
        return self.words


# Bidirectional overrides make text read as what it is not (Unicode TR 36, 2.5).
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
# Joints without width, and soft hyphens: nothing is lost with them.
_JOINTS = re.compile("[\u00ad\u200b\u2060]")
# Noncharacters, marks of annotation and tags: they carry text that nobody sees.
_UNSEEN = re.compile(
    "[\u2061-\u2064\u206a-\u206f\ufdd0-\ufdef\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff\U0001fffe\U0001ffff\U0010fffe\U0010ffff]"
)
# Blank, though Unicode has them for letters or symbols: fillers, an empty Braille cell
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
_BREAKS = re.compile("[\t\n]")
_WORD = re.compile(rf"[!-~]{{1,{ID_LENGTH}}}")  # an id as nearly all are
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def text(limit: int, *, lines: bool = False, needed: bool = False) -> Rule:
    """Text in NFC without control or bidirectional characters."""

    def rule(given: Any) -> str:
        if type(given) is not str:
            raise ValueError("must be text")
        value: str = given
        plain = len(value) <= limit and value.isascii() and value.isprintable()
        if plain and (value.strip() or not needed):  # nearly all is: a quick yes
            return value
        if len(value) > limit:  # before NFC, which takes the square of the length
            raise ValueError(f"is longer than {limit:,} characters")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("holds a lone surrogate: not valid Unicode") from None
            if not unicodedata.is_normalized("NFC", value):
                value = unicodedata.normalize("NFC", value)
        if _HIDDEN.search(value) or (not lines and _BREAKS.search(value)):
            raise ValueError("holds control or direction-changing characters")
        if len(value) > limit:  # NFC can lengthen
            raise ValueError(f"is longer than {limit:,} characters in NFC")
        if needed and not value.strip():
            raise ValueError("must not be empty")
        return value

    words = f"text of at most {limit:,} characters"
    shape = "lines" if lines else "text"
    return Rule(rule, f"{words}, not empty" if needed else words, shape)


_plain = text(ID_LENGTH, needed=True)


def seen(value: str) -> str:
    """A name without joints of no width; raises `ValueError` for what hides in it.

    It is asked of names that are to be recorded, and not of those that were: the log
    may hold some from before this rule.
    """
    if value.isascii():
        return value
    if _UNSEEN.search(value):
        raise ValueError("holds characters that nobody can see")
    plain = _JOINTS.sub("", value)
    unseen = (one in _BLANK or unicodedata.category(one)[0] in "CZ" for one in plain)
    if value and all(unseen):
        raise ValueError("holds nothing that can be seen")
    return plain


def ident(value: Any) -> str:
    """An id: one word, as in a URL or a file name."""
    if type(value) is str and _WORD.fullmatch(value):
        return value
    word: str = _plain(value)
    if any(one.isspace() for one in word):
        raise ValueError("must be an id: no blanks")
    if not word.isascii() and any(unicodedata.category(one) == "Cf" for one in word):
        raise ValueError("must be an id: no invisible characters")
    return word


def day(value: Any) -> date:
    """A calendar day; a `datetime` is refused, because its day depends on a zone."""
    if type(value) is date:
        return value
    if isinstance(value, datetime):
        raise ValueError("must be a day, not a time")
    if type(value) is str and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("is no day of the calendar") from None
    raise ValueError("must be a day, YYYY-MM-DD")


def count(value: Any) -> int:
    """A number of people."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"must be a whole number from 0 to {MAX_COUNT:,}")
    return value


def number(low: float, high: float) -> Rule:
    """A finite number in a closed range."""

    def rule(value: Any) -> float:
        if type(value) not in (int, float) or not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return float(value)

    return Rule(rule, f"a number from {low:g} to {high:g}", "number")


def choice(*allowed: str) -> Rule:
    """One of a closed set of words."""
    known = frozenset(allowed)
    words = "one of " + ", ".join(repr(word) for word in allowed)

    def rule(value: Any) -> str:
        if type(value) is not str or value not in known:
            raise ValueError(f"must be {words}")
        return value

    return Rule(rule, words, "choice", allowed)


def flag(value: Any) -> bool:
    """True or False and nothing else."""
    if type(value) is not bool:
        raise ValueError("must be True or False")
    return value


def credibility(value: Any) -> int:
    """Admiralty credibility of a claim; 6 is *cannot be judged*, not *worst*."""
    if type(value) is not int or not 1 <= value <= 6:
        raise ValueError("must be a whole number from 1 to 6")
    return value


def several(rule: Rule, limit: int) -> Rule:
    """A tuple of values that each keep *rule*; any list or tuple may be given."""

    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list")
        if len(value) > limit:
            raise ValueError(f"holds more than {limit:,} values")
        return tuple(rule.check(one) for one in value)

    return Rule(check, f"at most {limit:,}, each {rule.words}", "list")


def matching(pattern: re.Pattern[str], words: str) -> Rule:
    """Empty, or text that the whole of *pattern* matches."""

    def check(value: Any) -> str:
        if type(value) is not str or (value and not pattern.fullmatch(value)):
            raise ValueError(f"must be {words}")
        return value

    return Rule(check, f"{words}, or empty")


def optional(rule: Rule) -> Rule:
    """None, or a value that keeps *rule*."""

    def check(value: Any) -> Any:
        return None if value is None else rule.check(value)

    return Rule(check, f"{rule.words}, or None", rule.shape, rule.allowed)


def rule_of(hint: Any) -> Rule:
    """The rule in the type of a field: `Id`, `Day | None`, `Annotated[str, …]`."""
    for said in getattr(hint, "__metadata__", ()):
        if isinstance(said, Rule):
            return said
    inner = [one for one in get_args(hint) if one is not NoneType]
    if len(inner) == 1:
        return optional(rule_of(inner[0]))
    raise TypeError(f"{hint} has no rule")


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)

# The types of fields. Others stand at their field, where one alone has them.
_WORD_RULE = f"an id: one word of at most {ID_LENGTH} characters"
Id = Annotated[str, Rule(ident, _WORD_RULE, "id")]
Day = Annotated[date, Rule(day, "a day, YYYY-MM-DD", "day")]
Count = Annotated[int, Rule(count, f"a whole number from 0 to {MAX_COUNT:,}", "count")]
Credibility = Annotated[
    int, Rule(credibility, "a whole number from 1 to 6", "choice", tuple("123456"))
]
Flag = Annotated[bool, Rule(flag, "True or False", "flag")]
Name = Annotated[str, text(NAME_LENGTH)]
Title = Annotated[str, text(NAME_LENGTH, needed=True)]
Note = Annotated[str, text(TEXT_LENGTH, lines=True)]
Colour = Annotated[str, matching(_COLOUR, "a colour, #rrggbb")]
