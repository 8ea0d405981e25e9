"""The kinds of table that a spreadsheet may be, and the columns of each.

Columns go by the names of the own format, so that what is read there is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["TABLE_KINDS", "TableKind"]

_REPORT = ("id", "source", "published", "reliability", "credibility", "note", "ref")
_PLACE = ("settlement", "lat", "lon", "admin1", "pcode", "geonames_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKind:
    """One kind: its columns, one of each of *needed*, and the words that become others.

    *instead* maps what a header may mean to the column that it is in this kind.
    """

    name: str
    types: tuple[str, ...]
    columns: tuple[str, ...]
    needed: tuple[tuple[str, ...], ...]
    instead: Mapping[str, str]


TABLE_KINDS: Mapping[str, TableKind] = {
    kind.name: kind
    for kind in (
        TableKind(
            name="control",
            types=("control-reported",),
            columns=(
                *_REPORT, *_PLACE, "valid_from", "time_of_day", "from_actor",
                "to_actor", "status", "claimed_by",
            ),
            needed=(("settlement",), ("valid_from",), ("to_actor", "status")),
            instead={"name": "settlement", "since": "valid_from"},
        ),
        TableKind(
            name="displacement",
            types=("displacement-reported",),
            columns=(
                *_REPORT, *_PLACE, "valid_on", "since", "until", "measure", "category",
                "persons", "low", "high", "qualifier", "area", "origin", "destination",
                "counter",
            ),
            needed=(
                ("area", "settlement", "admin1", "origin", "destination"),
                ("valid_on", "since"),
                ("persons", "low", "high"),
            ),
            instead={"name": "settlement", "valid_from": "valid_on"},
        ),
        TableKind(
            name="incident",
            types=("incident-reported",),
            columns=(
                *_REPORT, *_PLACE, "valid_from", "time_of_day", "kind", "killed",
                "injured", "alleged_actor", "claimed_by", "civilians", "area",
            ),
            needed=(("settlement", "area"), ("valid_from",)),
            instead={
                "name": "settlement", "since": "valid_from", "incident": "kind",
                "to_actor": "alleged_actor",
            },
        ),
        TableKind(
            name="settlement",
            types=(),
            columns=(
                "id", "name", "lat", "lon", "aliases", "kind", "admin1", "pcode",
                "geonames_id", "population", "note",
            ),
            needed=(("name",),),
            instead={"settlement": "name", "persons": "population"},
        ),
    )
}  # fmt: skip
