"""`chronicle panel`: place by day, of one record or several side by side."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chronicle.cli.completion import files
from chronicle.cli.opening import opened
from chronicle.cli.printing import put
from chronicle.cli.questions import clock_options, lens_option
from chronicle.cli.render import (
    asked_columns,
    check_columns,
    chosen,
    emit,
    emit_bytes,
    say,
    table_options,
)
from chronicle.errors import BudgetExceeded, UsageError
from chronicle.store.whole_file import write_whole

if TYPE_CHECKING:
    import pandas as pd

    from chronicle.api import Chronicle
    from chronicle.domain.table import Table

__all__ = ["panel"]

MOST_SHOWN = 1_000_000  # rows as a table for people, as JSON or as a sheet


@click.command()
@click.argument(
    "file",
    nargs=-1,
    required=True,
    metavar="FILE [FILE ...]",
    shell_complete=files,
)
@click.option(
    "--freq",
    type=click.Choice(["D", "W", "M"]),
    default="D",
    show_default=True,
    help="Each day, or the last day of each week (Sunday) or month.",
)
@click.option("--from", "start", metavar="DATE", help="The first day. Default: of all.")
@click.option("--to", "end", metavar="DATE", help="The last day. Default: of all.")
@click.option(
    "--places", is_flag=True, help="The settlements of the records, joined, instead."
)
@clock_options
@lens_option
@table_options("parquet")
def panel(
    file: tuple[str, ...],
    freq: str,
    start: str | None,
    end: str | None,
    places: bool,
    known_at: str | None,
    published_by: str | None,
    lens: str,
    format_: str | None,
    out: Path | None,
) -> None:
    """Who held each settlement at the end of each day, a row a place and day.

    Several records stand one below the other, with the columns record and place first:
    ids are kept apart, and settlements of two records are one place where both have the
    same GeoNames id, or P-code. Unchanged is not the same as reported: last_reported is
    the last day by then that a report of control speaks of.
    """
    kind = chosen(format_, out, ("parquet",))
    with ExitStack() as stack:
        records = _named(file, stack)
        if places:
            _emit_places(records, kind, out)
            return
        from chronicle.report.panels import panels

        asked = {"known_at": known_at, "published_by": published_by, "lens": lens}
        if len(records) == 1:
            (record,) = records.values()
            frame = record.panel(freq, start, end, **asked)  # type: ignore[arg-type]
        else:
            frame = panels(records, freq, start, end, **asked)  # type: ignore[arg-type]
    _emit_frame(frame, kind, out)


def _named(files: tuple[str, ...], stack: ExitStack) -> dict[str, Chronicle]:
    """The records by the names of their files; raises `UsageError` for one twice."""
    records: dict[str, Chronicle] = {}
    identities: dict[str, str] = {}
    for file in files:
        record = stack.enter_context(opened(file))
        if record.identity in identities:
            raise UsageError(f"{file} and {identities[record.identity]} are one record")
        identities[record.identity] = file
        stem = Path(file).stem
        records[stem if stem not in records else file] = record
    return records


def _emit_places(records: dict[str, Chronicle], kind: str, out: Path | None) -> None:
    from chronicle.report.panels import places_table

    table = places_table(records)
    if kind == "parquet":
        from chronicle.cli.render import picked
        from chronicle.formats.parquet import parquet

        emit_bytes(parquet(picked(table)), kind, out)
        return
    emit(table, kind, out)


def _emit_frame(frame: pd.DataFrame, kind: str, out: Path | None) -> None:
    """A long frame goes out as it is; what people or a sheet take is bounded."""
    header = str(frame.attrs["header"])
    if kind in ("csv", "parquet"):
        names = asked_columns()
        if names is not None:
            check_columns(names, tuple(frame.columns))
            frame = frame[list(names)]
        if kind == "parquet":
            emit_bytes(_parquet(frame), kind, out)
            return
        text = _csv(frame)
        if out is not None:
            write_whole(out, text.encode())
        else:
            put(text)
        for line in header.splitlines():
            say(line)
        return
    if len(frame) > MOST_SHOWN:
        raise BudgetExceeded(
            f"{len(frame):,} rows are too many for --format {kind}; take csv or "
            "parquet, or fewer days"
        )
    emit(_table(frame), kind, out)


def _csv(frame: pd.DataFrame) -> str:
    """As the csv of other commands: ISO days, unknown is empty, no formulas."""
    from chronicle.formats.writing.guard import guarded

    frame = frame.copy()
    for name in frame.columns:
        if isinstance(frame[name].dtype, _category()):
            frame[name] = frame[name].cat.rename_categories(guarded)
    text: str = frame.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")
    return text


def _category() -> type:
    import pandas as pd

    return pd.CategoricalDtype


def _parquet(frame: pd.DataFrame) -> bytes:
    from io import BytesIO

    from chronicle.errors import MissingExtra

    sink = BytesIO()
    try:
        frame.to_parquet(sink, index=False)
    except ImportError:
        raise MissingExtra("Parquet needs pyarrow", "arrow") from None
    return sink.getvalue()


def _table(frame: pd.DataFrame) -> Table:
    """The same rows as plain values."""
    import pandas as pd

    from chronicle.domain.table import Table

    columns = []
    for name in frame.columns:
        column = frame[name]
        day = pd.api.types.is_datetime64_any_dtype(column)
        values = column.dt.date if day else column
        known = column.notna()
        columns.append(
            [v if k else None for v, k in zip(values.tolist(), known, strict=True)]
        )
    rows = list(zip(*columns, strict=True))
    return Table(tuple(frame.columns), rows, str(frame.attrs["header"]))
