"""What the columns of a table are, as a TOML file that can be kept and used again.

kind = "control"
dates = "dmy"
[columns]
"Place" = "settlement"
"Who" = "to_actor"
"Remarks" = ""          # not read
[values.to_actor]
"Gov. forces" = "gov"   # read as
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chronicle.domain.names import did_you_mean
from chronicle.domain.toml_text import toml_of
from chronicle.errors import InputError
from chronicle.formats.rows import open_local
from chronicle.formats.spreadsheet.dates import ORDERS
from chronicle.formats.spreadsheet.kinds import TABLE_KINDS
from chronicle.formats.spreadsheet.numbers import COMMA, POINT
from chronicle.formats.spreadsheet.sheet import SheetOptions
from chronicle.formats.spreadsheet.text_file import DELIMITERS

__all__ = ["ColumnMapping", "read_mapping", "written"]

_MOST = 2**20  # bytes of a mapping
_TEXTS = ("kind", "dates", "decimal", "source", "encoding", "delimiter", "sheet")
_ALLOWED = {
    "kind": tuple(TABLE_KINDS),
    "dates": ORDERS,
    "decimal": (COMMA, POINT),
    "delimiter": tuple(DELIMITERS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """What a user or a file says of a table; what is empty is found.

    *columns* gives the own format's column for a header, "" for one that is not read.
    *values* gives, by own column, what a cell is read as.
    """

    kind: str | None = None
    dates: str | None = None
    decimal: str | None = None
    source: str | None = None  # of reports in a table without such a column
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheet: SheetOptions = field(default_factory=SheetOptions)

    @property
    def told(self) -> bool:
        """Whether it says more than an encoding, which is so of any text."""
        return self != ColumnMapping(sheet=SheetOptions(encoding=self.sheet.encoding))


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping in a file; raises `InputError` with the key that is wrong."""
    with open_local(path, limit=_MOST) as raw:
        text = raw.read() or b""
    told = toml_of(text, str(path))
    known = (*_TEXTS, "header_row", "columns", "values")
    for key in told:
        if key not in known:
            raise InputError(f"{path}: no key {key!r}{_near(key, known)}")
    texts: dict[str, str | None] = {key: _text(path, told, key) for key in _TEXTS}
    for key, allowed in _ALLOWED.items():
        if texts[key] is not None and texts[key] not in allowed:
            listed = ", ".join(map(repr, allowed))
            raise InputError(f"{path}: {key} = {texts[key]!r}: must be one of {listed}")
    row = told.get("header_row", 0)
    if type(row) is not int or row < 0:
        raise InputError(f"{path}: header_row: must be the number of a row")
    values = told.get("values", {})
    if not isinstance(values, dict):
        raise InputError(f"{path}: values: must be tables, [values.COLUMN]")
    return ColumnMapping(
        kind=texts["kind"],
        dates=texts["dates"],
        decimal=texts["decimal"],
        source=texts["source"],
        columns=_table(path, "columns", told.get("columns", {})),
        values={key: _table(path, f"values.{key}", one) for key, one in values.items()},
        sheet=SheetOptions(
            encoding=texts["encoding"],
            delimiter=texts["delimiter"],
            sheet=texts["sheet"],
            header_row=row,
        ),
    )


def _near(word: str, known: tuple[str, ...]) -> str:
    return did_you_mean(word, known, f"there are {', '.join(known)}")


def _text(path: Path, told: Mapping[str, object], key: str) -> str | None:
    value = told.get(key)
    if value is not None and type(value) is not str:
        raise InputError(f"{path}: {key}: must be text")
    return value or None


def _table(path: Path, name: str, told: object) -> dict[str, str]:
    if not isinstance(told, dict) or not all(type(one) is str for one in told.values()):
        raise InputError(f"{path}: {name}: must be a table of texts")
    return dict(told)


def written(mapping: ColumnMapping) -> str:
    """The mapping as TOML, with what is empty left out."""
    lines = [
        "# What the columns of this table are; chronicle import --mapping reads it."
    ]
    sheet = mapping.sheet
    for key, value in (
        ("kind", mapping.kind),
        ("dates", mapping.dates),
        ("decimal", mapping.decimal),
        ("source", mapping.source),
        ("encoding", sheet.encoding),
        ("delimiter", sheet.delimiter),
        ("sheet", sheet.sheet),
    ):
        if value:
            lines.append(f"{key} = {_quoted(value)}")
    if sheet.header_row:
        lines.append(f"header_row = {sheet.header_row}")
    lines += ["", "[columns]  # a header, and the column of the own format that it is"]
    for header, column in mapping.columns.items():
        told = "" if column else "  # not read"
        lines.append(f"{_quoted(header)} = {_quoted(column)}{told}")
    for column, values in mapping.values.items():
        lines += ["", f"[values.{_quoted(column)}]"]
        lines += [f"{_quoted(a)} = {_quoted(b)}" for a, b in values.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0."""
    signs = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    plain = "".join(
        signs.get(
            c,
            c
            if c.isprintable()
            else f"\\u{ord(c):04X}"
            if ord(c) < 0x10000
            else f"\\U{ord(c):08X}",
        )
        for c in text
    )
    return f'"{plain}"'
