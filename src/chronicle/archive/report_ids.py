"""Rows and ids that memory cannot hold, in Arrow files for the time of an export."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["ReportIds", "Spool"]

_BLOCK = 65_536


class Spool:
    """Rows of one table in the order in which they come, on the disk."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._file, schema)
        self._rows: list[tuple[object, ...]] = []

    def add(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Rows as tuples, in the order of the columns."""
        self._rows.extend(rows)
        if len(self._rows) >= _BLOCK:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True)
        arrays = [
            pa.array(column, type_)
            for column, type_ in zip(columns, self._schema.types, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._rows = []

    def table(self) -> pa.Table:
        """All rows, mapped from the disk; nothing can be added then."""
        if self._rows:
            self._flush()
        self._writer.close()
        self._file.close()
        return pa.ipc.open_file(pa.memory_map(str(self._path))).read_all()


class ReportIds:
    """The report id of every position; null where an event tells no report."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._schema = pa.schema([("report", pa.large_string())])
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._file, self._schema)
        self._ids: list[str | None] = []
        self._read: pa.Table = None

    def add(self, report: str | None) -> None:
        """The id at the next position."""
        self._ids.append(report)
        if len(self._ids) >= _BLOCK:
            self._flush()

    def _flush(self) -> None:
        ids = pa.array(self._ids, pa.large_string())
        self._writer.write_batch(pa.record_batch([ids], schema=self._schema))
        self._ids = []

    def closed(self) -> ReportIds:
        """The same, ready to be asked."""
        if self._ids:
            self._flush()
        self._writer.close()
        self._file.close()
        self._read = pa.ipc.open_file(pa.memory_map(str(self._path))).read_all()
        return self

    def take(self, positions: NDArray[np.integer]) -> pa.Array:
        """The ids at some positions, as an array of texts."""
        found = self._read["report"].take(pa.array(positions.astype(np.int64) - 1))
        return found.combine_chunks().cast(pa.string())
