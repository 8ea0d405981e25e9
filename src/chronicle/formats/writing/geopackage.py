"""A record as a GeoPackage (OGC 12-128r18): SQLite with points as WKB."""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from chronicle.domain.table import Table
from chronicle.formats.writing.guard import cell

__all__ = ["geopackage_bytes", "point"]

APPLICATION_ID = 0x47504B47  # GPKG
VERSION = 10_300  # 1.3
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)
_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
  description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL,
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents(table_name),
  column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL
  REFERENCES gpkg_spatial_ref_sys(srs_id), z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name));
"""


def point(lat: object, lon: object) -> bytes | None:
    """A point as GeoPackage binary: a header of eight bytes, then little-endian WKB."""
    if not isinstance(lat, float | int) or not isinstance(lon, float | int):
        return None
    header = b"GP\x00\x01" + struct.pack("<i", 4326)
    return header + struct.pack("<BIdd", 1, 1, lon, lat)


def geopackage_bytes(layers: dict[str, Table], moment: datetime) -> bytes:
    """The layers as one file; a table with `lat` and `lon` has points, others none.

    *moment* is when the contents last changed, so that the same record gives the same
    bytes.
    """
    with tempfile.TemporaryDirectory(prefix="chronicle-") as folder:
        path = Path(folder) / "out.gpkg"
        database = sqlite3.connect(path)
        try:
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {VERSION}")
            database.executescript(_SCHEMA)
            database.executemany(
                "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, '')",
                [
                    ("WGS 84", 4326, "EPSG", 4326, _WGS84),
                    ("Undefined Cartesian", -1, "NONE", -1, "undefined"),
                    ("Undefined geographic", 0, "NONE", 0, "undefined"),
                ],
            )
            for name, table in layers.items():
                _layer(database, name, table, moment)
            database.commit()
        finally:
            database.close()
        return path.read_bytes()


def _layer(
    database: sqlite3.Connection, name: str, table: Table, moment: datetime
) -> None:
    spots = {"lat", "lon"} <= set(table.columns)
    columns = [one for one in table.columns if not spots or one not in ("lat", "lon")]
    rows = [tuple(row.values()) for row in table]
    kinds = {one: _kind(row[n] for row in rows) for n, one in enumerate(table.columns)}
    told = ", ".join(f'"{one}" {kinds[one]}' for one in columns)
    geometry = ", geom POINT" if spots else ""
    database.execute(
        f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT'
        f"{geometry}, {told})"
    )
    place = {one: n for n, one in enumerate(table.columns)}
    values = []
    xs: list[float] = []
    ys: list[float] = []
    for row in rows:
        made: list[object] = [_stored(row[place[one]]) for one in columns]
        if spots:
            lat, lon = row[place["lat"]], row[place["lon"]]
            if (shape := point(lat, lon)) is not None:
                xs.append(lon)
                ys.append(lat)
            made.insert(0, shape)
        values.append(made)
    names = ", ".join(f'"{one}"' for one in (*(["geom"] if spots else []), *columns))
    marks = ", ".join("?" * (len(columns) + spots))
    database.executemany(f'INSERT INTO "{name}" ({names}) VALUES ({marks})', values)
    box = (min(xs), min(ys), max(xs), max(ys)) if xs else (None,) * 4
    database.execute(
        "INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            "features" if spots else "attributes",
            name,
            table.header,
            f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
            *box,
            4326 if spots else None,
        ),
    )
    if spots:
        database.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POINT', 4326, 0, 0)",
            (name,),
        )


def _kind(values: Iterable[object]) -> str:
    """The column type of a table's column, by what stands in it."""
    found = {type(value) for value in values if value is not None}
    if found <= {bool}:
        return "BOOLEAN" if found else "TEXT"
    if found <= {int}:
        return "INTEGER"
    if found <= {int, float}:
        return "DOUBLE"
    if found <= {date}:
        return "DATE"
    return "TEXT"


def _stored(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value  # no spreadsheet computes it
    if isinstance(value, Sequence):
        return "|".join(map(str, value))
    return cell(value)
