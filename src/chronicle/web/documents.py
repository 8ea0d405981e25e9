"""The three documents of a page: record, land, and an ensemble beside the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chronicle.web.land import land_around
from chronicle.web.payload import encoded, payload

if TYPE_CHECKING:
    from pathlib import Path

    from chronicle.api import Chronicle

__all__ = ["Documents", "documents", "record_document"]


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
