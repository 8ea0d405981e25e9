"""The names that a table leaves open, as a CSV file to fill in and pass back.

`choice` is an id, `new` (register it), or `-` (leave its rows out).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from chronicle.errors import InputError
from chronicle.formats.rows import open_local
from chronicle.formats.spreadsheet.names import KINDS, Choices, Open
from chronicle.formats.writing.guard import csv_text, unguarded
from chronicle.store.whole_file import write_whole

__all__ = ["read_choices", "write_review"]

COLUMNS = ("kind", "name", "choice", "rows", "first_line", "candidates", "why")
_MOST = 16 * 2**20  # bytes


def read_choices(path: Path) -> dict[tuple[str, str], str]:
    """The choices that were filled in; raises `InputError` for what is no review."""
    with open_local(path, limit=_MOST) as raw:
        data = raw.read() or b""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8; save it as CSV UTF-8") from None
    first = text.split("\n", 1)[0]
    sign = ";" if first.count(";") > first.count(",") else ","
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=sign)
        rows = list(reader)
    except csv.Error as broken:
        raise InputError(f"{path}: is no CSV: {broken}") from None
    if not {"kind", "name", "choice"} <= set(reader.fieldnames or ()):
        raise InputError(f"{path}: is no review: it needs columns kind, name, choice")
    choices: dict[tuple[str, str], str] = {}
    for line, row in enumerate(rows, 2):
        kind = (row["kind"] or "").strip()
        name = unguarded((row["name"] or "").strip())
        choice = (row["choice"] or "").strip()
        if kind not in KINDS:
            raise InputError(
                f"{path}:{line}: kind: {kind!r}: must be one of {', '.join(KINDS)}"
            )
        if choice and choices.setdefault((kind, name), choice) != choice:
            raise InputError(f"{path}:{line}: {name!r} has two choices")
    return choices


def write_review(path: Path, choices: Choices, still: Iterable[Open]) -> int:
    """Write what was chosen and what is open; how many are open."""
    rows: list[tuple[object, ...]] = [
        (kind, name, choice, "", "", "", "chosen")
        for (kind, name), choice in choices.items()
    ]
    names: dict[tuple[str, str], Open] = {}
    for one in still:
        names.setdefault((one.kind, one.name), one)
    left = [one for key, one in names.items() if key not in choices]
    for one in left:
        why = one.rule.split(":")[0].split(";")[0]
        told = " | ".join(one.told)
        rows.append((one.kind, one.name, "", one.rows, one.line, told, why))
    write_whole(path, b"\xef\xbb\xbf" + csv_text(COLUMNS, rows).encode())
    return len(left)
