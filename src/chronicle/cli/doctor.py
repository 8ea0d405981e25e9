"""`chronicle doctor`: what this installation has, and how to get what it lacks."""

from __future__ import annotations

import platform
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

import click

from chronicle.cli.render import emit, table_options
from chronicle.errors import how_to_install

__all__ = ["doctor"]

# extra -> (the module that it brings, what it is for)
EXTRAS = {
    "fast": ("numba", "compiled replay and what-if ensembles"),
    "arrow": ("pyarrow", "Parquet, the archive"),
    "sql": ("duckdb", "questions in SQL on the archive"),
    "plot": ("matplotlib", "maps and plots"),
    "geo": ("geopandas", "states as GeoDataFrames"),
    "docx": ("docx", "briefs as Word documents"),
    "notebook": ("marimo", "the notebooks in docs/notebooks"),
    "scale": ("distributed", "ensembles on more than one machine"),
    "calibrate": ("SALib", "sensitivity"),
    "postgres": ("psycopg", "records on a PostgreSQL server"),
    "bench": ("duckdb", "peers in chronicle bench"),
}
FIXED_SQLITE = (3, 51, 3)


@click.command()
@table_options()
def doctor(format_: str | None, out: object) -> None:
    """Versions, extras that are there, and what is missing and how to get it."""
    from pathlib import Path

    from chronicle.domain.table import Table

    rows: list[tuple[str, str, str]] = [
        ("python", platform.python_version(), sys.implementation.name),
        ("sqlite", sqlite3.sqlite_version, _sqlite_says()),
    ]
    rows += [(name, _version(name), "core") for name in sorted(_core())]
    for extra, (module, purpose) in EXTRAS.items():
        found = find_spec(module) is not None
        say = purpose if found else f"missing: {purpose}; {how_to_install(extra)}"
        rows.append((f"extra {extra}", _version(module) if found else "-", say))
    table = Table(("what", "version", "says"), list(rows), "This installation")
    emit(table, format_, out if isinstance(out, Path) else None)


def _core() -> list[str]:
    """The names of the requirements that carry no marker of an extra."""
    needed = requires("conflict-chronicle") or []
    core = [line for line in needed if "extra ==" not in line]
    return [line.split("<")[0].split(">")[0].split("=")[0].strip() for line in core]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _sqlite_says() -> str:
    if sqlite3.sqlite_version_info >= FIXED_SQLITE:
        return "in the standard library"
    return (
        "before 3.51.3 a checkpoint beside a commit may damage a file; here both run "
        "under one lock"
    )
