"""The names that an import left open, worked off on the page.

The review is the file that `chronicle import --review` writes and reads; each choice is
saved to it at once. The page says which state of the file it has seen, so that nothing
that somebody else fills in meanwhile is overwritten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chronicle.domain.references import SettlementRegistered
from chronicle.domain.state import References
from chronicle.domain.views import coarse
from chronicle.errors import Conflict, InputError
from chronicle.formats.places import distance_km
from chronicle.formats.spreadsheet.review import (
    ReviewRow,
    check_choice,
    read_review,
    save_review,
)
from chronicle.web.entry import Desk, answered

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["Choice", "ReviewDesk", "review_routes"]

MOST_NAMES: Final = 3  # of a place, beside its first one


class Choice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a person chose of one name; empty opens it again."""

    kind: str
    name: str
    choice: str
    seen: str  # the digest of the file that the page shows


class ReviewDesk:
    """One review file, and the record whose ids it names."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def told(self, record: Chronicle) -> dict[str, Any]:
        """The rows of the file with their candidates, as a person chooses of them."""
        rows = read_review(self._path)
        known = record.references()
        return {
            "file": self._path.name,
            "seen": self._digest(),
            "rows": [_row(one, known) for one in rows],
        }

    def choose(self, record: Chronicle, choice: Choice) -> dict[str, Any]:
        """Save one choice.

        Raises `Conflict` for a file that has changed since it was shown, `InputError`
        for a name that it does not have, or a choice that it cannot take.
        """
        if self._digest() != choice.seen:
            raise Conflict(f"{self._path.name} was changed meanwhile; look again")
        rows = read_review(self._path)
        chosen = [
            one._replace(choice=choice.choice)
            if (one.kind, one.name) == (choice.kind, choice.name)
            else one
            for one in rows
        ]
        if not any((o.kind, o.name) == (choice.kind, choice.name) for o in rows):
            raise InputError(f"{self._path.name} has no {choice.kind} {choice.name!r}")
        known = record.references()
        shelves: Mapping[str, Mapping[str, Any]] = {
            "settlement": known.settlements,
            "actor": known.actors,
            "source": known.sources,
        }
        check_choice(choice.kind, choice.choice, shelves.get(choice.kind, ()))
        save_review(self._path, chosen)
        return {"seen": self._digest()}

    def _digest(self) -> str:
        try:
            return hashlib.sha256(self._path.read_bytes()).hexdigest()
        except OSError as broken:
            raise InputError(f"{self._path}: {broken.strerror}") from None


def review_routes(desk: Desk, review: ReviewDesk) -> list[Route]:
    """The routes of a review; reading it, too, is a request of the page alone."""

    async def rows(request: Request) -> Response:
        return await answered(desk, request, dict, lambda log, _: review.told(log))

    async def choose(request: Request) -> Response:
        return await answered(desk, request, Choice, review.choose)

    return [
        Route("/entry/review", rows, methods=["POST"]),
        Route("/entry/choose", choose, methods=["POST"]),
    ]


def _row(row: ReviewRow, known: References) -> dict[str, Any]:
    spot = _spot(row)
    told = dict(zip(row.ids, row.candidates.split(" | "), strict=False))
    first = next(iter(told), "")
    return {
        "kind": row.kind,
        "name": row.name,
        "choice": row.choice,
        "rows": row.rows,
        "line": row.first_line,
        "why": row.why,
        "spot": spot,
        "candidates": [
            _candidate(id_, more, row.kind, spot, known, first)
            for id_, more in told.items()
        ],
    }


def _spot(row: ReviewRow) -> tuple[float, float] | None:
    try:
        lat, lon = float(row.lat), float(row.lon)
    except ValueError:
        return None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def _candidate(
    id_: str,
    told: str,
    kind: str,
    spot: tuple[float, float] | None,
    known: References,
    first: str,
) -> dict[str, Any]:
    """What tells a candidate apart; *km* is from the row's spot, or from the first."""
    found: dict[str, Any] = {"id": id_, "name": id_, "more": told[len(id_) + 2 : -1]}
    if kind == "actor" and (actor := known.actors.get(id_)) is not None:
        return found | {"name": actor.name, "more": actor.side}
    if kind == "source" and (source := known.sources.get(id_)) is not None:
        return found | {"name": source.name, "more": source.affiliation}
    place = known.settlements.get(id_)
    if kind != "settlement" or place is None:
        return found
    lat, lon = coarse(place.lat, place.lon, place.sensitivity)
    found |= {
        "name": place.name,
        "names": place.aliases[:MOST_NAMES],
        "more": place.admin1,
        "people": place.population,
        "lat": lat,
        "lon": lon,
    }
    other = spot or _of(known.settlements.get(first))
    if other is not None and lat is not None and lon is not None:
        away = round(distance_km(*other, lat, lon))
        if spot is not None or id_ != first:
            found |= {"km": away, "from": "row" if spot is not None else "first"}
    return found


def _of(place: SettlementRegistered | None) -> tuple[float, float] | None:
    if place is None:
        return None
    lat, lon = coarse(place.lat, place.lon, place.sensitivity)
    return None if lat is None or lon is None else (lat, lon)
