"""The three documents of a page: record, land, and an ensemble beside the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronicle.domain.events import Claim
from chronicle.web.land import land_around
from chronicle.web.payload import encoded, payload, top_up

if TYPE_CHECKING:
    from pathlib import Path

    from chronicle.api import Chronicle

__all__ = ["Documents", "documents", "news_document", "record_document"]


@dataclass(frozen=True, slots=True)
class Documents:
    """JSON texts; `position` is that of the record when they were made."""

    data: bytes
    land: bytes
    what_if: bytes
    position: int


def record_document(chronicle: Chronicle, name: str) -> dict[str, Any]:
    """The record as columns, under *name*."""
    return payload(
        chronicle.log(),
        name=name,
        identity=chronicle.identity,
        what_if=chronicle.what_if,
    )


def news_document(chronicle: Chronicle, after: int) -> dict[str, object]:
    """What was recorded after a position, for a page that has all up to it.

    `{"whole": true}` where it cannot be added, and the record is to be read anew.
    """

    def known(report: str) -> type[Claim] | None:
        found = chronicle.report(report)
        event = None if found is None else found.event
        return type(event) if isinstance(event, Claim) else None

    if not 0 <= after <= chronicle.head:
        return {"whole": True}
    return top_up(chronicle.log(after), known) or {"whole": True}


def documents(chronicle: Chronicle, name: str, run: Path | None = None) -> Documents:
    """All that the page of *chronicle* needs; *run* is the folder of an ensemble."""
    told = record_document(chronicle, name)
    known = told["settlements"]
    spots: list[tuple[float, float]] = []
    if known["rows"]:
        lats, lons = (_values(known[axis], known["rows"]) for axis in ("lat", "lon"))
        pairs = zip(lats, lons, strict=True)
        spots = [(lat, lon) for lat, lon in pairs if lat is not None]
    what_if: dict[str, Any] = {}
    if run is not None:
        from chronicle.web.ensemble import ensemble_document

        provinces = _values(known["admin1"], known["rows"]) if known["rows"] else []
        ids = _values(known["id"], known["rows"]) if known["rows"] else []
        names = {id_: name or "" for id_, name in zip(ids, provinces, strict=True)}
        what_if = ensemble_document(run, names)
    return Documents(
        encoded(told),
        encoded(land_around(spots)),
        encoded(what_if),
        told["position"],
    )


def _values(column: Any, rows: int) -> list[Any]:
    if isinstance(column, list):
        return column
    if "all" in column:
        return [column["all"]] * rows
    return [column["of"][at] for at in column["at"]]
