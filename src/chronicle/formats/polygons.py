"""Maps of control as polygons (GeoJSON by day, as DeepStateMap's): inside or outside.

Each settlement of the record is looked up in the polygons of the file's day. A report
is made where its side is not what the map said before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chronicle.domain.events import ControlReported, Event, SourceRegistered
from chronicle.errors import InputError, UsageError
from chronicle.formats.earlier import Changes, Side
from chronicle.formats.field import Asked, Format, Rows
from chronicle.formats.file_day import day_in
from chronicle.formats.head import Head
from chronicle.formats.parties import Parties
from chronicle.formats.places import slug
from chronicle.formats.source import Source

__all__ = ["FORMAT", "Ground"]

Floats = npt.NDArray[np.float64]
KM = 111.195  # of a degree of latitude
EDGE_KM = 1.0
# What DeepStateMap writes into the names of its polygons, and whose ground that is.
_NAMES = (
    (re.compile(r"liberated|звільнено", re.IGNORECASE), "Ukraine"),
    (re.compile(r"unknown|невизначен|contested|gr[ae]y", re.IGNORECASE), "contested"),
    (
        re.compile(
            r"occupied|окупован|cadr|ордло|crimea|крим|russia|dpr|lpr", re.IGNORECASE
        ),
        "Russia",
    ),
)


class Ground:
    """One area: rings of edges, by the even-odd rule, so that holes are holes."""

    def __init__(self, rings: list[Floats]) -> None:
        starts = [ring[:-1] for ring in rings]
        ends = [ring[1:] for ring in rings]
        self.a = np.concatenate(starts) if starts else np.empty((0, 2))
        self.b = np.concatenate(ends) if ends else np.empty((0, 2))

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a point lies inside."""
        ya, yb = self.a[:, 1], self.b[:, 1]
        cross = (ya > lat) != (yb > lat)
        a, b = self.a[cross], self.b[cross]
        at = a[:, 0] + (lat - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
        return bool(np.count_nonzero(at > lon) % 2)

    def edge_km(self, lon: float, lat: float, most: float) -> float:
        """How far the nearest edge is; infinity where it is farther than *most*."""
        narrow = np.cos(np.radians(lat))
        high, wide = most / KM, most / KM / max(narrow, 0.01)
        a, b = self.a, self.b
        near = (
            (np.minimum(a[:, 1], b[:, 1]) <= lat + high)
            & (np.maximum(a[:, 1], b[:, 1]) >= lat - high)
            & (np.minimum(a[:, 0], b[:, 0]) <= lon + wide)
            & (np.maximum(a[:, 0], b[:, 0]) >= lon - wide)
        )
        if not near.any():
            return float("inf")
        scale = np.array([KM * narrow, KM])
        start = (a[near] - (lon, lat)) * scale
        along = (b[near] - a[near]) * scale
        length = np.maximum((along**2).sum(axis=1), 1e-18)
        part = np.clip(-(start * along).sum(axis=1) / length, 0.0, 1.0)
        away = start + along * part[:, None]
        return float(np.sqrt((away**2).sum(axis=1)).min())


def _recognises(path: Path, head: Head) -> int:
    if not head.json or '"coordinates"' not in head.text:
        return 0
    return 60 if re.search(r'"(Multi)?Polygon"', head.text) else 0


def _read(source: Source, asked: Asked) -> Rows:
    day = asked.day or day_in(source.name)
    if day is None:
        raise InputError(f"{source.name}: says no day; say it with --day")
    options = asked.options
    deepstate = "deepstate" in source.name.casefold()
    id_ = options.get("source") or ("deepstate" if deepstate else _stem(source.name))
    name = "DeepStateMap" if deepstate else f"map {id_}"
    grounds = _grounds(source)
    yield 1, SourceRegistered(dataset=asked.dataset, source=id_, name=name, kind="map")
    inside = options.get("inside") or ("Russia" if deepstate else "")
    reading = _Reading(source, asked, day, id_, inside)
    yield from reading.rows(grounds)


def _stem(name: str) -> str:
    """The id of a map from the name of its files: without the day and the ending."""
    return (
        slug(re.sub(r"[0-9]{4}[-_.]?[0-9]{2}[-_.]?[0-9]{2}|\.\w+$", "", name)) or "map"
    )


def _grounds(source: Source) -> list[tuple[str, Ground]]:
    """The areas of a file with their names; empty where they have none."""
    told = source.json()
    found: list[tuple[str, list[Floats]]] = []
    try:
        for name, geometry in _geometries(told, ""):
            found.append((name, [_ring(ring) for ring in _rings(geometry)]))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        raise InputError(f"{source.name}: has a geometry that is no polygon") from None
    if not found:
        raise InputError(f"{source.name}: has no polygon")
    return [(name, Ground(rings)) for name, rings in found]


def _geometries(told: object, name: str) -> Iterator[tuple[str, dict[str, object]]]:
    if not isinstance(told, dict):
        raise TypeError("no GeoJSON object")
    kind = told.get("type")
    if kind == "FeatureCollection":
        for feature in told["features"]:
            yield from _geometries(feature, name)
    elif kind == "Feature":
        properties = told.get("properties") or {}
        named = properties.get("name") or properties.get("Name") or ""
        if told.get("geometry") is not None:
            yield from _geometries(told["geometry"], str(named))
    elif kind == "GeometryCollection":
        for geometry in told["geometries"]:
            yield from _geometries(geometry, name)
    elif kind in ("Polygon", "MultiPolygon"):
        yield name, told


def _rings(geometry: dict[str, Any]) -> list[Any]:
    if geometry["type"] == "Polygon":
        return list(geometry["coordinates"])
    return [ring for polygon in geometry["coordinates"] for ring in polygon]


def _ring(points: Any) -> Floats:
    ring = np.array([point[:2] for point in points], dtype=np.float64)
    if ring.ndim != 2 or len(ring) < 3 or not np.isfinite(ring).all():
        raise ValueError("no ring")
    if (ring[0] != ring[-1]).any():
        ring = np.vstack([ring, ring[:1]])
    return ring


class _Reading:
    def __init__(
        self, source: Source, asked: Asked, day: date, id_: str, inside: str
    ) -> None:
        self.source = source
        self.asked = asked
        self.day = day
        self.id = id_
        self.inside = inside
        self.outside = asked.options.get("outside", "")
        self.near = asked.options.get("near", "contested")
        if self.near not in ("contested", "skip", "side"):
            raise UsageError(f"near: {self.near!r} must be contested, skip or side")
        try:
            self.edge = float(asked.options.get("edge_km", EDGE_KM))
        except ValueError:
            self.edge = -1.0
        if not 0 <= self.edge <= 100:
            raise UsageError("edge_km: must be a number of kilometres from 0 to 100")
        self.parties = Parties(asked.references, asked.dataset)
        self.changes = Changes(asked.earlier, id_)

    def rows(self, grounds: list[tuple[str, Ground]]) -> Rows:
        """A report for each settlement whose side on the map is news."""
        sides = []
        for name, ground in grounds:
            holder = self._holder(name)
            if holder is None:
                yield self.source.problem(
                    0,
                    "nobody is said to hold this polygon; say it with --set "
                    "inside=ACTOR",
                    "name",
                    name,
                )
            else:
                sides.append((holder, ground))
        blind = skipped = 0
        for place in self.asked.references.settlements.values():
            if place.lat is None or place.lon is None:
                blind += 1
                continue
            found = self._side(sides, place.lon, place.lat)
            if found == "skip":
                skipped += 1
                continue
            yield from self._told(place.settlement, found)
        if blind:
            rule = f"{blind:,} settlements of the record have no coordinates"
            yield self.source.remark(0, rule)
        if skipped:
            rule = f"{skipped:,} settlements lie within {self.edge:g} km of a line"
            yield self.source.remark(0, rule)
        if not self.asked.references.settlements:
            rule = "the record has no settlement to look up; import a gazetteer first"
            yield self.source.problem(0, rule)

    def _holder(self, name: str) -> str | None:
        """Who holds a polygon by its name, or by the option; None where nobody is."""
        for pattern, holder in _NAMES if name else ():
            if pattern.search(name):
                return holder
        return self.inside or None

    def _side(
        self, sides: list[tuple[str, Ground]], lon: float, lat: float
    ) -> str | None:
        """Whose ground a point is on; None outside of all, `skip` near an edge."""
        found = next((name for name, ground in sides if ground.holds(lon, lat)), None)
        if self.near != "side" and self.edge and found != "contested":
            for _, ground in sides:
                if ground.edge_km(lon, lat, self.edge) <= self.edge:
                    return "contested" if self.near == "contested" else "skip"
        return found

    def _told(self, place: str, holder: str | None) -> Rows:
        news: list[Event] = []
        side: Side
        if holder == "contested":
            side = (None, "contested")
        elif holder or self.outside:
            actor, new = self.parties.named(holder or self.outside)
            side = (actor, "held")
            news += [] if new is None else [new]
        elif self.changes.last(place, self.day) is None:
            return  # never inside: the map says nothing of who holds it
        else:
            side = (None, "vacated")
        if not self.changes.news(place, self.day, side):
            return
        news.append(
            ControlReported(
                dataset=self.asked.dataset,
                report_id=f"{self.id}:{place}:{self.day:%Y%m%d}",
                source=self.id,
                published=self.day,
                settlement=place,
                controller=side[0],
                status=side[1],
                valid_from=self.day,
                note=_NOTES[holder or ("out" if not self.outside else "")]
                if holder in (None, "contested")
                else "",
            )
        )
        for one in news:
            yield 1, one


_NOTES = {
    "contested": "within the precision of a line of the map, or drawn as unclear",
    "out": "outside of the polygons of this day, inside before",
    "": "outside of the polygons of this day",
}


FORMAT = Format(
    name="polygons",
    title="Maps of control as polygons (GeoJSON by day), as control reports",
    dataset="polygons",
    types=(),  # a file tells only what changed: nothing of it is ever gone
    recognises=_recognises,
    read=_read,
    options={
        "inside": "the actor that holds polygons without a name of their own",
        "outside": "the actor that holds what lies outside; without it nothing is said",
        "edge_km": "the precision of the lines, in kilometres; 1 unless said",
        "near": "contested, skip or side: places nearer than that to a line",
        "source": "the id of the map as a source",
    },
)
