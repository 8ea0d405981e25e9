"""A format of the field: how one is told from others, and what reading it gives.

Each is a module with one `Format`; `known_formats` is the table of them.

    found = recognised(path)              # or chosen by name
    for row in found.read(source, Asked(dataset="ucdp-ged")):
        ...  # (line, event), or a Problem

A reader yields what the log may hold and nothing else: places, actors and sources that
a row names come before the report that names them. It raises `InputError` only where
the file as a whole cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from chronicle.domain.events import Event
from chronicle.domain.state import References
from chronicle.errors import BadField, InputError
from chronicle.formats.earlier import Earlier
from chronicle.formats.head import Cells, Head
from chronicle.formats.problem import Problem
from chronicle.formats.source import Source

__all__ = ["Asked", "BadCell", "Format", "Line", "Rows", "each_row"]

Line = tuple[int, Event]
Rows = Iterator[Line | Problem]


class BadCell(InputError):
    """A row that cannot be taken: the column, the value and the rule that it breaks."""

    def __init__(self, column: str | None, value: str, rule: str) -> None:
        self.column = column
        self.value = value
        self.rule = rule
        super().__init__(f"{column}: {value!r}: {rule}" if column else rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reader is told besides the file.

    *dataset* goes on every event. *references* is what the record has registered
    already: places of it are used again. *earlier* answers what a source said before;
    *day* is that of a file which does not say
    from which day it is. *options* are the format's own, by name.
    """

    dataset: str
    references: References = field(default_factory=References)
    earlier: Earlier = field(default_factory=Earlier)
    day: date | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: the name for `--as`, and how it is told and read.

    *recognises* gives 0 for another format and up to 100 for a sure one; the highest
    wins. *dataset* is the data set unless the user names one: ids of these formats
    belong to whoever keeps them, not to a folder. *types* are the reports that a file
    holds whole, so that one which a later vintage lacks is not told again; none for a
    format that tells only what changed. *options* says, by name, what may be set.
    """

    name: str
    title: str
    dataset: str
    types: tuple[str, ...]
    recognises: Callable[[Path, Head], int]
    read: Callable[[Source, Asked], Rows]
    options: Mapping[str, str] = field(default_factory=dict)


def each_row(
    source: Source,
    rows: Iterable[tuple[int, Cells] | Problem],
    take: Callable[[int, Cells], Iterable[Event | Problem]],
) -> Rows:
    """What *take* makes of each row; what breaks a rule there is a problem.

    *take* gives nothing of a row that it refuses by `BadCell` or `BadField`.
    """
    for row in rows:
        if isinstance(row, Problem):
            yield row
            continue
        line, cells = row
        try:
            made = take(line, cells)
            for one in made:
                yield one if isinstance(one, Problem) else (line, one)
        except BadCell as bad:
            yield source.problem(line, bad.rule, bad.column, bad.value)
        except BadField as bad:
            yield source.problem(line, f"{bad.field}: {bad.value}: {bad.rule}")
