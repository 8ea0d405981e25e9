"""Values out of a table of parsed TOML, each with its place in messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from chronicle.domain import fields
from chronicle.domain.fields import Rule
from chronicle.domain.names import did_you_mean
from chronicle.errors import InputError

__all__ = ["LINE", "Origin", "Reader"]

# Far from the ends of the calendar, over which no sum of days may go.
FIRST_DAY, LAST_DAY = date(1000, 1, 1), date(9999, 12, 31)

LINE = fields.text(fields.NAME_LENGTH)


@dataclass(frozen=True, slots=True)
class Origin:
    """The name of a file, and the line of each key (`scenario.lens`) where known."""

    name: str
    lines: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def at(self, place: str) -> str:
        """`file:line` of a key, or of the table that holds it; else the file."""
        line = self.lines.get(place) or self.lines.get(place.rpartition(".")[0])
        return f"{self.name}:{line}" if line else self.name


class Reader:
    """A table whose keys are among *keys*; anything else is an `InputError`."""

    def __init__(
        self, file: Origin, where: str, table: object, keys: Sequence[str]
    ) -> None:
        self.file, self.where = file, where
        if not isinstance(table, Mapping):
            raise self.wrong("", table, "must be a table")
        self.table = table
        for key in table:
            if key not in keys:
                hint = did_you_mean(key, keys, f"known: {', '.join(keys)}")
                place = f"[{where}] has no key" if where else "there is no"
                line = file.at(f"{where}.{key}" if where else key)
                raise InputError(f"{line}: {place} {key!r}{hint}")

    def wrong(self, key: str, value: object, rule: str) -> InputError:
        """The error for a value that breaks a rule."""
        place = f"{self.where}.{key}" if key else self.where
        told = str(value) if isinstance(value, date | time) else repr(value)
        return InputError(f"{self.file.at(place)}: {place}: {told:.80} {rule}")

    def need(self, key: str) -> object:
        """The value of a key that must be there."""
        if key not in self.table:
            place = f"[{self.where}] wants {key!r}" if self.where else f"no [{key}]"
            raise InputError(f"{self.file}: {place}")
        return self.table[key]

    def text(self, key: str, default: str | None = None, rule: Rule = LINE) -> str:
        """A text that *rule* passes."""
        value = self.need(key) if default is None else self.table.get(key, default)
        try:
            found: str = rule(value)
        except ValueError as broken:
            raise self.wrong(key, value, str(broken)) from None
        return found

    def day(self, key: str) -> date | None:
        """A bare calendar day, or None."""
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            rule = "must be a day, written bare, and nothing finer: 2024-11-30"
            raise self.wrong(key, value, rule)
        if not FIRST_DAY <= value <= LAST_DAY:
            raise self.wrong(key, value, f"must be from {FIRST_DAY} to {LAST_DAY}")
        return value

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number from *low* to *high*."""
        value = self.table.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.wrong(key, value, f"must be a whole number, {low} to {high:,}")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A finite number from *low* to *high*."""
        value = self.table.get(key, default)
        if type(value) not in (int, float) or not low <= value <= high:
            raise self.wrong(key, value, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def names(
        self, key: str, *, needed: bool = False, or_word: str = ""
    ) -> tuple[str, ...]:
        """A list of names; *or_word* is what else the caller takes."""
        value = self.need(key) if needed else self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            other = f", or {or_word!r}" if or_word else ""
            raise self.wrong(key, value, f"must be a list of names{other}")
        if needed and not value:
            raise self.wrong(key, value, "must not be empty")
        return tuple(value)

    def choice(
        self, key: str, allowed: Sequence[str], default: str | None = None
    ) -> str:
        """One of *allowed*, or an error with the nearest."""
        value = self.text(key, default)
        if value not in allowed:
            hint = did_you_mean(value, allowed)
            raise self.wrong(key, value, f"must be one of {', '.join(allowed)}{hint}")
        return value
