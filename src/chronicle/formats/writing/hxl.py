"""Displaced people and incidents as CSV with a row of HXL tags (standard 1.1)."""

from __future__ import annotations

from chronicle.domain.table import Table
from chronicle.formats.writing.guard import csv_bytes

__all__ = ["TAGS", "hxl_bytes"]

TAGS = {
    "report": "#meta+id",
    "measure": "#indicator+type",
    "category": "#affected+type",
    "valid_on": "#date+occurred",
    "valid_from": "#date+occurred",
    "since": "#date+start",
    "until": "#date+end",
    "persons": "#affected+idps+ind",
    "low": "#affected+idps+ind+min",
    "high": "#affected+idps+ind+max",
    "qualifier": "#meta+qualifier",
    "area": "#adm+code",
    "settlement": "#loc+code",
    "name": "#loc+name",
    "counter": "#org+counter",
    "source": "#meta+source",
    "published": "#date+reported",
    "includes": "#meta+includes",
    "note": "#description",
    "ref": "#meta+url",
    "lat": "#geo+lat",
    "lon": "#geo+lon",
    "kind": "#event+type",
    "killed": "#affected+killed",
    "injured": "#affected+injured",
    "control": "#group+control",
    "status": "#status",
}


def hxl_bytes(table: Table) -> bytes:
    """*table* with a second row of tags; a column without one keeps an empty cell.

    `until` is the last day, included, as HXL's users expect of `#date+end`.
    """
    tags = [TAGS.get(column, "") for column in table.columns]
    body = csv_bytes(table.columns, ([*row.values()] for row in table))
    header, _, rest = body.partition(b"\n")
    return b"\n".join((header, ",".join(tags).encode(), rest))
