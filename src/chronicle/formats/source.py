"""One local file as formats of the field come: text of some encoding, rows, objects.

The bytes are read once for size, digest and encoding, and again for what they say.
Spreadsheet habits are taken as they are: a byte order mark, `sep=;`, semicolons or
tabs, title rows above the header, empty cells at the end. What is not UTF-8 is told.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from chronicle.errors import InputError
from chronicle.formats.head import (
    BOMS,
    MOST_BYTES,
    TOP,
    Cells,
    Head,
    book_of,
    book_rows,
    delimiter_of,
    is_book,
)
from chronicle.formats.problem import Problem
from chronicle.formats.rows import CHUNK, MAX_CELL, open_local
from chronicle.formats.spreadsheet.encoding import (
    code_page_of,
    encoding_of,
    odd_bytes,
)

__all__ = ["Sheet", "Source"]

MOST_JSON = 256 * 2**20  # of one that is read whole
MOST_LINES = 4_000  # by which an encoding is told


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the header without blanks around names, and the rows below it.

    Each row is a line and as many cells as the header has; a problem stands for a row
    that has more or fewer, or cannot be parted into cells.
    """

    header: Cells
    index: dict[str, int]
    line: int  # of the header; 0 where there is none
    rows: Iterator[tuple[int, Cells] | Problem]

    def has(self, *columns: str) -> bool:
        """Whether all of *columns* are there."""
        return all(column in self.index for column in columns)


class _Facts(NamedTuple):
    size: int
    digest: str
    encoding: str
    broken: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One file: where it is, what it is called in messages, what its bytes are."""

    path: Path
    name: str
    size: int
    digest: str
    encoding: str
    broken: bool = False  # it says what encoding it is of, and is not

    @classmethod
    def of(
        cls, path: Path, name: str | None = None, encoding: str | None = None
    ) -> Source:
        """The file at *path*; *encoding* is the user's word for what it is in.

        Raises `InputError` where it cannot be read, is not in *encoding*, or is in no
        UTF-8 and reads as words in two code pages that differ.
        """
        return cls(path, name or path.name, *_facts(path, encoding))

    def problem(
        self, line: int, rule: str, column: str | None = None, value: str = ""
    ) -> Problem:
        """A fault on a line of this file."""
        return Problem(file=self.name, line=line, column=column, value=value, rule=rule)

    def remark(
        self, line: int, rule: str, column: str | None = None, value: str = ""
    ) -> Problem:
        """Something odd, for which no report is lost."""
        return Problem(
            file=self.name,
            line=line,
            column=column,
            value=value,
            rule=rule,
            lost=False,
        )

    def faults(self) -> Iterator[Problem]:
        """What is odd about the file as a whole, though it was read."""
        if Head.of(self.path).book:
            return
        if self.encoding.startswith("cp125"):
            page = self.encoding.removeprefix("cp")
            yield self.remark(0, f"is not UTF-8; read as Windows-{page}")
        if self.encoding == "latin-1":
            yield self.remark(
                0, "is neither UTF-8 nor of a Windows code page; read as Latin-1"
            )
        if self.broken:
            word = "UTF-16" if self.encoding == "utf-16" else "UTF-8"
            yield self.problem(0, f"is {word} but for some bytes; letters are lost")

    def bytes(self, limit: int = MOST_JSON) -> bytes:
        """All of it; raises `InputError` where it holds more than *limit* bytes."""
        with open_local(self.path, limit=limit) as raw:
            return raw.read() or b""

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """The text, as a stream that keeps line ends."""
        with (
            open_local(self.path, limit=MOST_BYTES) as raw,
            io.BufferedReader(raw, CHUNK) as file,
        ):
            errors = "replace" if self.broken else "strict"
            yield io.TextIOWrapper(
                file, encoding=self.encoding, errors=errors, newline=""
            )

    def sheet(
        self,
        is_header: Callable[[Cells], bool],
        default: Collection[str] = (),
    ) -> Sheet:
        """The table whose header *is_header* knows among the first rows.

        *default* are the columns of a file that has no header. Objects of JSON are
        rows, with the names of their keys as header and their rank as line. Raises
        `InputError` where there is no such header.
        """
        head = Head.of(self.path)
        if head.book:
            return self.sheets(is_header)[0]
        if head.json:
            return self._of_objects(is_header)
        rows = self._rows(delimiter_of(head.text))
        top: list[tuple[int, Cells]] = []
        for row in rows:
            if isinstance(row, Problem):
                continue
            cells = [" ".join(cell.split()) for cell in row[1]]
            if is_header(cells):
                index = _index(cells)
                width = len(cells)
                return Sheet(cells, index, row[0], self._fitted(rows, width))
            top.append(row)
            if len(top) == TOP:
                break
        if default and top and len(top[0][1]) == len(default):
            names = list(default)
            again = self._fitted(self._rows(delimiter_of(head.text)), len(names))
            return Sheet(names, _index(names), 0, again)
        raise InputError(f"{self.name}: has no header of this format")

    def sheets(self, is_header: Callable[[Cells], bool]) -> list[Sheet]:
        """The tables of a workbook with such a header, a sheet each; of text the one.

        Raises `InputError` where there is none.
        """
        if not Head.of(self.path).book:
            return [self.sheet(is_header)]
        book = book_of(self.path)
        found = []
        for name in book.sheets:
            rows = iter(book_rows(book, name))
            for rank, (line, cells) in enumerate(rows):
                cells = [" ".join(cell.split()) for cell in cells]
                while cells and not cells[-1]:
                    cells.pop()
                if is_header(cells):
                    below = self._fitted(_padded(rows, len(cells)), len(cells))
                    found.append(Sheet(cells, _index(cells), line, below))
                    break
                if rank == TOP:
                    break
        if not found:
            raise InputError(f"{self.name}: no sheet has a header of this format")
        return found

    def _rows(self, delimiter: str) -> Iterator[tuple[int, Cells] | Problem]:
        with self.text() as text:
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            line = 1
            while True:
                try:
                    for cells in reader:
                        if cells:
                            yield line, cells
                        line = reader.line_num + 1
                    return
                except csv.Error as broken:
                    said = str(broken)
                    if "unexpected end" in said or "limit" in said:
                        yield self.problem(
                            line,
                            "opens a quote that never closes, or holds a cell of more "
                            f"than {MAX_CELL:,} characters; nothing from here on was "
                            "read",
                        )
                        return
                    yield self.problem(line, f"cannot be parted into cells: {said}")
                    line = reader.line_num + 1

    def _fitted(
        self, rows: Iterator[tuple[int, Cells] | Problem], width: int
    ) -> Iterator[tuple[int, Cells] | Problem]:
        for row in rows:
            if isinstance(row, Problem):
                yield row
                continue
            line, cells = row
            if len(cells) == width:
                if any(cells):
                    yield row
            elif not any(cells):
                continue
            elif len(cells) > width and not any(cells[width:]):
                yield line, cells[:width]
            else:
                yield self.problem(
                    line, f"has {len(cells)} cells where the header has {width}"
                )

    def _of_objects(self, is_header: Callable[[Cells], bool]) -> Sheet:
        objects = self.objects()
        names: dict[str, int] = {}
        for one in objects:
            for key in one:
                names.setdefault(key, len(names))
        header = list(names)
        if not is_header(header):
            raise InputError(f"{self.name}: its objects are not of this format")

        def rows() -> Iterator[tuple[int, Cells] | Problem]:
            for rank, one in enumerate(objects, 1):
                yield rank, [_cell(one.get(name)) for name in header]

        return Sheet(header, names, 0, rows())

    def json(self) -> object:
        """What a JSON file holds; raises `InputError` for what is no JSON."""
        if self.size > MOST_JSON:
            raise InputError(f"{self.name}: holds more than {MOST_JSON:,} bytes")
        with self.text() as text:
            whole = text.read()
        try:
            return msgspec.json.decode(whole)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as broken:
            raise InputError(f"{self.name}: is no JSON: {broken}") from None

    def objects(self) -> list[dict[str, object]]:
        """The objects of a JSON array, or of the list that an object holds.

        Features of GeoJSON are their properties, with `longitude` and `latitude` of a
        point beside them. Raises `InputError` for what is no JSON, or has no list.
        """
        told = self.json()
        if isinstance(told, dict):
            lists = [one for one in told.values() if isinstance(one, list)]
            told = lists[0] if lists else [told]
        if not isinstance(told, list):
            raise InputError(f"{self.name}: holds no list of objects")
        return [_flat(one) for one in told if isinstance(one, dict)]


def _padded(
    rows: Iterator[tuple[int, Cells]], width: int
) -> Iterator[tuple[int, Cells] | Problem]:
    """Rows with empty cells at the end, where a sheet leaves them out."""
    for line, cells in rows:
        yield line, cells + [""] * (width - len(cells))


def _flat(one: dict[str, object]) -> dict[str, object]:
    properties = one.get("properties")
    if one.get("type") != "Feature" or not isinstance(properties, dict):
        return one
    geometry = one.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        spot = geometry.get("coordinates")
        if isinstance(spot, list) and len(spot) >= 2:
            properties = {"longitude": spot[0], "latitude": spot[1]} | properties
    return properties


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return msgspec.json.encode(value).decode()


def _index(cells: Cells) -> dict[str, int]:
    """Where each name stands; of a name that is there twice, the first."""
    index: dict[str, int] = {}
    for place, cell in enumerate(cells):
        index.setdefault(cell, place)
    return index


def _facts(path: Path, said: str | None) -> _Facts:
    """Size, SHA-256 and encoding, in one pass."""
    told, whole, first = "", True, True
    decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder("utf-8")()
    sample: list[bytes] = []  # lines with other letters than ASCII has
    with open_local(path, limit=MOST_BYTES) as raw:
        while chunk := raw.read(CHUNK):
            if first:
                told = next((name for bom, name in BOMS if chunk.startswith(bom)), "")
                decoder = codecs.getincrementaldecoder(told or "utf-8")()
                first = False
            if whole:
                whole = _decodes(decoder, chunk)
            if len(sample) < MOST_LINES and not told and not chunk.isascii():
                sample += [line for line in chunk.splitlines() if not line.isascii()]
        whole = whole and _decodes(decoder, b"", final=True)
        size, digest = raw.size, raw.digest()
    if said is not None:
        return _Facts(size, digest, encoding_of(path, said), False)
    if whole or told:
        return _Facts(size, digest, told or "utf-8", not whole)
    return _Facts(size, digest, *_page(path, b"\n".join(sample[:MOST_LINES])))


def _page(path: Path, sample: bytes) -> tuple[str, bool]:
    """The encoding of a text that is no UTF-8, and whether it is one that is spoilt."""
    with path.open("rb") as file:
        start = file.read(4)
    if is_book(start):
        return "latin-1", False
    if odd_bytes(sample):
        return "utf-8", True
    try:
        return code_page_of(path, sample), False
    except InputError as doubt:
        if "may be" in str(doubt):
            raise
    return "latin-1", False


def _decodes(
    decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False
) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
