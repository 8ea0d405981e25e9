"""A map as SVG for a page: land, roads, places with what they say on hover.

It needs no matplotlib; the maps of `drawing` are for files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from chronicle.report.drawing.geography import (
    KM_PER_DEGREE,
    Frame,
    MapProjection,
    frame_of,
    projection_of,
    round_length,
)
from chronicle.report.drawing.labels import Dot, Label, leader, place_labels
from chronicle.report.drawing.land import land_in
from chronicle.report.drawing.marks import boost, diameter

__all__ = ["SvgPlace", "SvgRoad", "svg_map"]

WIDTH = 720.0
ASPECTS = (0.8, 1.7)
LETTER = 7.0  # mean width of a letter of a name, in units of the picture
NAME = 12.0
GREAT = 100_000
KEPT = 30_000
OUTLINE = ' class="news"'
PER_NAME = 11_000  # square units of the picture

SvgRoad = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SvgPlace:
    """A place: its colour, and what it says on hover beside its name."""

    name: str
    lat: float
    lon: float
    colour: str
    said: str
    population: int | None = None
    is_outlined: bool = False


def svg_map(places: Sequence[SvgPlace], roads: Sequence[SvgRoad], said: str) -> str:
    """*places* on land and water, as wide as the page; *said* is its alternative."""
    projection = projection_of([(place.lat, place.lon) for place in places])
    points = [projection.xy(place.lat, place.lon) for place in places]
    frame = frame_of(points, _aspect(points))
    scale = WIDTH / frame.width
    height = frame.height * scale
    to = _Paper(projection, frame, scale)
    parts = [f'<rect width="{WIDTH:g}" height="{height:.0f}" class="sea"/>']
    parts += _ground(to)
    ends = [(to(*a), to(*b)) for a, b in roads]
    lines = "".join(f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" for a, b in ends)
    parts.append(f'<path class="road" d="{lines}"/>')
    larger = boost(len(places)) * 1.25
    sizes = [diameter(place.population, larger) / 2 for place in places]
    order = sorted(range(len(places)), key=lambda at: (-sizes[at], at))
    dots = [Dot(*to(p.lat, p.lon), sizes[at]) for at, p in enumerate(places)]
    for at in order:
        place, dot = places[at], dots[at]
        news = OUTLINE if place.is_outlined else ""
        parts.append(
            f'<circle cx="{dot.x:.1f}" cy="{dot.y:.1f}" r="{dot.radius:.1f}" '
            f'fill="{place.colour}"{news}><title>{escape(place.name)}: '
            f"{escape(place.said)}</title></circle>"
        )
    parts += _names(places, dots, height)
    parts.append(_bar(scale, height))
    return (
        f'<svg class="map" viewBox="0 0 {WIDTH:g} {height:.0f}" role="img" '
        f'aria-label="{escape(said, quote=True)}">{"".join(parts)}</svg>'
    )


def _aspect(points: Sequence[tuple[float, float]]) -> float:
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    across, up = max(xs) - min(xs) or 30.0, max(ys) - min(ys) or 30.0
    return min(max(across / up, ASPECTS[0]), ASPECTS[1])


@dataclass(frozen=True, slots=True)
class _Paper:
    """From latitude and longitude to the picture, whose y runs downwards."""

    projection: MapProjection
    frame: Frame
    scale: float

    def __call__(self, lat: float, lon: float) -> tuple[float, float]:
        x, y = self.projection.xy(lat, lon)
        return (x - self.frame.left) * self.scale, (self.frame.top - y) * self.scale

    def path(self, line: NDArray[np.float64]) -> str:
        """Degrees, as `land_in` has them, as a path."""
        km = np.array([self.projection.km_per_lon, KM_PER_DEGREE])
        points = (line - (self.projection.lon, self.projection.lat)) * km
        xs = (points[:, 0] - self.frame.left) * self.scale
        ys = (self.frame.top - points[:, 1]) * self.scale
        steps = (f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
        return "M" + "L".join(steps)


def _ground(to: _Paper) -> list[str]:
    """Land, lakes, rivers and shores; no border."""
    frame, projection = to.frame, to.projection
    pad = 0.03 * frame.width
    found = land_in(
        (
            projection.lon + (frame.left - pad) / projection.km_per_lon,
            projection.lat + (frame.bottom - pad) / KM_PER_DEGREE,
            projection.lon + (frame.right + pad) / projection.km_per_lon,
            projection.lat + (frame.top + pad) / KM_PER_DEGREE,
        )
    )
    land = "".join(to.path(ring) + "Z" for rings in found.land for ring in rings)
    lakes = "".join(to.path(ring) + "Z" for rings in found.lakes for ring in rings)
    shore = "".join(map(to.path, found.coast))
    rivers = "".join(map(to.path, found.rivers))
    kinds = (("land", land), ("sea", lakes), ("shore", shore), ("river", rivers))
    return [
        f'<path class="{kind}" fill-rule="evenodd" d="{path}"/>'
        for kind, path in kinds
        if path
    ]


def _names(places: Sequence[SvgPlace], dots: Sequence[Dot], height: float) -> list[str]:
    """The largest places by name, none over another."""
    people = [place.population or 0 for place in places]
    order = sorted(range(len(places)), key=lambda at: (-people[at], at))
    most = max(6, round(WIDTH * height / PER_NAME))
    ranked = order[: 4 * most]
    # `place_labels` counts upwards.
    turned = [
        Dot(dot.x, height - dot.y, dot.radius, people[at] >= KEPT)
        for at, dot in enumerate(dots)
    ]
    labels = [
        Label(
            turned[at],
            LETTER * len(places[at].name) + 2,
            NAME,
            people[at] >= GREAT,
        )
        for at in ranked
    ]
    room = (3.0, 22.0, WIDTH - 3, height - 3)
    found = []
    areas = place_labels(labels, turned, room, most=most)
    for at, label, area in zip(ranked, labels, areas, strict=True):
        if area is None:
            continue
        if line := leader(label.dot, area):
            (x0, y0), (x1, y1) = line
            found.append(
                f'<path class="lead" d="M{x0:.1f} {height - y0:.1f}'
                f'L{x1:.1f} {height - y1:.1f}"/>'
            )
        x, y = (area[0] + area[2]) / 2, height - (area[1] + area[3]) / 2
        found.append(
            f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">'
            f"{escape(places[at].name)}</text>"
        )
    return found


def _bar(scale: float, height: float) -> str:
    """A scale bar of a round length, lower left."""
    km = round_length(110 / scale)
    y = height - 10
    return (
        f'<path class="lead" d="M10 {y - 4:.1f}V{y:.1f}H{10 + km * scale:.1f}'
        f'V{y - 4:.1f}"/><text x="{16 + km * scale:.1f}" y="{y:.1f}">{km:g} km</text>'
    )
