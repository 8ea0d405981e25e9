"""A pandas frame as the file that it would be, so that it goes the way of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chronicle.errors import InputError, UsageError
from chronicle.formats.csv_folder.kinds import KINDS
from chronicle.formats.field_file import OWN, Wanted
from chronicle.store.scratch import scratch_folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["csv_of", "frame_file"]

TABLE = "table"  # any columns, read by a mapping
FILES = {kind.file.removesuffix(".csv"): kind.file for kind in KINDS}
DECIMALS = 20  # as many as a cell may have


@contextmanager
def frame_file(
    frame: pd.DataFrame, kind: str | None, wanted: Wanted
) -> Iterator[tuple[Path, Wanted]]:
    """The file of a frame, which is gone at the end, and how it is to be read.

    Raises `UsageError` for a kind that there is not, `InputError` for what is no frame
    or cannot be written.
    """
    if kind is not None and kind not in (*FILES, TABLE):
        near = get_close_matches(kind, (*FILES, TABLE), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        listed = ", ".join((*FILES, TABLE))
        raise UsageError(f"kind: {kind!r} is none of {listed}{hint}")
    if kind is not None:
        wanted = replace(wanted, format=TABLE if kind == TABLE else OWN)
    data = csv_of(frame)
    with scratch_folder() as folder:
        path = folder / FILES.get(kind or "", f"{kind or 'frame'}.csv")
        path.write_bytes(data)
        yield path, wanted


def csv_of(frame: pd.DataFrame) -> bytes:
    """A frame as CSV in the words of the own format; an index with a name is a column.

    Missing values of all kinds are empty, whole numbers have no point, flags are *yes*
    and *no*, midnights are days, and members of lists have bars between them.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{type(frame).__name__} is no pandas frame")
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    columns = [
        [_text(value) for value in frame.iloc[:, at].astype(object).tolist()]
        for at in range(frame.shape[1])
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([str(name) for name in frame.columns])
    writer.writerows(zip(*columns, strict=True))
    try:
        return text.getvalue().encode()
    except UnicodeEncodeError as broken:
        raise InputError(f"the frame holds what is no text: {broken.reason}") from None


def _text(value: Any) -> str:
    import pandas as pd

    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        members = sorted(map(_text, value)) if isinstance(value, set) else value
        return "|".join(map(_text, members))
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        whole = (value.hour, value.minute, value.second, value.microsecond)
        return value.date().isoformat() if not any(whole) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    """A number without an exponent; whole ones, as where a column has gaps, as such."""
    if value.is_integer():
        return str(int(value))
    told = repr(value)
    if "e" not in told:
        return told
    return f"{value:.{DECIMALS}f}".rstrip("0")
