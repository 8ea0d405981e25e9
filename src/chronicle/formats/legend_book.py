"""What marks and words of a map mean, by day: never guessed, always from a legend.

A legend is a CSV that the user names, with columns `mark,means,valid_from`, or the
legend reports that the record holds. `means` is an actor (id or name), a status
(`contested`), both (`besieged: gov`), or `nothing` for a picture that tells no control.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

from chronicle.domain.events import NAMELESS, STATUSES
from chronicle.errors import InputError
from chronicle.formats import words
from chronicle.formats.earlier import Earlier
from chronicle.formats.problem import Problem
from chronicle.formats.source import Source

__all__ = ["NOTHING", "LegendBook", "Meaning"]


class Meaning(NamedTuple):
    """A status and who it is of, in the legend's words; empty where nobody is."""

    status: str
    actor: str


NOTHING = Meaning("", "")  # a picture that tells no control
_HEADERS = ({"mark", "means"}, {"colour", "means"})


class LegendBook:
    """The meanings of one map's marks, each from a day on."""

    def __init__(
        self, option: str, earlier: Earlier, otherwise: dict[str, str]
    ) -> None:
        self._meanings: dict[str, list[tuple[date, Meaning]]] = {}
        for mark, means in otherwise.items():
            self._add(mark, means, date.min)
        if option.endswith(".csv"):
            self._from_file(Path(option))
            return
        if otherwise and not option:
            return
        told = earlier.legends()
        names = {one.legend for one in told}
        if option and option not in names:
            there = ", ".join(sorted(names)) or "none"
            raise InputError(
                f"legend: the record has no legend {option!r}; it has: {there}"
            )
        if len(names) > 1 and not option:
            there = ", ".join(sorted(names))
            raise InputError(
                f"the record has several legends: {there}; say which: --set legend=NAME"
            )
        for one in told:
            if not option or one.legend == option:
                self._add(one.colour, one.means, one.valid_from)

    def _from_file(self, path: Path) -> None:
        source = Source.of(path)
        sheet = source.sheet(lambda cells: any(set(cells) >= one for one in _HEADERS))
        mark = sheet.index.get("mark", sheet.index.get("colour", 0))
        means, start = sheet.index["means"], sheet.index.get("valid_from")
        for row in sheet.rows:
            if isinstance(row, Problem):
                raise InputError(str(row))
            line, cells = row
            text = "" if start is None else cells[start]
            try:
                day = date.min if words.nothing(text) else words.day(text)
                self._add(words.clean(cells[mark]), words.clean(cells[means]), day)
            except ValueError as broken:
                raise InputError(f"{source.name}:{line}: {broken}") from None

    def _add(self, mark: str, means: str, day: date) -> None:
        days = self._meanings.setdefault(_key(mark), [])
        days.append((day, _meaning(means)))
        days.sort(key=lambda one: one[0])  # told twice for a day: the later one holds

    def means(self, mark: str, day: date) -> Meaning | None:
        """What a mark means on *day*; None where no legend says it."""
        found = None
        for start, meaning in self._meanings.get(_key(mark), ()):
            if start <= day:
                found = meaning
        return found


def _key(mark: str) -> str:
    return " ".join(mark.replace("_", " ").split()).casefold()


def _meaning(text: str) -> Meaning:
    """What a cell of a legend means; raises `ValueError` for a contradiction."""
    word, colon, rest = (part.strip() for part in text.partition(":"))
    if text.casefold() in ("nothing", "-", ""):
        return NOTHING
    if word in STATUSES and (colon or word in NAMELESS):
        if (word in NAMELESS) == bool(rest):
            wants = "no actor" if word in NAMELESS else "an actor"
            raise ValueError(f"means: {text!r}: {word} has {wants}")
        return Meaning(word, rest)
    return Meaning("held", text)
