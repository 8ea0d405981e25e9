"""Sheets of OpenDocument spreadsheets (LibreOffice), by the standard library's XML.

OpenDocument 1.2, part 1, chapters 9 and 19. The readers on the registry are not kept
any more or want what this needs not. Entities are refused, repeats are capped.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from xml.parsers import expat

from chronicle.errors import InputError
from chronicle.formats.rows import MAX_CELL, MAX_COLUMNS
from chronicle.formats.spreadsheet.archive import check_archive
from chronicle.formats.spreadsheet.cells import Cell
from chronicle.formats.spreadsheet.workbook import MAX_ROWS, Merged

__all__ = ["OdsBook"]

_MOST_CELLS = 20_000_000
_PIECE = 2**16
_SPANS = ("table:number-columns-spanned", "table:number-rows-spanned")


class OdsBook:
    """A spreadsheet; raises `InputError` for one that cannot be read."""

    epoch_1904 = False  # its days are written as days

    def __init__(self, path: Path) -> None:
        self.path = path
        if "content.xml" not in check_archive(path):
            raise InputError(f"{path.name}: is no spreadsheet: it has no content.xml")
        self._tables: dict[str, list[tuple[int, list[Cell]]]] = {}
        self._merged: dict[str, list[Merged]] = {}
        self._read()
        self.sheets = [name for name, rows in self._tables.items() if rows]
        if not self.sheets:
            raise InputError(f"{path.name}: has no sheet with cells")

    def merged(self, sheet: str) -> list[Merged]:
        """The merged ranges of a sheet, from 1."""
        return self._merged[sheet]

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        """Row numbers and cells; rows that are blank are left out."""
        return iter([(number, list(cells)) for number, cells in self._tables[sheet]])

    def _read(self) -> None:
        reading = _Reading(self.path, self._tables, self._merged)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = reading.start
        parser.EndElementHandler = reading.end
        parser.CharacterDataHandler = reading.text
        parser.EntityDeclHandler = reading.refuse
        try:
            with (
                zipfile.ZipFile(self.path) as archive,
                archive.open("content.xml") as file,
            ):
                while piece := file.read(_PIECE):
                    parser.Parse(piece, False)
            parser.Parse(b"", True)
        except (expat.ExpatError, zipfile.BadZipFile, OSError, EOFError, RuntimeError):
            raise InputError(
                f"{self.path.name}: cannot be read as a spreadsheet"
            ) from None


class _Reading:
    """One pass over content.xml."""

    def __init__(
        self,
        path: Path,
        tables: dict[str, list[tuple[int, list[Cell]]]],
        merged: dict[str, list[Merged]],
    ) -> None:
        self._path = path
        self._tables, self._merged = tables, merged
        self._sheet = ""
        self._row = 0
        self._cells: list[Cell] = []
        self._attributes: dict[str, str] = {}
        self._parts: list[str] = []
        self._in_cell = self._notes = 0
        self._paragraphs = 0
        self._count = 0

    def refuse(self, *_: object) -> None:
        raise InputError(f"{self._path.name}: declares entities; it was not read")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self._sheet = attributes.get("table:name", f"Sheet{len(self._tables) + 1}")
            self._tables[self._sheet], self._merged[self._sheet] = [], []
            self._row = 0
        elif name == "table:table-row":
            self._cells = []
            self._repeat_row = _count(attributes, "table:number-rows-repeated")
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._attributes, self._parts, self._paragraphs = attributes, [], 0
            self._in_cell += 1
        elif name == "office:annotation":
            self._notes += 1
        elif self._in_cell and name == "text:p":
            if self._paragraphs:
                self._parts.append("\n")
            self._paragraphs += 1
        elif self._in_cell and name == "text:s":
            self._parts.append(" " * min(_count(attributes, "text:c"), 100))

    def text(self, text: str) -> None:
        if self._in_cell and not self._notes and self._paragraphs:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if name == "office:annotation":
            self._notes -= 1
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._in_cell -= 1
            self._end_cell()
        elif name == "table:table-row":
            self._end_row()

    def _end_cell(self) -> None:
        attributes = self._attributes
        value = _value(attributes, "".join(self._parts))
        at = len(self._cells) + 1
        wide, high = (_count(attributes, one) for one in _SPANS)
        if wide * high > 1:
            self._merged[self._sheet].append(
                (self._row + 1, at, self._row + high, at + wide - 1)
            )
        times = _count(attributes, "table:number-columns-repeated")
        self._cells += [value] * min(times, MAX_COLUMNS + 1 - len(self._cells))

    def _end_row(self) -> None:
        while self._cells and self._cells[-1] is None:
            self._cells.pop()
        if self._cells:
            for number in range(self._repeat_row):
                self._count += len(self._cells)
                if self._count > _MOST_CELLS or self._row + number >= MAX_ROWS:
                    raise InputError(
                        f"{self._path.name}: has more than {_MOST_CELLS:,} cells"
                    )
                self._tables[self._sheet].append((self._row + number + 1, self._cells))
        self._row += self._repeat_row


def _count(attributes: dict[str, str], name: str) -> int:
    told = attributes.get(name, "1")
    return (
        min(int(told), 2**31) if told.isascii() and told.isdigit() and int(told) else 1
    )


def _value(attributes: dict[str, str], shown: str) -> Cell:
    kind = attributes.get("office:value-type", "")
    try:
        if kind in ("float", "percentage", "currency"):
            number = float(attributes["office:value"])
            whole = number == number and abs(number) < 1e15 and number.is_integer()
            return int(number) if whole else number
        if kind == "date":
            told = attributes["office:date-value"][:26]
            return (
                datetime.fromisoformat(told)
                if "T" in told
                else date.fromisoformat(told)
            )
        if kind == "boolean":
            return attributes["office:boolean-value"] == "true"
    except (KeyError, ValueError):
        pass
    return shown[:MAX_CELL] if shown.strip() else None
