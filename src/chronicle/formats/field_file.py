"""One file of a format of the field, as the importer takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from chronicle.domain.state import References
from chronicle.errors import UsageError
from chronicle.formats.csv_folder.file import CsvRow
from chronicle.formats.field import Asked, Format
from chronicle.formats.known_formats import format_named, recognised
from chronicle.formats.problem import Problem
from chronicle.formats.source import Source

__all__ = ["ANY", "OWN", "FieldFile", "Wanted", "field_file", "field_files"]

OWN = "own"  # the word for Chronicle's own format


@dataclass(frozen=True, slots=True)
class Wanted:
    """The format that a user names, the day of a file without one, and its options."""

    format: str | None = None
    day: date | None = None
    options: Mapping[str, str] = field(default_factory=dict)


ANY = Wanted()  # found by itself, and nothing set


@dataclass(frozen=True, slots=True)
class FieldFile:
    """A file and the format that reads it; *references* are asked when it is read."""

    source: Source
    format: Format
    dataset: str
    references: Callable[[], References]
    wanted: Wanted = ANY

    @property
    def name(self) -> str:
        """What messages and the record call it."""
        return self.source.name

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.source.path

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes."""
        return self.source.digest

    @property
    def types(self) -> tuple[str, ...]:
        """TYPEs of the reports that such a file holds."""
        return self.format.types

    @property
    def told_only(self) -> bool:
        """Never: the rows of such a file are there to be recorded."""
        return False

    def rows_and_blocks(self, size: int) -> Iterator[CsvRow | Problem]:
        """The events in order, a `CsvRow` for each; *size* is of no use here."""
        asked = Asked(
            dataset=self.dataset,
            references=self.references(),
            day=self.wanted.day,
            options=self.wanted.options,
        )
        yield from self.source.faults()
        for one in self.format.read(self.source, asked):
            yield one if isinstance(one, Problem) else CsvRow(one[0], (one[1],))


def field_file(
    path: Path,
    references: Callable[[], References],
    dataset: str | None,
    wanted: Wanted = ANY,
) -> FieldFile | None:
    """The file at *path* as of a format of the field; None where none knows it.

    Raises `UsageError` for an option that the format does not have, and `InputError`
    for a file that cannot be opened.
    """
    named = wanted.format
    found = recognised(path) if named is None else format_named(named)
    if found is None:
        return None
    for option in wanted.options:
        if option not in found.options:
            there = ", ".join(found.options) or "none"
            raise UsageError(f"{found.name} has no option {option!r}; it has: {there}")
    of = found.dataset if dataset is None else dataset
    return FieldFile(Source.of(path), found, of, references, wanted)


def field_files(
    folder: Path,
    references: Callable[[], References],
    dataset: str | None,
    wanted: Wanted = ANY,
) -> tuple[list[FieldFile], list[str]]:
    """The files of a folder that some format knows, by name, and what else is there."""
    found: list[FieldFile] = []
    others: list[str] = []
    for path in sorted(folder.iterdir()):
        file = None
        if path.is_file():
            file = field_file(path, references, dataset, wanted)
        if file is None:
            others.append(path.name)
        else:
            found.append(file)
    return found, others
