"""What a user may say of a table that is imported: the mapping, names, registering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chronicle.errors import UsageError

if TYPE_CHECKING:
    from chronicle.formats.spreadsheet.table import TableOptions

__all__ = ["accepted_in", "asked_table", "mapping_options"]

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--explain",
        is_flag=True,
        help="Show what each column of a table will become, with three rows; import "
        "nothing.",
    ),
    click.option(
        "--mapping", type=_FILE, metavar="TOML", help="What the columns are, as saved."
    ),
    click.option(
        "--save-mapping", type=_FILE, metavar="TOML", help="Write that, for next time."
    ),
    click.option(
        "--column",
        multiple=True,
        metavar="HEADER=COLUMN",
        help="What one column is; nothing behind = for one not to be read.",
    ),
    click.option(
        "--kind",
        type=click.Choice(["control", "displacement", "incident", "settlement"]),
        help="The kind of table; found by its columns.",
    ),
    click.option(
        "--dates",
        type=click.Choice(["dmy", "mdy", "ymd"]),
        help="The order of days in digits; found where a column leaves no doubt.",
    ),
    click.option(
        "--decimal",
        type=click.Choice(["comma", "point"]),
        help="The decimal sign; found where a column leaves no doubt.",
    ),
    click.option("--source", "said_by", help="Who says so, where no column tells."),
    click.option("--encoding", help="Of a text file that is not UTF-8; found."),
    click.option("--sheet", help="The sheet of a workbook; found by its header."),
    click.option(
        "--register",
        is_flag=True,
        help="Register places and parties that are new, with ids from their names.",
    ),
    click.option(
        "--review",
        type=_FILE,
        metavar="CSV",
        help="Names in doubt with candidates, and what looks wrong: written, to fill "
        "in, or to work off on the page of `serve --write`, and pass back.",
    ),
)


def mapping_options(command: Any) -> Any:
    """The options of a table, for `import`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked_table(given: Mapping[str, Any]) -> TableOptions:
    """The options as a reader takes them; raises what reading their files raises."""
    from chronicle.formats.spreadsheet.mapping import ColumnMapping, read_mapping
    from chronicle.formats.spreadsheet.review import read_choices
    from chronicle.formats.spreadsheet.table import TableOptions

    path: Path | None = given["mapping"]
    mapping = ColumnMapping() if path is None else read_mapping(path)
    columns = {**mapping.columns, **_columns(given["column"])}
    sheet = replace(
        mapping.sheet,
        encoding=given["encoding"] or mapping.sheet.encoding,
        sheet=given["sheet"] or mapping.sheet.sheet,
    )
    mapping = replace(
        mapping,
        kind=given["kind"] or mapping.kind,
        dates=given["dates"] or mapping.dates,
        decimal=given["decimal"] or mapping.decimal,
        source=given["said_by"] or mapping.source,
        columns=columns,
        sheet=sheet,
    )
    review: Path | None = given["review"]
    choices = read_choices(review) if review is not None and review.exists() else {}
    return TableOptions(mapping=mapping, choices=choices, register=given["register"])


def accepted_in(review: Path | None) -> list[str]:
    """The values that look wrong and that a review finds right."""
    from chronicle.formats.spreadsheet.review import read_accepted

    return read_accepted(review) if review is not None and review.exists() else []


def _columns(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        header, sign, column = one.rpartition("=")
        if not sign or not header.strip():
            raise UsageError(f"--column {one}: write it as HEADER=COLUMN")
        header = header.strip()
        if len(header) > 1 and header[0] == header[-1] and header[0] in "'\"":
            header = header[1:-1]
        found[header] = column.strip()
    return found
