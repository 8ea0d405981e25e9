"""Spreadsheets of invented reports, in the makes that people have."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

PLACES = (
    "Tarn", "Bel Hama", "Vell", "Kesh", "Dour al-Nahr", "Arin",
    "Moss", "Ledo", "Quill", "Sarn", "Ost", "Pell",
)  # fmt: skip
ARABIC = {
    "Tarn": "طرن", "Bel Hama": "بل حماة", "Vell": "فل", "Kesh": "كش",
    "Dour al-Nahr": "دور النهر", "Arin": "عارين", "Moss": "موس", "Ledo": "ليدو",
    "Quill": "كويل", "Sarn": "سارن", "Ost": "اوست", "Pell": "بل",
    "Government": "الحكومة", "Valdoria Front": "جبهة فالدوريا",
    "Coalition": "التحالف", "contested": "متنازع عليها",
}  # fmt: skip
PARTIES = ("Government", "Valdoria Front", "Coalition")
SOURCES = ("Reuters", "Valdoria Post", "Radio Kesh")
FIRST = date(2025, 3, 1)

Row = tuple[date, str, str, str, str]


def rows(count: int = 40) -> list[Row]:
    """Day, place, party, source, note; each ninth row is contested."""
    return [
        (
            FIRST + timedelta(days=n // 2),
            PLACES[n % 12],
            PARTIES[n * 7 % 3] if n % 9 else "contested",
            SOURCES[n % 3],
            f"note {n}",
        )
        for n in range(count)
    ]


def text(
    path: Path,
    table: Sequence[Sequence[object]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    before: str = "",
) -> Path:
    out = io.StringIO(newline="")
    out.write(before)
    csv.writer(out, delimiter=delimiter).writerows(table)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def excel(
    path: Path, table: Sequence[Sequence[Any]], merge: Sequence[str] = ()
) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    for row in table:
        book.active.append(list(row))
    for cells in book.active.iter_rows():
        for cell in cells:
            if cell.data_type == "f":  # text, which openpyxl takes for a formula
                cell.data_type = "s"
    for one in merge:
        book.active.merge_cells(one)
    book.save(path)
    return path


def ods(path: Path, table: Sequence[Sequence[Any]]) -> Path:
    """The least that is an OpenDocument spreadsheet."""
    body = "".join(
        "<table:table-row>" + "".join(map(_cell, row)) + "</table:table-row>"
        for row in table
    )
    space = "urn:oasis:names:tc:opendocument:xmlns"
    names = "".join(
        f' xmlns:{p}="{space}:{p}:1.0"' for p in ("office", "table", "text")
    )
    content = (
        f"<?xml version='1.0'?><office:document-content{names}><office:body>"
        f"<office:spreadsheet><table:table table:name='One'>{body}</table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return path


def _cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, datetime | date):
        told = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        return f"<table:table-cell {told}><text:p>shown</text:p></table:table-cell>"
    if isinstance(value, int | float):
        told = f'office:value-type="float" office:value="{value}"'
        return f"<table:table-cell {told}><text:p>shown</text:p></table:table-cell>"
    return (
        '<table:table-cell office:value-type="string"><text:p>'
        f"{escape(str(value))}</text:p></table:table-cell>"
    )
