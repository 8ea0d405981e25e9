"""Rows of a text file of any make: what parts the cells is found, `sep=` is heeded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from chronicle.errors import InputError, UsageError
from chronicle.formats.problem import Problem
from chronicle.formats.rows import CHUNK, MAX_CELL, MAX_COLUMNS, open_local
from chronicle.formats.spreadsheet.cells import Cell
from chronicle.formats.spreadsheet.encoding import encoding_of

__all__ = ["DELIMITERS", "TextFile"]

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_WORDS = {sign: word for word, sign in DELIMITERS.items()}
_SAMPLE = 64 * 1024  # characters by which the delimiter is found
_LINES = 50


class TextFile:
    """A table in a text file; `remarks` say what was found of it."""

    def __init__(
        self, path: Path, encoding: str | None = None, delimiter: str | None = None
    ) -> None:
        self.path = path
        self.encoding = encoding_of(path, encoding)
        with self._text() as text:
            sample = text.read(_SAMPLE)
        self._skipped = 0
        self.remarks: list[str] = []
        first, _, rest = sample.partition("\n")
        if first.strip().strip('"').lower().startswith("sep="):
            self._skipped = 1
            self.delimiter = first.strip().strip('"')[4:5] or "\t"
            sample = rest
        else:
            self.delimiter = _found(sample)
        if delimiter is not None:
            if delimiter not in DELIMITERS:
                there = ", ".join(DELIMITERS)
                raise UsageError(f"delimiter {delimiter!r}: must be one of {there}")
            self.delimiter = DELIMITERS[delimiter]
        if self.encoding not in ("utf-8", "utf-8-sig"):
            self.remarks.append(f"read as {self.encoding}")
        if self.delimiter != ",":
            word = _WORDS.get(self.delimiter, repr(self.delimiter))
            self.remarks.append(f"cells are parted by {word}s")

    def _text(self) -> io.TextIOWrapper:
        raw = io.BufferedReader(open_local(self.path), CHUNK)
        return io.TextIOWrapper(raw, self.encoding, newline="")

    def rows(self) -> Iterator[tuple[int, list[Cell]] | Problem]:
        """The line on which each row starts, and its cells; blank lines are left out.

        A problem stands for a row that cannot be parted, and ends the file where a
        quote never closes.
        """
        with self._text() as text:
            for _ in range(self._skipped):
                text.readline()
            lines = _Bounded(text)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            line = self._skipped + 1
            while True:
                lines.size = 0
                try:
                    cells: list[Cell] = list(next(reader))
                except StopIteration:
                    return
                except csv.Error as broken:
                    said = str(broken)
                    ends = "unexpected end" in said or "limit" in said
                    yield self._problem(line, said, ends)
                    if ends:
                        return
                    cells = []
                except UnicodeDecodeError as broken:
                    raise InputError(
                        f"{self.path.name}: changed while it was read ({broken.reason})"
                    ) from None
                if any(cells):
                    if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
                        raise InputError(
                            f"{self.path.name}:{line}: has over {MAX_COLUMNS} cells"
                        )
                    yield line, cells
                line = self._skipped + reader.line_num + 1

    def _problem(self, line: int, said: str, ends: bool) -> Problem:
        rule = (
            "opens a quote that never closes, or holds a cell of more than "
            f"{MAX_CELL:,} characters; nothing from here on was read"
            if ends
            else f"cannot be parted into cells: {said}"
        )
        return Problem(file=self.path.name, line=line, column=None, value="", rule=rule)


class _Bounded:
    """Lines of a text, none of them longer than a cell may be many times."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_CELL * 8)
        self.size += len(line)
        if not line:
            raise StopIteration
        if self.size > MAX_CELL * 8:
            raise csv.Error("field larger than field limit")
        return line


def _found(sample: str) -> str:
    """The sign that parts most lines alike into the most cells; a comma for none."""
    lines = [line for line in sample.splitlines()[:_LINES] if line.strip()]
    best, found = 0.0, ","
    for sign in DELIMITERS.values():
        try:
            rows = list(csv.reader(lines, delimiter=sign))
        except csv.Error:
            continue
        widths = [len(row) for row in rows if len(row) > 1]
        if not widths:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        score = widths.count(usual) * (1 + min(usual, 40) / 100)
        if score > best:
            best, found = score, sign
    return found
