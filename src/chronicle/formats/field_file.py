"""One file of a format of the field, as the importer takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from chronicle.domain.events import ControlReported, Event, Report
from chronicle.errors import UsageError
from chronicle.formats.csv_folder.file import CsvRow
from chronicle.formats.earlier import Earlier
from chronicle.formats.field import Asked, Format
from chronicle.formats.known_formats import format_named, recognised
from chronicle.formats.problem import Problem
from chronicle.formats.source import Source
from chronicle.formats.spreadsheet.table import TableOptions
from chronicle.store.bulk import Controls, columns_of

__all__ = [
    "ANY",
    "OWN",
    "FieldFile",
    "FolderReader",
    "Readable",
    "Wanted",
    "field_file",
    "field_files",
]

FEW = 16  # control reports for which a block would not pay
OWN = "own"  # the word for Chronicle's own format


class Readable(Protocol):
    """A file that can be imported, whatever its format.

    `types` are the TYPEs of the reports that it holds; `told_only` one whose rows are
    all problems, and no reason for *strict* to refuse it; `kept_ids` one whose ids are
    those of whoever keeps the data, and the same in every file and vintage of it.
    """

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path: ...
    @property
    def digest(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def types(self) -> Sequence[str]: ...
    @property
    def told_only(self) -> bool: ...
    @property
    def kept_ids(self) -> bool: ...

    def rows_and_blocks(self, size: int) -> Iterator[CsvRow | Problem | Controls]:
        """Rows and problems, and blocks of *size* ordinary control reports."""
        ...


FolderReader = Callable[[Path, str | None, Earlier], Readable | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The format that a user names, the day of a file without one, and its options.

    *folders* are readers of folders that this room does not know, such as FLEE's, by
    the name of the format; each gives a file to import, or None for a folder that is
    none of its own.
    """

    format: str | None = None
    day: date | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    table: TableOptions = field(default_factory=TableOptions)  # of any other table
    folders: Mapping[str, FolderReader] = field(default_factory=dict)


ANY = Wanted()  # found by itself, and nothing set


@dataclass(frozen=True, slots=True)
class FieldFile:
    """A file and the format that reads it; *earlier* is asked when it is read."""

    source: Source
    format: Format
    dataset: str
    earlier: Earlier
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
    def kept_ids(self) -> bool:
        """Whether ids are those of whoever keeps the data; so they are."""
        return True

    @property
    def told_only(self) -> bool:
        """Never: the rows of such a file are there to be recorded."""
        return False

    def rows_and_blocks(self, size: int) -> Iterator[CsvRow | Problem | Controls]:
        """The events in order: a `CsvRow` for each, and control reports in blocks.

        A block holds *size* of them that follow each other under ids of their own.
        """
        asked = Asked(
            dataset=self.dataset,
            references=self.earlier.references(),
            earlier=self.earlier,
            day=self.wanted.day,
            options=self.wanted.options,
        )
        yield from self.source.faults()
        block: list[tuple[int, ControlReported]] = []
        ids: set[str] = set()
        for one in self.format.read(self.source, asked):
            if isinstance(one, Problem):
                yield one  # problems may come before the rows that stand before them
                continue
            line, event = one
            control = isinstance(event, ControlReported)
            if block and (not control or len(block) == size or _id_of(event) in ids):
                yield from _flushed(block)
                block.clear()
                ids.clear()
            if isinstance(event, ControlReported):
                block.append((line, event))
                ids.add(event.report_id)
            else:
                yield CsvRow(line, (event,))
        yield from _flushed(block)


def _id_of(event: Event) -> str:
    """The id of the report that an event tells; empty where it tells none."""
    return event.report_id if isinstance(event, Report) else ""


def _flushed(block: list[tuple[int, ControlReported]]) -> Iterator[CsvRow | Controls]:
    if len(block) < FEW:
        yield from (CsvRow(line, (event,)) for line, event in block)
        return
    lines, events = zip(*block, strict=True)
    yield Controls(lines, columns_of(events))


def field_file(
    path: Path,
    earlier: Earlier,
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
    source = Source.of(path, encoding=wanted.table.mapping.sheet.encoding)
    return FieldFile(source, found, of, earlier, wanted)


def field_files(
    folder: Path,
    earlier: Earlier,
    dataset: str | None,
    wanted: Wanted = ANY,
) -> tuple[list[FieldFile], list[str]]:
    """The files of a folder that some format knows, by name, and what else is there."""
    found: list[FieldFile] = []
    others: list[str] = []
    for path in sorted(folder.iterdir()):
        file = None
        if path.is_file():
            file = field_file(path, earlier, dataset, wanted)
        if file is None:
            others.append(path.name)
        else:
            found.append(file)
    return found, others
