"""Tables as an Excel workbook (ECMA-376), by the standard library: text and numbers.

Text is an inline string, which no program computes; days are numbers with a format.
The same tables give the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from xml.sax.saxutils import escape

from chronicle.domain.table import Table
from chronicle.errors import BudgetExceeded
from chronicle.formats.writing.guard import cell, guarded

__all__ = ["MOST_ROWS", "xlsx_bytes"]

MOST_ROWS = 1_048_575  # below the header; Excel's own limit
MOST_TEXT = 32_767  # characters of a cell
_EPOCH = date(1899, 12, 30)  # of Excel's days, for all after February 1900
_FIRST = date(1900, 3, 1)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WHEN = (1980, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
    '<xf numFmtId="164" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)


def xlsx_bytes(sheets: dict[str, Table]) -> bytes:
    """The tables as sheets, by name; the header row is bold and stays in sight.

    Raises `BudgetExceeded` for a table of more than `MOST_ROWS` rows.
    """
    for name, table in sheets.items():
        if len(table) > MOST_ROWS:
            raise BudgetExceeded(
                f"{name}: {len(table):,} rows are more than a sheet holds "
                f"({MOST_ROWS:,}); choose fewer, or --as control or parquet"
            )
    names = list(sheets)
    parts = {
        "[Content_Types].xml": _types(len(names)),
        "_rels/.rels": _relations(["officeDocument"], ["xl/workbook.xml"]),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _relations(
            ["worksheet"] * len(names) + ["styles"],
            [f"worksheets/sheet{n}.xml" for n in range(1, len(names) + 1)]
            + ["styles.xml"],
        ),
        "xl/styles.xml": _STYLES,
    }
    for number, table in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = "".join(_sheet(table))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            info = zipfile.ZipInfo(path, _WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text)
    return out.getvalue()


def _types(count: int) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
        f'ContentType="{_OFFICE}.worksheet+xml"/>'
        for n in range(1, count + 1)
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        f'ContentType="{_OFFICE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_OFFICE}.styles+xml"/>'
        f"{sheets}</Types>"
    )


def _relations(kinds: list[str], targets: list[str]) -> str:
    told = "".join(
        f'<Relationship Id="rId{n}" Type="{_REL}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(zip(kinds, targets, strict=True), 1)
    )
    return (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>'
    )


def _workbook(names: list[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, 1)
    )
    return (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{sheets}</sheets>'
        "</workbook>"
    )


def _sheet(table: Table) -> Iterator[str]:
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        "</sheetView></sheetViews><sheetData><row>"
    )
    for column in table.columns:
        yield f'<c s="2" t="inlineStr"><is><t>{escape(column)}</t></is></c>'
    yield "</row>"
    for row in table:
        yield "<row>"
        yield from map(_cell, row.values())
        yield "</row>"
    yield "</sheetData></worksheet>"


def _cell(value: object) -> str:
    if value is None or value == "" or value == ():
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value!r}</v></c>"
    if isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST:
        return f'<c s="1"><v>{(value - _EPOCH).days}</v></c>'
    text = guarded(value) if isinstance(value, str) else cell(value)
    text = _NOT_XML.sub(" ", text)[:MOST_TEXT]
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
