"""Tables on a terminal, in a pipe and in files."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chronicle.errors import StorageError, UsageError

if TYPE_CHECKING:
    from chronicle.tables import Table

__all__ = ["as_csv", "as_json", "emit", "table_options", "write_file"]

FORMATS = ("table", "csv", "json")


def table_options(*more: str) -> Callable[[Any], Any]:
    """`--format` and `--out`, for every command that answers with a table."""
    out: Callable[[Any], Any] = click.option(
        "--out", type=click.Path(path_type=Path), help="Write to this file."
    )
    format_: Callable[[Any], Any] = click.option(
        "--format",
        "format_",
        type=click.Choice([*FORMATS, *more]),
        help="Default: a table on a terminal, csv in a pipe; or by --out's suffix.",
    )
    columns: Callable[[Any], Any] = click.option(
        "--columns",
        metavar="A,B,C",
        expose_value=False,
        callback=_keep_columns,
        help="Only these columns, in this order.",
    )
    return lambda command: format_(columns(out(command)))


def _keep_columns(ctx: click.Context, _: click.Parameter, given: str | None) -> None:
    ctx.meta[_COLUMNS] = given.split(",") if given else []


_COLUMNS = "chronicle.columns"


def _narrowed(table: Table) -> Table:
    """The table with the columns that `--columns` names; `UsageError` for others."""
    from dataclasses import replace

    wanted = click.get_current_context().meta.get(_COLUMNS, [])
    if not wanted:
        return table
    unknown = [name for name in wanted if name not in table.columns]
    if unknown:
        raise UsageError(
            f"no column {', '.join(unknown)}; there are {', '.join(table.columns)}"
        )
    index = [table.columns.index(name) for name in wanted]
    rows = [tuple(row[i] for i in index) for row in table.rows]
    return replace(table, columns=tuple(wanted), rows=rows)


def chosen(format_: str | None, out: Path | None, more: tuple[str, ...] = ()) -> str:
    """The format: as asked for, else by the file's suffix, else by the terminal."""
    if format_ is not None:
        return format_
    suffix = out.suffix.lstrip(".").lower() if out else ""
    if suffix in (*FORMATS, *more):
        return suffix
    return "table" if out is None and sys.stdout.isatty() else "csv"


def emit(table: Table, format_: str | None, out: Path | None) -> None:
    """Print or write *table*; its header and notes go beside it, never into the csv."""
    kind = chosen(format_, out)
    table = _narrowed(table)
    if kind == "table" and out is None:
        _draw(table)
        return
    text = as_csv(table) if kind == "csv" else as_json(table)
    if kind == "table":
        text = as_text(table)
    if out is not None:
        write_file(out, text.encode())
    else:
        click.echo(text, nl=False)
    if kind == "csv":
        for line in (*table.header.splitlines(), *table.notes):
            say(line)


def show(table: Table) -> None:
    """The table for people: drawn on a terminal, plain text elsewhere."""
    if sys.stdout.isatty():
        _draw(table)
    else:
        click.echo(as_text(table))


def say(line: str) -> None:
    """A line for people, on the error stream, unless `--quiet`."""
    settings = click.get_current_context().find_root().obj or {}
    if line and not settings.get("quiet"):
        click.echo(line, err=True)


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises `StorageError`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as broken:
        part.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {broken.strerror}") from None


def cell(value: Any) -> str:
    """A value as text: unknown is empty, a day is ISO, a flag is yes or no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)


def safe_cell(value: Any) -> str:
    """`cell`, but text that a spreadsheet would run as a formula begins with `'`."""
    text = cell(value)
    if isinstance(value, str | tuple) and text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + text
    return text


def as_csv(table: Table) -> str:
    """RFC 4180 with line feeds; formula cells are made safe, `json` is lossless."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([safe_cell(value) for value in row] for row in table.rows)
    return text.getvalue()


def as_json(table: Table) -> str:
    """`{header, columns, rows: [{column: value}], notes}`; days are ISO text."""
    import msgspec

    told = {
        "header": table.header,
        "columns": table.columns,
        "rows": list(table),
        "notes": table.notes,
    }
    plain = msgspec.json.encode(told)
    return msgspec.json.format(plain, indent=1).decode() + "\n"


def as_text(table: Table) -> str:
    """Columns padded with blanks, for `--format table` into a file."""
    rows = [list(table.columns), *([cell(v) for v in row] for row in table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in rows
    ]
    told = [
        *table.header.splitlines(),
        *(line.rstrip() for line in lines),
        *table.notes,
    ]
    return "\n".join(told) + "\n"


NUMBERS = frozenset({"position", "persons", "low", "high", "lat", "lon", "places"})


def _draw(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    settings = click.get_current_context().find_root().obj or {}
    console = Console(no_color=settings.get("no_color") or None, highlight=False)
    drawn = Drawn(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    empty = {
        name
        for name in table.columns
        if table.rows and not any(cell(value) for value in table.column(name))
    }
    shown = [name for name in table.columns if name not in empty]
    for name in shown:
        drawn.add_column(
            name,
            justify="right" if name in NUMBERS else "left",
            overflow="fold",
            no_wrap=name in ("settlement", "valid_from", "since", "published"),
        )
    for row in table:
        drawn.add_row(*(Text(cell(row[name])) for name in shown))
    if not settings.get("quiet"):
        for line in table.header.splitlines():
            console.print(Text(line, style="bold"))
    console.print(drawn)
    if not settings.get("quiet"):
        for note in table.notes:
            console.print(Text(note))


def need_no(format_: str, out: Path | None) -> None:
    """Refuse to print a binary format on a terminal."""
    if out is None and sys.stdout.isatty():
        raise UsageError(f"--format {format_} needs --out")
