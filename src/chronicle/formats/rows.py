"""Rows of a CSV file: strictly as they stand, one pass, in memory that does not grow.

Only a local regular file is opened, never an address, and nothing is ever unpacked.
Bytes are counted, capped and digested on the way. What cannot be a row becomes a
`Problem`, and reading goes on wherever the next row is certain to be a row.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chronicle.domain.names import did_you_mean
from chronicle.errors import InputError
from chronicle.formats.problem import Problem
from chronicle.store.sqlite.header import is_database

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = [
    "MAX_BYTES",
    "MAX_CELL",
    "MAX_COLUMNS",
    "MAX_ROW",
    "Header",
    "LocalFile",
    "Record",
    "check_header",
    "digest_of",
    "open_local",
    "records",
    "refuse_address",
]

MAX_BYTES = 512 * 2**20  # of a file
MAX_ROW = 4 * 2**20  # bytes from the start of a row to its end
MAX_CELL = 131_072  # characters; the csv module's own limit, unless someone moved it
MAX_COLUMNS = 500
CHUNK = 2**18  # bytes read at once
PIECE = 2**12  # bytes of rows that are taken apart at once

# Two letters at least: one letter and a colon is a drive.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/", re.ASCII)
_MAGIC = {
    b"\x1f\x8b": "is compressed (gzip)",
    b"PK\x03\x04": "is a ZIP archive or a workbook",
    b"BZh": "is compressed (bzip2)",
    b"\xfd7zXZ": "is compressed (xz)",
    b"\x28\xb5\x2f\xfd": "is compressed (zstd)",
    b"\xff\xfe": "is UTF-16",
    b"\xfe\xff": "is UTF-16",
}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


# --- bytes -------------------------------------------------------------------------


class LocalFile(io.RawIOBase):
    """The bytes of a regular file, counted, capped and digested as they are read."""

    def __init__(self, path: Path, *, limit: int = MAX_BYTES) -> None:
        self._path = path
        self._limit = limit
        self._sha256 = hashlib.sha256()
        self.size = 0
        self.ended = False
        self._file = _opened(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            got = self._file.readinto(buffer) or 0
        except OSError as refused:
            raise InputError(f"{self._path}: {refused.strerror}") from refused
        self.size += got
        if self.size > self._limit:
            raise InputError(
                f"{self._path}: is larger than {self._limit:,} bytes; split it, or "
                "raise the limit"
            )
        self.ended = got == 0
        self._sha256.update(memoryview(buffer)[:got])
        return got

    def digest(self) -> str:
        """SHA-256 of what was read, in lower-case hexadecimal."""
        return self._sha256.hexdigest()

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


def refuse_address(path: Path) -> None:
    """Raise `InputError` for what is no path but an address, such as `file:` one."""
    if _ADDRESS.match(str(path)):
        raise InputError(f"{path}: is an address; only local files are read")


def _opened(path: Path) -> io.FileIO:
    refuse_address(path)
    try:
        _regular(path, path.stat().st_mode)  # first, as to open a device is to act
        if is_database(path):  # which may be the open chronicle: see `header`
            raise InputError(f"{path}: is an SQLite database, not a table of text")
        # Without O_NONBLOCK a FIFO that came in between would be waited for.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        file = io.FileIO(os.open(path, flags))
    except OSError as refused:
        raise InputError(f"{path}: {refused.strerror}") from refused
    except ValueError as refused:  # a NUL or a lone surrogate in the path
        raise InputError(f"{str(path)!r}: is no path") from refused
    try:
        _regular(path, os.fstat(file.fileno()).st_mode)
    except InputError:
        file.close()
        raise
    return file


def _regular(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is a device, a pipe or a socket, not a file")


def open_local(path: Path, *, limit: int = MAX_BYTES) -> LocalFile:
    """The bytes of a local regular file; links are followed.

    Raises `InputError` for an address, a folder, a pipe, a device, and for a file that
    is missing, may not be read, or turns out to hold more than *limit* bytes.
    """
    return LocalFile(path, limit=limit)


def digest_of(path: Path, *, limit: int = MAX_BYTES) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file; raises what `open_local` raises."""
    chunk = bytearray(CHUNK)
    with open_local(path, limit=limit) as file:
        while file.readinto(chunk):
            pass
        return file.size, file.digest()


# --- rows --------------------------------------------------------------------------


class Record(NamedTuple):
    """The cells of one row, and the physical line, from 1, on which it starts."""

    line: int
    cells: list[str]


class _Plain:
    """Rows of the pieces of a file that have a row on every line, many at a time.

    That is so where there is no quote; anything else unusual ends it too. `left` are
    then the bytes that were read and not understood, and `line` the last line before.
    """

    def __init__(self, file: io.BufferedIOBase, line: int, width: int) -> None:
        self._file = file
        self._width = width
        self.line = line
        self.left = b""

    def records(self) -> Iterator[Record]:
        while piece := self._file.read(PIECE):
            if not piece.endswith(b"\n"):
                piece += self._file.readline(MAX_ROW + 1)
            rows = self._rows(piece)
            if rows is None:
                self.left = piece
                return
            numbered = zip(count(self.line + 1), rows, strict=False)
            yield from map(Record._make, numbered)
            self.line += len(rows)

    def _rows(self, piece: bytes) -> list[list[str]] | None:
        if b'"' in piece or b"\0" in piece or b"\r" in piece.replace(b"\r\n", b"\n"):
            return None
        try:
            lines = piece.decode().removesuffix("\n").split("\n")
            if max(map(len, lines)) > MAX_CELL:
                return None
            rows = list(csv.reader(lines, strict=True))
        except (UnicodeDecodeError, csv.Error):
            return None
        return rows if set(map(len, rows)) == {self._width} else None


class _Lines:
    """Physical lines as text; `fault` and `line` say what was wrong with the last row.

    A faulty line is still handed on, so that the csv reader sees where the row ends.
    """

    def __init__(
        self, first: bytes, readline: Callable[[], bytes], before: int = 0
    ) -> None:
        self._before = before  # lines of the file
        self.fault = ""
        self.line = 0  # of the fault
        self.row_size = 0  # bytes since the row began
        self.stopped = False
        all_lines = chain((first,) if first else (), iter(readline, b""))
        self.text = self._text(all_lines)

    def _text(self, all_lines: Iterable[bytes]) -> Iterator[str]:
        for number, raw in enumerate(all_lines, self._before + 1):
            self.row_size += len(raw)
            if self.row_size > MAX_ROW:
                self.stopped = True
                return
            try:
                text = raw.decode()
            except UnicodeDecodeError as broken:
                wrong = raw[broken.start : broken.end].hex(" ")
                self._note(number, f"is not UTF-8 (at {wrong})")
                text = raw.decode(errors="replace")
            if "\0" in text:
                self._note(number, "holds a NUL byte")
            yield text

    def _note(self, line: int, fault: str) -> None:
        if not self.fault:
            self.fault, self.line = fault, line


def records(file: io.BufferedIOBase, name: str) -> Iterator[Record | Problem]:
    """The rows of a CSV file, the header first; blank lines are passed over.

    Every record has as many cells as the header, none longer than `MAX_CELL`. A
    problem takes the place of a row that has not, that is not UTF-8, holds a NUL or
    breaks the rules of quoting. Where a row has no certain end (a quote that never
    closes, a row of more than `MAX_ROW` bytes) the last problem says that reading
    stopped. Without a header, there is one problem and nothing else.
    """

    def problem(line: int, rule: str) -> Problem:
        return Problem(file=name, line=line, column=None, value="", rule=rule)

    first = file.readline(MAX_ROW + 1)
    for magic, what in _MAGIC.items():
        if first.startswith(magic):
            yield problem(0, f"{what}: only CSV as plain UTF-8 text is read")
            return
    lines = _Lines(
        first.removeprefix(b"\xef\xbb\xbf"), partial(file.readline, MAX_ROW + 1)
    )
    reader = csv.reader(lines.text, strict=True)
    width = before = 0
    while True:
        if width and not before and not lines.stopped:  # behind the header
            plain = _Plain(file, reader.line_num, width)
            yield from plain.records()
            before, rest = plain.line, io.BytesIO(plain.left)
            lines = _Lines(b"", partial(_next_line, rest, file), before)
            reader = csv.reader(lines.text, strict=True)
        line, lines.row_size = before + reader.line_num + 1, 0
        try:
            cells, rule = next(reader), ""
        except StopIteration:
            break
        except csv.Error as broken:
            if lines.stopped:
                break
            cells, rule = [], _quoting(broken)
            runs_on = before + reader.line_num > line and "limit" in str(broken)
            if runs_on or str(broken).startswith("unexpected end"):
                yield problem(line, f"{rule}; nothing from here on was read")
                return
        if lines.fault:
            yield problem(lines.line, lines.fault)
            lines.fault = ""
        elif rule:
            yield problem(line, rule)
        elif not cells:
            continue
        elif len(cells) != width and width:
            end = before + reader.line_num
            spans = f", and runs to line {end}"
            yield problem(
                line,
                f"has {len(cells)} cells where the header has {width}"
                + (spans if end > line else ""),
            )
        elif lines.row_size > MAX_CELL and max(map(len, cells)) > MAX_CELL:
            yield problem(line, f"has a cell of more than {MAX_CELL:,} characters")
        else:
            width = len(cells)
            yield Record(line, cells)
            continue
        if not width:
            return  # the header itself cannot be read
    if lines.stopped:
        yield problem(
            line,
            f"is a row of more than {MAX_ROW:,} bytes (a quote that never closes?); "
            "nothing from here on was read",
        )
    elif not width:
        yield problem(0, "is empty: there is no header")


def _next_line(rest: io.BytesIO, file: io.BufferedIOBase) -> bytes:
    """The next line of *rest*, which ends with a whole one, or else of *file*."""
    return rest.readline(MAX_ROW + 1) or file.readline(MAX_ROW + 1)


def _quoting(broken: csv.Error) -> str:
    """The rule behind an error of the csv module, in words for the writer of a file."""
    said = str(broken)
    if said.startswith("unexpected end"):
        return "opens a quote that never closes"
    if "limit" in said:
        return f"has a cell of more than {csv.field_size_limit():,} characters"
    if "new-line" in said:
        return (
            "holds a carriage return outside quotes (lines must end in \\n or \\r\\n)"
        )
    return 'has text behind a closing quote (a quote inside quotes is written "")'


# --- the header --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """Where each column stands; without `usable`, no row can be understood."""

    index: dict[str, int]
    problems: list[Problem]
    usable: bool


def check_header(
    header: Record,
    file: str,
    known: Collection[str],
    needed: Collection[str],
    ignored: Callable[[str], bool] = lambda column: False,
) -> Header:
    """Where the columns stand, and what is wrong with the header.

    A column that is missing, twice there or without a name, and cells that are not
    parted by commas make the table unusable. A column that nobody knows is told and
    left out; one that *ignored* accepts is left out as its format says.
    """
    line, cells = header
    faults: list[tuple[str, str]] = []
    for sign, word in _SEPARATORS.items():
        parts = {part.strip('" ') for cell in cells for part in cell.split(sign)}
        if len(parts & set(known)) >= 2 > len(set(cells) & set(known)):
            faults.append(("", f"is separated by {word}; it must be commas"))
            break
    else:
        faults += _names(cells)
        for column in needed:
            if column not in cells:
                strangers = [cell for cell in cells if cell not in known]
                hint = did_you_mean(column, strangers, asks="is {!r} meant?")
                faults.append((column, f"needed column is missing{hint}"))
    usable = not faults
    if usable:
        for cell in cells:
            if cell not in known and not ignored(cell):
                hint = did_you_mean(cell, known)
                faults.append((cell, f"unknown column, ignored{hint}"))
    problems = [
        Problem(file=file, line=line, column=None, value=value, rule=rule)
        for value, rule in faults
    ]
    return Header({cell: i for i, cell in enumerate(cells)}, problems, usable)


def _names(cells: list[str]) -> Iterator[tuple[str, str]]:
    if len(cells) > MAX_COLUMNS:
        yield "", f"has {len(cells):,} columns; {MAX_COLUMNS} is the limit"
        return
    for place, cell in enumerate(cells, start=1):
        if not cell.strip():
            yield "", f"has no name for column {place}"
    for cell, times in Counter(cells).items():
        if times > 1 and cell.strip():
            yield cell, f"column stands {times} times in the header"
