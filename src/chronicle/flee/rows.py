"""Rows of the small CSV files in a FLEE folder, read strictly and bounded."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from chronicle.formats.problem import Problem
from chronicle.store.sqlite.header import is_database

__all__ = [
    "FleeFile",
    "FleeRow",
    "as_day",
    "as_number",
    "as_whole",
    "open_sheet",
    "read_text",
]

SIZE_LIMIT = 16 * 2**20  # bytes of one file; the largest known set has 0.1 MB

_WHOLE = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)


class FleeRow(NamedTuple):
    """One row: the line on which it starts, from 1, and its cells as they stand."""

    line: int
    cells: list[str]

    def cell(self, index: int) -> str:
        """The cell without blanks around it; empty where the row is too short."""
        return self.cells[index].strip() if index < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class FleeFile:
    """The rows of one file that could be read, and where its problems go."""

    file: str
    problems: list[Problem]
    rows: list[FleeRow] = field(default_factory=list)

    def report(self, line: int, column: str | None, value: str, rule: str) -> None:
        """Note a fault of this file; line 0 is the file as a whole."""
        self.problems.append(
            Problem(file=self.file, line=line, column=column, value=value, rule=rule)
        )


def read_text(path: Path, sheet: FleeFile, *, limit: int = SIZE_LIMIT) -> str | None:
    """The text of a file, or None with a problem: missing, too large, unreadable.

    Bytes that are no UTF-8 are reported with their line and replaced, so that the rest
    of the file can still be used.
    """
    try:
        there = path.is_file()
    except (OSError, ValueError) as error:  # a name too long, or with a NUL
        why = getattr(error, "strerror", None) or str(error)
        sheet.report(0, None, "", f"cannot be read: {why}")
        return None
    if not there:
        sheet.report(0, None, "", "is missing")
        return None
    if is_database(path):  # to close one drops the locks of whoever has it open
        sheet.report(0, None, "", "is a database, not a text file")
        return None
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        sheet.report(0, None, "", f"cannot be read: {error.strerror}")
        return None
    if len(data) > limit:
        sheet.report(0, None, "", f"is larger than {limit:,} bytes; it was not read")
        return None
    if data.startswith(b"\xef\xbb\xbf"):
        sheet.report(1, None, "\ufeff", "starts with a byte order mark, text to FLEE")
        data = data[3:]
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        bad = data[error.start : error.end].hex(" ")
        sheet.report(line, None, bad, "is no UTF-8; shown as a replacement character")
        return data.decode(errors="replace")


def open_sheet(folder: Path, file: str, problems: list[Problem]) -> FleeFile | None:
    """The rows of *file* in *folder*, blank ones left out; None if it has no text.

    Quoting is strict. A row that breaks it is reported and left out.
    """
    sheet = FleeFile(file, problems)
    text = read_text(folder / file, sheet)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return sheet
        except csv.Error as error:
            sheet.report(line, None, "", f"is no CSV: {error}")
            continue
        if any(cell.strip() for cell in cells):
            sheet.rows.append(FleeRow(line, cells))


def as_whole(text: str) -> int | None:
    """A whole number in plain digits, else None."""
    return int(text) if _WHOLE.fullmatch(text) else None


def as_number(text: str) -> float | None:
    """A finite decimal number, else None."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def as_day(text: str) -> date | None:
    """A day as `YYYY-MM-DD`, or with single digits as FLEE takes it; else None."""
    parts = _DAY.fullmatch(text)
    if parts is None:
        return None
    try:
        return date(*(int(part) for part in parts.groups()))
    except ValueError:
        return None
