"""Tables that come as objects: JSON, JSON lines, GeoJSON points, Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from pathlib import Path

import msgspec

from chronicle.errors import InputError, MissingExtra
from chronicle.formats.rows import MAX_CELL, MAX_COLUMNS, open_local
from chronicle.formats.spreadsheet.cells import Cell, tidy

__all__ = ["ObjectTable", "is_objects", "open_objects"]

MOST_JSON = 256 * 2**20  # bytes: it is read whole
_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"


class ObjectTable:
    """A header and rows; of JSON their number, of lines the line on which each is."""

    def __init__(
        self, header: list[str], rows: Callable[[], Iterator[tuple[int, list[Cell]]]]
    ) -> None:
        self.header = header
        self.rows = rows


def is_objects(start: bytes) -> bool:
    """Whether a file that begins so is JSON or Parquet."""
    first = start.removeprefix(_BOM).lstrip()[:1]
    return start.startswith(_PARQUET) or first in (b"{", b"[")


def open_objects(path: Path) -> ObjectTable:
    """The table in a file; raises `InputError` where it has none."""
    with path.open("rb") as file:
        start = file.read(4)
    found = _parquet(path) if start == _PARQUET else _json(path)
    if not found.header:
        raise InputError(f"{path.name}: holds no objects with names and values")
    if len(found.header) > MAX_COLUMNS:
        raise InputError(f"{path.name}: has over {MAX_COLUMNS} names of values")
    return found


def _json(path: Path) -> ObjectTable:
    with open_local(path, limit=MOST_JSON) as raw:
        data = (raw.readall() or b"").removeprefix(_BOM)
    try:
        objects = list(enumerate(_listed(msgspec.json.decode(data)), 1))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        objects = list(_lines(path, data, broken))
    names: dict[str, None] = {}
    for _, one in objects:
        names.update(dict.fromkeys(one))
    header = {name: tidy(name) for name in names}

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        for line, one in objects:
            yield line, [_cell(one.get(name)) for name in header]

    return ObjectTable(list(header.values()), rows)


def _listed(told: object) -> Iterator[dict[str, object]]:
    """The objects of a list, of the one list in an object, or of GeoJSON features."""
    if isinstance(told, dict):
        lists = [one for one in told.values() if isinstance(one, list)]
        told = told["features"] if "features" in told else lists[0] if lists else [told]
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict):
            yield _flat(one)


def _flat(one: dict[str, object]) -> dict[str, object]:
    """The properties of a GeoJSON feature, with the coordinates of a point."""
    properties = one.get("properties")
    if one.get("type") != "Feature" or not isinstance(properties, dict):
        return one
    geometry = one.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        spot = geometry.get("coordinates")
        if isinstance(spot, list) and len(spot) >= 2:
            return {**properties, "lon": spot[0], "lat": spot[1]}
    return properties


def _lines(
    path: Path, data: bytes, broken: Exception
) -> Iterator[tuple[int, dict[str, object]]]:
    """An object on each line; else the file is no JSON at all."""
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            where = f"line {number}" if number > 1 else f"{broken}"[:120]
            raise InputError(f"{path.name}: is no JSON ({where})") from None
        if isinstance(one, dict):
            yield number, _flat(one)


def _parquet(path: Path) -> ObjectTable:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        needs = f"{path.name} is Parquet, which needs pyarrow"
        raise MissingExtra(needs, "arrow") from None
    broken = (pyarrow.ArrowException, OSError, ValueError, KeyError)

    def refused(error: Exception) -> InputError:
        return InputError(f"{path.name}: cannot be read as Parquet: {error}"[:200])

    try:
        with parquet.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
    except broken as error:
        raise refused(error) from None

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        number = 0
        try:
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=4_096):
                    for one in batch.to_pylist():
                        number += 1
                        yield number, [_cell(one[name]) for name in names]
        except broken as error:
            raise refused(error) from None

    return ObjectTable([tidy(name) for name in names], rows)


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value[:MAX_CELL] or None
    if value is None or isinstance(value, bool | int | float | datetime | date | time):
        return value
    try:
        return msgspec.json.encode(value).decode()[:MAX_CELL]
    except (TypeError, msgspec.MsgspecError):
        return str(value)[:MAX_CELL]
