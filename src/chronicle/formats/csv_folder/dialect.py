"""Files of the own format as spreadsheets save them: other signs, encodings, blanks.

A file that is plain (UTF-8, commas, the names of columns as they are) is read as it is.
Another one is read through here where its header then has the columns of its kind.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from chronicle.errors import InputError
from chronicle.formats.csv_folder.kinds import Kind
from chronicle.formats.problem import Problem
from chronicle.formats.rows import CHUNK, Record, open_local
from chronicle.formats.spreadsheet.cells import bare
from chronicle.formats.spreadsheet.text_file import TextFile

__all__ = ["OtherDialect", "is_utf8", "other_dialect"]


def is_utf8(path: Path, limit: int) -> bool:
    """Whether all of a file decodes as UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_local(path, limit=limit) as raw:
        try:
            while chunk := raw.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


class OtherDialect:
    """A table of the own format in other signs; `remarks` say what was found of it."""

    def __init__(self, path: Path, text: TextFile, header: Record) -> None:
        self._path = path
        self._text = text
        self.header = header
        self.remarks = list(text.remarks)

    def records(self) -> Iterator[Record | Problem]:
        """The header with the names of the format, then the rows, without blanks."""
        yield self.header
        width = len(self.header.cells)
        trimmed = 0
        rows = self._text.rows()
        next(rows, None)
        for row in rows:
            if isinstance(row, Problem):
                yield row
                continue
            line, raw = row
            cells = [bare(str(cell)) for cell in raw]
            trimmed += sum(a != b for a, b in zip(cells, raw, strict=True))
            if not any(cells):
                continue
            cells += [""] * (width - len(cells)) if len(cells) > width - 3 else []
            if len(cells) != width and (len(cells) < width or any(cells[width:])):
                rule = f"has {len(raw)} cells where the header has {width}"
                yield Problem(
                    file=self._path.name, line=line, column=None, value="", rule=rule
                )
                continue
            yield Record(line, cells[:width])
        if trimmed:
            self.remarks.append(
                f"{trimmed:,} cells had blanks around them; read without"
            )


def other_dialect(path: Path, kind: Kind) -> OtherDialect | None:
    """The file in other signs; None where its header is not of *kind* in those either.

    Raises `InputError` where its bytes may be in two encodings that differ.
    """
    try:
        text = TextFile(path)
    except InputError as refused:
        if "may be" in str(refused):
            raise
        return None
    first = next(text.rows(), None)
    if first is None or isinstance(first, Problem):
        return None
    line, raw = first
    names = [bare(str(cell)) for cell in raw]
    while names and not names[-1]:
        names.pop()
    known = [_known(name, kind) for name in names]
    if not set(kind.needed) <= set(known) or len(set(known)) < len(known):
        return None
    return OtherDialect(path, text, Record(line, known))


def _known(name: str, kind: Kind) -> str:
    """The column that *name* is but for case and blanks; else the name itself."""
    plain = "_".join(name.casefold().replace("-", " ").split())
    return plain if plain in kind.columns and name not in kind.columns else name
