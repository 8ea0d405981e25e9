"""Land, lakes and rivers under a map: Natural Earth, vendored, without any border.

The file is TopoJSON, every ring or line one arc; `VENDORED.md` says whence. It is good
for orientation: about 1 km on the coast, 4 km along rivers.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["Land", "Window", "land_in"]

FILE = "natural_earth.topojson.gz"
SEAM_DEGREES = 0.01  # some rings are cut at the 180th meridian; that is no coast
TURNS = (-360.0, 0.0, 360.0)

Points = NDArray[np.float64]  # rows of longitude, latitude in degrees
Window = tuple[float, float, float, float]  # west, south, east, north; may pass ±180


@dataclass(frozen=True, slots=True)
class Land:
    """What of the world lies in a window: filled rings, and lines to be drawn.

    A polygon is its outer ring and the rings of its holes. `coast` are the parts of
    rings that are shores: without the edges along which the window cut them.
    """

    land: list[list[Points]]
    lakes: list[list[Points]]
    rivers: list[Points]
    coast: list[Points]


@dataclass(frozen=True, slots=True)
class _World:
    arcs: list[Points]
    boxes: Points  # least and greatest longitude and latitude of each arc
    land: list[list[int]]
    lakes: list[list[int]]
    rivers: list[int]


@cache
def _world() -> _World:
    data = files("chronicle.report.drawing").joinpath(FILE).read_bytes()
    told = json.loads(gzip.decompress(data))
    scale = np.array(told["transform"]["scale"])
    origin = np.array(told["transform"]["translate"], dtype=float)
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + origin for arc in told["arcs"]]
    boxes = np.array([[*arc.min(axis=0), *arc.max(axis=0)] for arc in arcs])
    shapes = told["objects"]
    land, lakes = (
        [[ring for (ring,) in polygon] for polygon in shapes[name]["arcs"]]
        for name in ("land", "lakes")
    )
    rivers = [line for (line,) in shapes["rivers"]["arcs"]]
    return _World(arcs, boxes, land, lakes, rivers)


def land_in(window: Window) -> Land:
    """The land, lakes and rivers of *window*, cut to it; degrees as the window has."""
    world = _world()
    found = Land([], [], [], [])
    for turn in TURNS:
        near = _near(world.boxes, window, turn)
        for polygons, into in ((world.land, found.land), (world.lakes, found.lakes)):
            for polygon in polygons:
                rings = [ring for ring in polygon if near[ring]]
                cut = [_ring_in(world.arcs[ring], window, turn) for ring in rings]
                cut = [ring for ring in cut if len(ring) > 2]
                if cut:
                    into.append(cut)
                    for ring in cut:
                        found.coast.extend(_shores(ring, window, turn))
        for line in world.rivers:
            if near[line]:
                moved = world.arcs[line] + np.array([turn, 0.0])
                found.rivers.extend(_line_in(moved, window))
    return found


def _near(boxes: Points, window: Window, turn: float) -> NDArray[np.bool_]:
    west, south, east, north = window
    found: NDArray[np.bool_] = (
        (boxes[:, 0] + turn <= east)
        & (boxes[:, 2] + turn >= west)
        & (boxes[:, 1] <= north)
        & (boxes[:, 3] >= south)
    )
    return found


def _ring_in(ring: Points, window: Window, turn: float) -> Points:
    """A closed ring cut to the window (Sutherland and Hodgman, 1974), still closed."""
    west, south, east, north = window
    points: Points = ring[:-1] + np.array([turn, 0.0])
    for axis, bound, sign in (
        (0, west, 1),
        (1, south, 1),
        (0, east, -1),
        (1, north, -1),
    ):
        if not len(points):
            return points
        points = _half(points, axis, bound, sign)
    closed: Points = np.concatenate([points, points[:1]])
    return closed


def _half(points: Points, axis: int, bound: float, sign: int) -> Points:
    """What lies on one side of a line; where an edge passes it, a point on it."""
    off = sign * (points[:, axis] - bound)
    inside = off >= 0
    if inside.all():
        return points
    following, off_after = np.roll(points, -1, axis=0), np.roll(off, -1)
    passes = inside != np.roll(inside, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(passes, off / (off - off_after), 0.0)
    on_line = points + (following - points) * share[:, None]
    on_line[passes, axis] = bound
    both = np.stack([points, on_line], axis=1).reshape(-1, 2)
    kept: Points = both[np.stack([inside, passes], axis=1).reshape(-1)]
    return kept


def _shores(ring: Points, window: Window, turn: float) -> Iterator[Points]:
    """The parts of a cut ring that no cut made."""
    west, south, east, north = window
    edge = np.zeros(len(ring) - 1, dtype=bool)
    for axis, bound in ((0, west), (0, east), (1, south), (1, north)):
        on = ring[:, axis] == bound
        edge |= on[:-1] & on[1:]
    seam = np.abs(np.abs(ring[:, 0] - turn) - 180) < SEAM_DEGREES
    edge |= seam[:-1] & seam[1:]
    yield from _runs(ring, ~edge)


def _line_in(line: Points, window: Window) -> Iterator[Points]:
    """The runs of a line that touch the window, by the box of each step."""
    west, south, east, north = window
    low, high = np.minimum(line[:-1], line[1:]), np.maximum(line[:-1], line[1:])
    touches = (
        (low[:, 0] <= east)
        & (high[:, 0] >= west)
        & (low[:, 1] <= north)
        & (high[:, 1] >= south)
    )
    yield from _runs(line, touches)


def _runs(points: Points, steps: NDArray[np.bool_]) -> Iterator[Points]:
    """The parts of a line whose *steps* are wanted."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[0], steps.astype(np.int8), [0]])))
    for first, last in zip(bounds[::2], bounds[1::2], strict=True):
        yield points[first : last + 1]
