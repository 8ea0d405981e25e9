"""What a table leaves open, as a CSV file to fill in and pass back.

`choice` of a name is an id, `new` (register it), or `-` (leave its rows out). A row of
kind `suspicion` is a value that looks wrong: `right` means that it is not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from chronicle.errors import InputError
from chronicle.formats.rows import open_local
from chronicle.formats.spreadsheet.names import KINDS, NEW, SKIP, Choices, Open
from chronicle.formats.suspicion import Suspicion
from chronicle.formats.writing.guard import csv_text, unguarded
from chronicle.store.whole_file import write_whole

__all__ = [
    "RIGHT",
    "SUSPICION",
    "ReviewRow",
    "check_choice",
    "read_accepted",
    "read_choices",
    "read_review",
    "save_review",
    "write_review",
]

SUSPICION: Final = "suspicion"
RIGHT: Final = "right"  # the choice for a suspicion
_MOST = 16 * 2**20  # bytes


class ReviewRow(NamedTuple):
    """One name or value; all as text, as it stands in the file.

    *candidates* are parted by ` | `, each an id and what tells it apart; *lat* and
    *lon* are where the table's first row says that a place is.
    """

    kind: str
    name: str
    choice: str = ""
    rows: str = ""
    first_line: str = ""
    candidates: str = ""
    why: str = ""
    lat: str = ""
    lon: str = ""

    @property
    def ids(self) -> list[str]:
        """The ids of the candidates."""
        return [one.split(" (")[0] for one in self.candidates.split(" | ") if one]


def read_review(path: Path) -> list[ReviewRow]:
    """The rows of a review; raises `InputError` for what is none."""
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
    found: list[ReviewRow] = []
    chosen: dict[tuple[str, str], str] = {}
    for line, row in enumerate(rows, 2):
        cells = ((row.get(name) or "").strip() for name in ReviewRow._fields)
        one = ReviewRow(*map(unguarded, cells))
        where = f"{path}:{line}"
        if one.kind not in (*KINDS, SUSPICION):
            raise InputError(
                f"{where}: kind: {one.kind!r}: must be one of "
                f"{', '.join((*KINDS, SUSPICION))}"
            )
        if one.kind == SUSPICION and one.choice not in ("", RIGHT):
            raise InputError(f"{where}: choice: {one.choice!r}: must be {RIGHT!r}")
        key = one.kind, one.name
        if one.choice and chosen.setdefault(key, one.choice) != one.choice:
            raise InputError(f"{where}: {one.name!r} has two choices")
        found.append(one)
    return found


def read_choices(path: Path) -> dict[tuple[str, str], str]:
    """The choices of names that were filled in; raises what `read_review` raises."""
    return {
        (one.kind, one.name): one.choice
        for one in read_review(path)
        if one.choice and one.kind != SUSPICION
    }


def read_accepted(path: Path) -> list[str]:
    """The values that look wrong and were found right."""
    return [
        one.name
        for one in read_review(path)
        if one.kind == SUSPICION and one.choice == RIGHT
    ]


def check_choice(kind: str, choice: str, known: Iterable[str]) -> None:
    """Raise `InputError` unless *choice* may stand for a row; *known* are ids."""
    if not choice:
        return
    if kind == SUSPICION:
        if choice != RIGHT:
            raise InputError(f"choice: {choice!r}: must be {RIGHT!r}")
    elif choice not in (NEW, SKIP) and choice not in set(known):
        raise InputError(f"choice: {choice!r}: no {kind} has this id")


def save_review(path: Path, rows: Sequence[ReviewRow]) -> None:
    """Write *rows* as the file that `import --review` reads."""
    write_whole(path, b"\xef\xbb\xbf" + csv_text(ReviewRow._fields, rows).encode())


def write_review(
    path: Path,
    choices: Choices,
    still: Iterable[Open],
    suspicions: Iterable[Suspicion] = (),
) -> int:
    """Write what was chosen, what is open, and what looks wrong; how many are open."""
    rows = [
        ReviewRow(kind, name, choice, why="chosen")
        for (kind, name), choice in choices.items()
    ]
    names: dict[tuple[str, str], Open] = {}
    for one in still:
        names.setdefault((one.kind, one.name), one)
    left = [one for key, one in names.items() if key not in choices]
    for one in left:
        why = one.rule.split(":")[0].split(";")[0]
        lat, lon = (
            "" if at is None else str(at) for at in (one.spot.lat, one.spot.lon)
        )
        told = " | ".join(one.told)
        numbers = str(one.rows), str(one.line)
        rows.append(
            ReviewRow(one.kind, one.name, "", *numbers, told, why, lat, lon),
        )
    rows += [
        ReviewRow(
            SUSPICION, one.value, rows=str(one.times), why=f"{one.kind}: {one.says}"
        )
        for one in suspicions
    ]
    save_review(path, rows)
    return len(left)
