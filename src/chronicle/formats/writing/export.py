"""Which export makes which bytes: one table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from chronicle.domain.table import Table
from chronicle.errors import UsageError
from chronicle.formats.parquet import parquet
from chronicle.formats.writing import plain_tables
from chronicle.formats.writing.content import Content
from chronicle.formats.writing.control_table import long_table, panel_table
from chronicle.formats.writing.geo import geojson_bytes, kml_bytes
from chronicle.formats.writing.geopackage import geopackage_bytes
from chronicle.formats.writing.guard import csv_bytes
from chronicle.formats.writing.hxl import hxl_bytes
from chronicle.formats.writing.own_folder import own_folder
from chronicle.formats.writing.xlsx import xlsx_bytes

__all__ = ["EXPORTS", "Export", "Span", "written"]

Span = tuple[date | None, date | None]
Made = bytes | dict[str, bytes]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """One form: what makes it, what it is, and whether it is text, a file, a folder."""

    make: Callable[[Content, Span], Made]
    says: str
    kind: str = "text"


def _csv(table: Table) -> bytes:
    return csv_bytes(table.columns, table.rows)


def _hxl(content: Content) -> bytes:
    """Figures with the last day of a flow included, as `#date+end` is read."""
    table = plain_tables.displacement_table(content)
    end = table.columns.index("until")
    rows = [
        tuple(
            value - ONE_DAY if n == end and value is not None else value
            for n, value in enumerate(row)
        )
        for row in table.rows
    ]
    return hxl_bytes(Table(table.columns, rows, table.header))


def _sheets(content: Content) -> dict[str, Table]:
    return {
        "control": long_table(content, superseded=False),
        "displacement": plain_tables.displacement_table(content),
        "incidents": plain_tables.incident_table(content),
        "settlements": plain_tables.place_table(content),
        "sources": plain_tables.source_table(content),
    }


def _moment(content: Content) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return content.log[-1].recorded_at if content.log else epoch


EXPORTS: Mapping[str, Export] = {
    "own": Export(
        lambda content, span: own_folder(content),
        "Chronicle's own folder, to be imported again",
        "folder",
    ),
    "control": Export(
        lambda content, span: _csv(long_table(content)),
        "CSV, one row for each interval of the world and of knowledge",
    ),
    "viina": Export(
        lambda content, span: _csv(panel_table(content, *span)),
        "CSV, geonameid,date,status for each place and day",
    ),
    "hxl": Export(
        lambda content, span: _hxl(content),
        "CSV with HXL tags: figures of displaced people",
    ),
    "geojson": Export(
        lambda content, span: geojson_bytes(content),
        "points with start_date and end_date",
    ),
    "kml": Export(
        lambda content, span: kml_bytes(content), "placemarks with time spans"
    ),
    "gpkg": Export(
        lambda content, span: geopackage_bytes(_sheets(content), _moment(content)),
        "a GeoPackage with layers",
        "file",
    ),
    "xlsx": Export(
        lambda content, span: xlsx_bytes(_sheets(content)), "an Excel workbook", "file"
    ),
    "parquet": Export(
        lambda content, span: parquet(long_table(content)),
        "the control table as Parquet",
        "file",
    ),
}


def written(content: Content, name: str, span: Span = (None, None)) -> Made:
    """The export of that name: bytes, or for a folder the bytes of its files.

    *span* are the first and the last day of a panel. Raises `UsageError` for a name
    that there is not.
    """
    if (found := EXPORTS.get(name)) is None:
        raise UsageError(f"no export {name!r}; there are {', '.join(EXPORTS)}")
    return found.make(content, span)
