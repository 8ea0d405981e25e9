"""Land, lakes and rivers round the places of a record, as flat lists of degrees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chronicle.report.drawing.land import land_in

__all__ = ["land_around"]

LEAST_DEGREES = 3.0  # seen beyond the outermost places
SHARE = 0.6  # of the span of the places, seen beyond them
DECIMALS = 3  # a tenth of what the coast is simplified to


def land_around(places: Iterable[tuple[float, float]]) -> dict[str, object]:
    """What the map of *places* (lat, lon) is laid on; nothing where there are none.

    The window is cut in the widest gap between longitudes, as the page's own view is,
    so places on both sides of the 180th meridian lie together.
    """
    known = list(places)
    empty: dict[str, object] = {"land": [], "lakes": [], "rivers": [], "coast": []}
    if not known:
        return empty
    west, east = _widest(sorted(lon for _, lon in known))
    lats = [lat for lat, _ in known]
    south, north = min(lats), max(lats)
    wide = max((east - west) * SHARE, LEAST_DEGREES)
    tall = max((north - south) * SHARE, LEAST_DEGREES)
    if east - west + 2 * wide >= 360:
        wide = max((360 - (east - west)) / 2 - 1e-6, 0.0)
    window = (west - wide, max(south - tall, -90), east + wide, min(north + tall, 90))
    found = land_in(window)
    return {
        "window": [round(edge, DECIMALS) for edge in window],
        "land": [[_flat(ring) for ring in polygon] for polygon in found.land],
        "lakes": [[_flat(ring) for ring in polygon] for polygon in found.lakes],
        "rivers": [_flat(line) for line in found.rivers],
        "coast": [_flat(line) for line in found.coast],
    }


def _widest(lons: Sequence[float]) -> tuple[float, float]:
    """The least span of longitudes, as (west, east) with east ≥ west."""
    gaps = [
        (after - lon, n)
        for n, (lon, after) in enumerate(
            zip(lons, [*lons[1:], lons[0] + 360], strict=True)
        )
    ]
    widest, before = max(gaps)
    west = lons[(before + 1) % len(lons)]
    return west, west + 360 - widest


def _flat(points: Any) -> list[float]:
    told: list[float] = points.round(DECIMALS).reshape(-1).tolist()
    return told
