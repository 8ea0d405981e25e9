"""Archives in the tests: how they are read, and what the fold says of the same log."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from chronicle.api import Chronicle
from chronicle.archive.partitions import arrow_schema
from chronicle.archive.schema import TABLES
from chronicle.domain.state import State


class Asked(NamedTuple):
    """A question: the end of a day, a position, a day of the sources' clock or None."""

    on: date
    known_at: int
    published_by: date | None


def table_of(folder: Path, table: str) -> pa.Table:
    """All rows of a table, by the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text())
    parts = [
        pq.ParquetFile(folder / file["path"]).read()
        for file in manifest["files"]
        if file["table"] == table
    ]
    return pa.concat_tables([arrow_schema(TABLES[table]).empty_table(), *parts])


def rows_of(folder: Path, table: str) -> list[tuple[Any, ...]]:
    """The rows of a table, sorted."""
    rows = [tuple(row.values()) for row in table_of(folder, table).to_pylist()]
    return sorted(rows, key=repr)


def asked(chronicle: Chronicle, count: int, seed: int) -> list[Asked]:
    """Questions about days from before the first report to after the last one."""
    found = chronicle.control_days()
    assert found is not None
    rng = random.Random(seed)
    span = (found[1] - found[0]).days + 4
    made = []
    for n in range(count):
        on = found[0] + timedelta(days=rng.randrange(-2, span))
        by = on + timedelta(days=rng.randrange(-5, 30)) if n % 2 else None
        made.append(Asked(on, rng.randrange(1, chronicle.head + 1), by))
    return made


def told(state: State) -> list[tuple[Any, ...]]:
    """Settlement, control, status, since, reports, the report that decides."""
    return sorted(
        (
            (
                place.settlement,
                place.control,
                place.status,
                place.verdict.since,
                len(place.verdict.deciding),
                place.verdict.deciding[-1].claim.report_id
                if place.verdict.deciding
                else None,
            )
            for place in state.places.values()
        ),
        key=repr,
    )
