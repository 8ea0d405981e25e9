"""Tables on a terminal, in a pipe and in files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from chronicle.cli.completion import files
from chronicle.cli.printing import console, put, tell
from chronicle.domain.visible import visible
from chronicle.errors import StorageError, UsageError
from chronicle.formats.writing.guard import csv_text, guarded
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    from chronicle.domain.table import Table

__all__ = [
    "Command",
    "as_csv",
    "as_json",
    "as_xlsx",
    "asked_columns",
    "check_columns",
    "emit",
    "emit_bytes",
    "file_argument",
    "free",
    "no_columns",
    "out_option",
    "picked",
    "table_options",
]

Command = TypeVar("Command", bound=Callable[..., object])

FORMATS = ("table", "csv", "json", "xlsx")
BARE = "\0"  # --columns without a value
COLUMNS = "chronicle.columns"  # where a command's context keeps what --columns named


file_argument = click.argument("file", shell_complete=files)


def table_options(
    *more: str,
    columns: Sequence[str] = (),
    bare: Callable[[], None] | None = None,
) -> Callable[[Command], Command]:
    """`--format`, `--out` and `--columns`, for every command that answers with a table.

    *columns* are those of the table, where a wrong one must be refused before anything
    is done; else they are checked when the table is there. *bare* is called instead of
    the command where `--columns` has no value.
    """

    def chosen_columns(
        ctx: click.Context, _: click.Parameter, value: str | None
    ) -> None:
        if value == BARE and bare is not None:
            bare()
            ctx.exit()
        if value is not None:
            names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
            ctx.meta[COLUMNS] = names
            check_columns(names, columns or names)

    format_ = click.option(
        "--format",
        "format_",
        type=click.Choice([*FORMATS, *more]),
        help="Default: a table on a terminal, csv in a pipe; or by --out's suffix.",
    )
    columns_ = click.option(
        "--columns",
        metavar="A,B,C",
        expose_value=False,
        callback=chosen_columns,
        help="Only these columns, in this order."
        + (" Alone: the columns of the own format." if bare else ""),
        is_eager=bare is not None,
        is_flag=False,
        flag_value=None if bare is None else BARE,
    )

    def decorate(command: Command) -> Command:
        return format_(out_option(columns_(command)))

    return decorate


def out_option(command: Command) -> Command:
    """`--out`: a place that can be written to, and never a database."""
    option = click.option(
        "--out",
        type=click.Path(path_type=Path),
        callback=lambda ctx, parameter, path: None if path is None else free(path),
        help="Write to this file.",
    )
    return option(command)


def free(path: Path) -> Path:
    """*path*, where a file may be written: a typing error destroys nothing.

    Raises `UsageError` for a folder or a database, `StorageError` for no folder.
    """
    try:
        if path.is_dir():
            raise UsageError(f"--out {path} is a folder; name a file")
        if not path.parent.is_dir():
            raise StorageError(f"cannot write {path}: no folder {path.parent}")
        path.exists()
    except (OSError, ValueError) as broken:  # a name too long, or with a NUL
        why = getattr(broken, "strerror", None) or str(broken)
        raise StorageError(f"cannot write {path}: {why}") from None
    from chronicle.store.sqlite.header import is_database

    if is_database(path):
        raise UsageError(f"--out {path} is a database; it was not touched")
    return path


def chosen(format_: str | None, out: Path | None, more: tuple[str, ...] = ()) -> str:
    """The format: as asked for, else by the file's suffix, else by the terminal.

    Raises `UsageError` for a suffix that promises another format, and for a workbook on
    a terminal.
    """
    if format_ is not None:
        if format_ == "xlsx":
            need_no(format_, out)
        return format_
    if out is None:
        return "table" if sys.stdout.isatty() else "csv"
    suffix = out.suffix.lstrip(".").lower()
    if suffix in (*FORMATS, *more):
        return suffix
    if suffix in PLAIN or (not out.is_file() and out.exists()):
        return PLAIN.get(suffix, "csv")
    listed = ", ".join((*FORMATS, *more))
    raise UsageError(
        f"--out {out}: no format goes by {out.suffix}; name one of {listed} "
        "with --format"
    )


PLAIN = {"": "csv", "txt": "table"}


def picked(table: Table) -> Table:
    """*table* with the columns that `--columns` names; raises `UsageError`."""
    names = asked_columns()
    if names is None:
        return table
    check_columns(names, table.columns)
    places = [table.columns.index(name) for name in names]
    rows = [tuple(row[place] for place in places) for row in table.rows]
    return replace(table, columns=names, rows=rows)


def no_columns(format_: str) -> None:
    """Refuse `--columns` where the format is whole or not at all."""
    if asked_columns() is not None:
        raise UsageError(f"--columns does not go with --format {format_}")


def asked_columns() -> tuple[str, ...] | None:
    """The columns that `--columns` names; None without it."""
    context = click.get_current_context(silent=True)
    names: tuple[str, ...] | None = context.meta.get(COLUMNS) if context else None
    return names


def check_columns(names: Sequence[str], known: Sequence[str]) -> None:
    strange = [repr(name) for name in names if name not in known or not name]
    if strange:
        listed = f"; there are {', '.join(known)}" if tuple(known) != names else ""
        raise UsageError(f"--columns: no column {', '.join(strange)}{listed}")


def emit(table: Table, format_: str | None, out: Path | None) -> None:
    """Print or write *table*; its header and notes go beside it, never into the csv."""
    kind = chosen(format_, out)
    table = picked(table)
    if kind == "table" and out is None:
        _print(table, paged=True)
        return
    if kind == "xlsx":
        emit_bytes(as_xlsx(table), kind, out)
        return
    text = {"table": as_text, "csv": as_csv, "json": as_json}[kind](table)
    if out is not None:
        write_whole(out, text.encode())
    else:
        put(text)
    if kind == "csv":
        for line in (*table.header.splitlines(), *table.notes):
            say(line)


def emit_bytes(data: bytes, format_: str, out: Path | None) -> None:
    """Write a binary format, or hand it to a pipe; a terminal is no place for it."""
    need_no(format_, out)
    if out is None:
        put(data)
    else:
        write_whole(out, data)


def as_xlsx(table: Table) -> bytes:
    """A workbook of one sheet; the question and the notes stand on a second one."""
    from chronicle.domain.table import Table
    from chronicle.formats.writing.xlsx import xlsx_bytes

    told = [line for line in (*table.header.splitlines(), *table.notes) if line]
    about = Table(("about",), [(line,) for line in told])
    return xlsx_bytes({"table": table, "about": about})


def show(table: Table) -> None:
    """One table of several for people, with a blank line behind it."""
    _print(table)
    tell()


def _print(table: Table, *, paged: bool = False) -> None:
    if sys.stdout.isatty():
        _draw(table, paged)
    else:
        put(as_text(table))


def _settings() -> dict[str, bool]:
    context = click.get_current_context(silent=True)
    return (context.find_root().obj or {}) if context else {}


def say(line: str) -> None:
    """A line for people, on the error stream, unless `--quiet`."""
    if line and not _settings().get("quiet"):
        tell(line, err=True)


def cell(value: object) -> str:
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


def shown(value: object) -> str:
    """`cell`, safe for a terminal; made so before widths are measured."""
    return visible(cell(value))


def safe_cell(value: object) -> str:
    """`cell`, but text that a spreadsheet would run as a formula begins with `'`."""
    if type(value) is str:
        return guarded(value)
    text = cell(value)
    return guarded(text) if isinstance(value, str | tuple) else text


def as_csv(table: Table) -> str:
    """`csv_text`; formula cells are made safe, `json` is lossless."""
    return csv_text(table.columns, table.rows, safe_cell)


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
    """The lines of `layout` in all their width, for `--format table` elsewhere."""
    from chronicle.cli.layout import lines

    told = [
        *table.header.splitlines(),
        *(line.text for line in lines(table, shown)),
        *table.notes,
    ]
    return visible("\n".join(told)) + "\n"


def _draw(table: Table, paged: bool) -> None:
    """On a terminal; with *paged* in the pager where it does not fit the screen."""
    from rich.text import Text

    from chronicle.cli.layout import Line, lines
    from chronicle.cli.pager import page, pager

    settings = _settings()
    plain = settings.get("no_color") or bool(os.environ.get("NO_COLOR"))
    terminal = console(no_color=plain)
    width = terminal.width
    drawn = lines(table, shown, width, all_columns=asked_columns() is not None)
    header = [Line(line, "bold") for line in table.header.splitlines()]
    notes = [Line(note) for note in table.notes]
    told = list(drawn if settings.get("quiet") else (*header, *drawn, *notes))

    def draw() -> None:
        for line in told:
            terminal.print(Text(visible(line.text), "" if plain else line.style))

    if paged and len(told) >= terminal.height and pager():
        with terminal.capture() as drawing:
            draw()
        if page(drawing.get()):
            return
    draw()


def need_no(format_: str, out: Path | None) -> None:
    """Refuse to print a binary format on a terminal."""
    if out is None and sys.stdout.isatty():
        raise UsageError(f"--format {format_} needs --out")
