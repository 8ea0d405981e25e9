"""From degrees to kilometres on paper: projection, frame, round lengths, grid lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "KM_PER_DEGREE",
    "LEAST_SPAN_KM",
    "Frame",
    "MapProjection",
    "frame_of",
    "grid",
    "projection_of",
    "round_length",
]

KM_PER_DEGREE = 111.195  # of a great circle on a sphere of radius 6,371.0 km
LEAST_SPAN_KM = 30.0
MARGIN_SHARE = 0.065
STEPS_DEGREES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)


@dataclass(frozen=True, slots=True)
class MapProjection:
    """Equirectangular, true to scale on the middle latitude; km from the middle.

    `west` is the longitude at which the map is cut, so that places on both sides of the
    180th meridian lie together.
    """

    lat: float
    lon: float
    west: float

    def xy(self, lat: float, lon: float) -> tuple[float, float]:
        """Kilometres east and north of the middle."""
        lon = self.west + (lon - self.west) % 360
        return (lon - self.lon) * self.km_per_lon, (lat - self.lat) * KM_PER_DEGREE

    @property
    def km_per_lon(self) -> float:
        """Kilometres in a degree of longitude; kept above zero at the poles."""
        return KM_PER_DEGREE * max(math.cos(math.radians(self.lat)), 0.02)


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle of the map in kilometres."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom


def projection_of(places: Sequence[tuple[float, float]]) -> MapProjection:
    """The projection in the middle of *places* (lat, lon); without any, of (0, 0)."""
    if not places:
        return MapProjection(0.0, 0.0, -180.0)
    lats = [lat for lat, _ in places]
    lons = sorted({lon % 360 for _, lon in places})
    gaps = [
        ((lons[(i + 1) % len(lons)] - lon - 1e-9) % 360, i)
        for i, lon in enumerate(lons)
    ]
    widest, before = max(gaps)
    first = lons[(before + 1) % len(lons)]
    span = 0.0 if len(lons) == 1 else 360 - widest
    middle = first + span / 2
    return MapProjection((min(lats) + max(lats)) / 2, middle, middle - 180)


def frame_of(points: Sequence[tuple[float, float]], aspect: float) -> Frame:
    """The least frame of width over height *aspect* about *points*, with a margin."""
    xs = [x for x, _ in points] or [0.0]
    ys = [y for _, y in points] or [0.0]
    share = 1 + 2 * MARGIN_SHARE
    width = max((max(xs) - min(xs)) * share, LEAST_SPAN_KM)
    height = max((max(ys) - min(ys)) * share, LEAST_SPAN_KM)
    width, height = max(width, height * aspect), max(height, width / aspect)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return Frame(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def round_length(most: float) -> float:
    """The greatest of 1, 2, 5, 10, 20, … (or 0.5, 0.2, …) that is not above *most*."""
    power = 10.0 ** math.floor(math.log10(most))
    return float(max(n * power for n in (1, 2, 5) if n * power <= most * (1 + 1e-9)))


def grid(first: float, last: float, most: int = 6) -> list[float]:
    """Round degrees between *first* and *last*, at most about *most* of them."""
    span = last - first
    step = next((s for s in STEPS_DEGREES if span / s <= most), STEPS_DEGREES[-1])
    begin = math.ceil(first / step)
    return [n * step for n in range(begin, math.floor(last / step) + 1)]
