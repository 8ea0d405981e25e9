"""Sheets of Excel workbooks: values as they were computed, never a formula or a macro.

Read by openpyxl as a stream. A workbook is a ZIP archive, so what it unpacks to is
capped before; merged cells are found in the sheet's XML, which the stream leaves out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from chronicle.errors import InputError
from chronicle.formats.rows import MAX_CELL, MAX_COLUMNS
from chronicle.formats.spreadsheet.archive import check_archive
from chronicle.formats.spreadsheet.cells import Cell

__all__ = ["ExcelBook", "Merged"]

MAX_ROWS = 1_048_576
_MERGE = re.compile(
    rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"'
)
# <c r="B2"><f>SUM(A1:A9)</f><v/></c>; with t="str" the result is an empty text.
_UNFINISHED = re.compile(
    rb'<(?:\w+:)?c\b(?![^<>]*\bt="str")[^<>]*>\s*+<(?:\w+:)?f\b'
    rb"(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*+"
    rb"(?:(?:<(?:\w+:)?v\s*+/>|<(?:\w+:)?v>\s*+</(?:\w+:)?v>)\s*+)?</(?:\w+:)?c>"
)
_MOST_MERGES = 10_000
_BLANK_ROWS = 1_000  # in a row: a sheet that was formatted to its end is over

Merged = tuple[int, int, int, int]  # first row, first column, last row, last column


class ExcelBook:
    """A workbook; raises `InputError` for one that cannot be read.

    The file is opened for each reading, and closed with it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        check_archive(path)
        with self._opened() as book:
            self.epoch_1904: bool = book.epoch.year == 1904
            self._parts: dict[str, str] = {
                sheet.title: getattr(sheet, "_worksheet_path", "").lstrip("/")
                for sheet in book.worksheets
                if getattr(sheet, "sheet_state", "visible") == "visible"
            }
        self.sheets = list(self._parts)
        if not self.sheets:
            raise InputError(f"{path.name}: has no sheet with cells")

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import warnings

        from openpyxl import load_workbook

        with self.path.open("rb") as file:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of styles that nobody needs here
                    book = load_workbook(
                        file, read_only=True, data_only=True, keep_links=False
                    )
            except Exception as broken:  # many kinds, for what is no workbook
                raise InputError(
                    f"{self.path.name}: cannot be read as a workbook ({_said(broken)})"
                ) from None
            try:
                yield book
            finally:
                book.close()

    def merged(self, sheet: str) -> list[Merged]:
        """The merged ranges of a sheet, from 1, as far as there are not too many."""
        try:
            with (
                zipfile.ZipFile(self.path) as archive,
                archive.open(self._parts[sheet]) as file,
            ):
                text = _tail(file)
        except (KeyError, OSError, zipfile.BadZipFile, ValueError):
            return []
        found = _MERGE.findall(text)[:_MOST_MERGES]
        return [
            (int(top), _column(left), int(bottom), _column(right))
            for left, top, right, bottom in found
        ]

    def unfinished(self, sheet: str) -> int:
        """Cells with a formula and no result: a program wrote them, and no Excel has
        computed them since. They are read as blank."""
        count, left = 0, b""
        try:
            with (
                zipfile.ZipFile(self.path) as archive,
                archive.open(self._parts[sheet]) as file,
            ):
                while chunk := file.read(2**20):
                    text = left + chunk
                    cut = text.rfind(b"</c>") + 4
                    count += len(_UNFINISHED.findall(text[:cut]))
                    left = text[cut:][-MAX_CELL * 4 :]
        except (KeyError, OSError, zipfile.BadZipFile, ValueError):
            return 0
        return count

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        """Row numbers and cells; rows that are blank are left out."""
        with self._opened() as book:
            try:
                yield from _rows(book[sheet])
            except Exception as broken:
                raise InputError(
                    f"{self.path.name}: sheet {sheet!r} cannot be read "
                    f"({_said(broken)})"
                ) from None


def _rows(sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    blank = 0
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS)
    for number, values in enumerate(rows, 1):
        cells = [_cell(value) for value in values]
        if any(cell is not None for cell in cells):
            blank = 0
            yield number, cells
        else:
            blank += 1
        if blank > _BLANK_ROWS or number >= MAX_ROWS:
            return


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, bool | int | float | datetime | date | time):
        return value
    if isinstance(value, timedelta):
        return str(value)
    text = str(value)
    return text[:MAX_CELL] if text.strip() else None


def _said(broken: Exception) -> str:
    return f"{type(broken).__name__}: {' '.join(str(broken).split())}"[:120]


def _tail(file: Any) -> bytes:
    """The last 2 MiB: merged cells stand behind the rows."""
    kept = b""
    while chunk := file.read(2**20):
        kept = (kept + chunk)[-(2**21) :]
    return kept


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
