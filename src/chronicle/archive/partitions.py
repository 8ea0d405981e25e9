"""Parquet files of an archive: one writer a partition, row groups small enough to skip.

A reader decides by the least and the greatest value of a column in a row group whether
it must read it, so a group holds rows that lie close together. Numbers are stored as
differences, texts as dictionaries, and both are packed by zstd.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from chronicle.archive.manifest import ArchiveFile, sealed, sync_folder
from chronicle.archive.schema import TABLES, TableShape

__all__ = ["ROWS", "Key", "Partitions", "arrow_schema"]

ROWS = 32_768  # of a row group
_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "int8": pa.int8(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}
_UNIQUE = frozenset({"report", "id"})  # texts of which a dictionary would be no shorter


class Key(NamedTuple):
    """A partition of a table; *year* None where the table has no years."""

    table: str
    group: str = ""
    year: int | None = None


def arrow_schema(shape: TableShape) -> pa.Schema:
    """The Arrow schema of a table."""
    return pa.schema([(name, _TYPES[type_]) for name, type_, _ in shape.columns])


def _encodings(shape: TableShape) -> tuple[list[str], dict[str, str]]:
    """The columns with dictionaries, and how the others are written."""
    kept = [n for n, type_, _ in shape.columns if type_ == "text" and n not in _UNIQUE]
    other = {
        name: "DELTA_BINARY_PACKED"
        for name, type_, _ in shape.columns
        if type_ in ("int64", "date", "timestamp")
    }
    other |= {name: "DELTA_BYTE_ARRAY" for name in shape.names if name in _UNIQUE}
    return kept, other


class Partitions:
    """The files of one export, open until `close`."""

    def __init__(self, folder: Path, generation: int, after: int, head: int) -> None:
        self._folder = folder
        self._name = (generation, after, head)
        self._open: dict[Key, tuple[Path, pq.ParquetWriter, int]] = {}

    def add(self, key: Key, data: pa.Table, *, whole: bool) -> None:
        """Write rows behind those that the partition has; *whole*: it begins anew."""
        if key not in self._open:
            generation, after, head = self._name
            first = 1 if whole else after + 1
            folder = self._folder / key.table
            if key.group:
                folder = folder / key.group
            if key.year is not None:
                folder = folder / f"year={key.year}"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{generation:06}-{first}-{head}.parquet"
            shape = TABLES[key.table]
            kept, other = _encodings(shape)
            writer = pq.ParquetWriter(
                path,
                arrow_schema(shape),
                compression="zstd",
                compression_level=3,
                use_dictionary=kept,
                column_encoding=other,
                data_page_size=1 << 18,
                store_schema=False,
            )
            self._open[key] = path, writer, 0
        path, writer, rows = self._open[key]
        writer.write_table(data, row_group_size=ROWS)
        self._open[key] = path, writer, rows + data.num_rows

    def close(self) -> list[ArchiveFile]:
        """Finish all files; what the manifest says of them, once on the disk."""
        found = []
        for key, (path, writer, rows) in sorted(self._open.items(), key=_in_order):
            writer.close()
            size, digest = sealed(path)
            sync_folder(path.parent)
            found.append(
                ArchiveFile(
                    path=path.relative_to(self._folder).as_posix(),
                    table=key.table,
                    group=key.group,
                    year=key.year,
                    rows=rows,
                    bytes=size,
                    sha256=digest,
                )
            )
        return found

    def abandon(self) -> None:
        """Close and remove what was written: the export failed."""
        for path, writer, _ in self._open.values():
            writer.close()
            path.unlink(missing_ok=True)


def _in_order(item: tuple[Key, object]) -> tuple[str, str, int]:
    key = item[0]
    return key.table, key.group, key.year or 0
