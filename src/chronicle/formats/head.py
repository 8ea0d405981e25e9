"""The beginning of a file, by which its format is told."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from chronicle.errors import InputError
from chronicle.formats.rows import open_local
from chronicle.formats.spreadsheet.cells import text_of
from chronicle.formats.spreadsheet.ods import OdsBook
from chronicle.formats.spreadsheet.workbook import ExcelBook

__all__ = [
    "BOMS",
    "HEAD",
    "MOST_BYTES",
    "TOP",
    "Cells",
    "Head",
    "book_of",
    "book_rows",
    "delimiter_of",
    "is_book",
]

MOST_BYTES = 8 * 2**30  # of one file that is read as a stream
HEAD = 2**16  # bytes by which a format is told
TOP = 25  # rows among which a header is sought
MOST_SHEETS = 20  # of a workbook, by which a format is told
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KEYS = re.compile(r'"([^"\\]{1,80})"\s*:')

Cells = list[str]


def is_book(start: bytes) -> bool:
    """Whether a file begins as a workbook does, which is a ZIP."""
    return start.startswith(b"PK\x03\x04")


class Head:
    """The beginning of a file: its bytes, its text, its first rows or first object.

    Of a workbook the rows are the first ones of each of its sheets.
    """

    def __init__(self, path: Path, start: bytes) -> None:
        self.path = path
        self.bytes = start
        self.book = is_book(start)
        encoding = next((name for bom, name in BOMS if start.startswith(bom)), "utf-8")
        self.text = "" if self.book else start.decode(encoding, errors="replace")
        self._rows: list[Cells] | None = None
        self._keys: frozenset[str] | None = None

    @classmethod
    def of(cls, path: Path) -> Head:
        """The head of a file; raises `InputError` where it cannot be opened."""
        with open_local(path, limit=MOST_BYTES) as raw:
            return cls(path, raw.read(HEAD) or b"")

    @property
    def json(self) -> bool:
        """Whether the text begins as JSON does."""
        return self.text.lstrip()[:1] in ("{", "[")

    @property
    def rows(self) -> list[Cells]:
        """The first rows, as far as they are whole; empty for JSON."""
        if self._rows is None:
            if self.book:
                self._rows = _first_of_book(self.path)
            else:
                self._rows = [] if self.json else _first_rows(self.text)
        return self._rows

    def header(self, *needed: str) -> bool:
        """Whether one of the first rows has all of *needed* among its cells."""
        return any(set(needed) <= {c.strip() for c in row} for row in self.rows)

    @property
    def keys(self) -> frozenset[str]:
        """The names that stand before a colon in the beginning of a JSON file."""
        if self._keys is None:
            found = _KEYS.findall(self.text) if self.json else ()
            self._keys = frozenset(found)
        return self._keys

    def columns(self, *needed: str) -> bool:
        """Whether rows or objects have all of *needed*."""
        return self.header(*needed) or set(needed) <= self.keys


def book_of(path: Path) -> OdsBook | ExcelBook:
    """The workbook in a file."""
    return OdsBook(path) if path.suffix.lower() == ".ods" else ExcelBook(path)


def book_rows(book: OdsBook | ExcelBook, sheet: str) -> Iterator[tuple[int, Cells]]:
    for line, cells in book.rows(sheet):
        yield line, [text_of(cell) for cell in cells]


def _first_of_book(path: Path) -> list[Cells]:
    """The first rows of each sheet; none of what cannot be read as a workbook."""
    try:
        book = book_of(path)
        return [
            cells
            for sheet in book.sheets[:MOST_SHEETS]
            for _, cells in islice(book_rows(book, sheet), TOP)
        ]
    except InputError:
        return []


def delimiter_of(text: str) -> str:
    """What parts the cells of the first line that has any."""
    lines = [line for line in text.splitlines()[:TOP] if line.strip()]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) > 4:
        return lines[0][4]
    counts = dict.fromkeys(",;\t|", 0)
    for line in lines[:3]:
        quoted = False
        for sign in line:
            if sign == '"':
                quoted = not quoted
            elif not quoted and sign in counts:
                counts[sign] += 1
    return max(counts, key=lambda sign: counts[sign]) if any(counts.values()) else ","


def _first_rows(text: str) -> list[Cells]:
    rows: list[Cells] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == TOP:
                break
    except csv.Error:
        pass
    return rows
