"""Insets: where signs lie on each other, a window of the map is drawn again, larger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.report.drawing.basemap import Base, Spot
from chronicle.report.drawing.geography import Frame
from chronicle.report.drawing.page import Box

__all__ = ["Inset", "free_box", "windows_of"]

ZOOMS = (2.2, 3.0, 4.0)
LEAST_GAIN = 10  # signs that an inset must set free
TOUCH = 0.8  # of two radii: nearer than that, one sign hides part of the other
SHARES = (0.4, 0.34, 0.28)  # of the lesser side of a map
ROOM = 7.0  # points about an inset on a map


@dataclass(frozen=True, slots=True)
class Inset:
    """A window of a map in kilometres, and how much larger it is drawn."""

    window: Frame
    zoom: float


def windows_of(
    base: Base, spots: Sequence[Spot], aspect: float, across: float, most: int
) -> list[Inset]:
    """At most *most* windows that set free the most signs that now hide each other.

    An inset is *across* points wide and has *aspect*. No two windows overlap.
    """
    points, radii = _on_paper(base, spots)
    found: list[Inset] = []
    left = np.ones(len(spots), dtype=bool)
    for _ in range(most):
        best: tuple[int, Inset] | None = None
        hidden = _hidden(points, radii) & left
        for zoom in ZOOMS:
            inset = _best(base, points, radii, hidden, aspect, across, zoom, found)
            if inset is not None and (best is None or inset[0] > best[0]):
                best = inset
        if best is None or best[0] < LEAST_GAIN:
            break
        found.append(best[1])
        left &= ~_inside(base, points, best[1].window)
    return found


def _on_paper(
    base: Base, spots: Sequence[Spot]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = [base.projection.xy(spot.lat, spot.lon) for spot in spots]
    points = np.array(rows, dtype=float).reshape(-1, 2)
    corner = np.array([base.frame.left, base.frame.bottom])
    radii = np.array([spot.diameter / 2 for spot in spots], dtype=float)
    return (points - corner) * base.points_per_km, radii


def _hidden(
    points: NDArray[np.float64], radii: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which signs touch another one."""
    count = len(points)
    if count > 4_000:  # a matrix of pairs would be too large; so many need no inset
        return np.zeros(count, dtype=bool)
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    near = apart < TOUCH * (radii[:, None] + radii[None])
    np.fill_diagonal(near, val=False)
    found: NDArray[np.bool_] = near.any(axis=1)
    return found


def _best(
    base: Base,
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    hidden: NDArray[np.bool_],
    aspect: float,
    across: float,
    zoom: float,
    taken: Sequence[Inset],
) -> tuple[int, Inset] | None:
    """The window of one zoom with the greatest gain; each hidden sign is a middle."""
    width = across / zoom
    height = width / aspect
    best: tuple[int, Inset] | None = None
    for at in np.flatnonzero(hidden):
        x, y = points[at]
        inside = (np.abs(points[:, 0] - x) < width / 2 * 0.96) & (
            np.abs(points[:, 1] - y) < height / 2 * 0.96
        )
        gain = int((hidden & inside).sum())
        if best is not None and gain <= best[0]:
            continue
        members = np.flatnonzero(inside)
        middle = (points[members].min(axis=0) + points[members].max(axis=0)) / 2
        gain -= int(_hidden(points[members] * zoom, radii[members] * 1.1).sum())
        window = _window(base, middle, width, height)
        if any(_meet(window, other.window) for other in taken):
            continue
        if best is None or gain > best[0]:
            best = gain, Inset(window, zoom)
    return best


def _window(
    base: Base, middle: NDArray[np.float64], width: float, height: float
) -> Frame:
    """A window in kilometres about a point of the paper, kept on the map."""
    scale, frame = base.points_per_km, base.frame
    x = frame.left + float(middle[0]) / scale
    y = frame.bottom + float(middle[1]) / scale
    half_x, half_y = width / scale / 2, height / scale / 2
    x = min(max(x, frame.left + half_x), frame.right - half_x)
    y = min(max(y, frame.bottom + half_y), frame.top - half_y)
    return Frame(x - half_x, y - half_y, x + half_x, y + half_y)


def _inside(
    base: Base, points: NDArray[np.float64], window: Frame
) -> NDArray[np.bool_]:
    scale, frame = base.points_per_km, base.frame
    x, y = points[:, 0] / scale + frame.left, points[:, 1] / scale + frame.bottom
    found: NDArray[np.bool_] = (
        (window.left <= x)
        & (x <= window.right)
        & (window.bottom <= y)
        & (y <= window.top)
    )
    return found


def _meet(one: Frame, other: Frame) -> bool:
    return (
        one.left < other.right
        and other.left < one.right
        and one.bottom < other.top
        and other.bottom < one.top
    )


def free_box(
    box: Box,
    base: Base,
    spots: Sequence[Spot],
    windows: Sequence[Frame],
    aspect: float,
) -> Box | None:
    """The largest box on the map at *box* that covers no sign and none of *windows*.

    It lies at the map's edge; None where there is no room for one.
    """
    points, radii = _on_paper(base, spots)
    left, bottom, right, top = box
    width, height = (right - left) * 72, (top - bottom) * 72
    for share in SHARES:
        across = share * min(width, height * aspect)
        up = across / aspect
        for x, y in _places(width, height, across, up):
            near_x = np.maximum(
                np.maximum(x - points[:, 0], points[:, 0] - x - across), 0
            )
            near_y = np.maximum(np.maximum(y - points[:, 1], points[:, 1] - y - up), 0)
            if (np.hypot(near_x, near_y) < radii + ROOM).any():
                continue
            if any(_meet(_frame(base, x, y, across, up), window) for window in windows):
                continue
            return (
                left + x / 72,
                bottom + y / 72,
                left + (x + across) / 72,
                bottom + (y + up) / 72,
            )
    return None


def _frame(base: Base, x: float, y: float, across: float, up: float) -> Frame:
    scale, frame = base.points_per_km, base.frame
    return Frame(
        frame.left + (x - ROOM) / scale,
        frame.bottom + (y - ROOM) / scale,
        frame.left + (x + across + ROOM) / scale,
        frame.bottom + (y + up + ROOM) / scale,
    )


def _places(
    width: float, height: float, across: float, up: float
) -> list[tuple[float, float]]:
    """Lower left corners along the map's edge: the corners first, then between."""
    edge = ROOM + 9.0  # the names of meridians stand at the lower edge
    xs = [width - across - ROOM, ROOM]
    ys = [edge, height - up - ROOM]
    corners = [(x, y) for y in ys for x in xs]
    steps = [n / 12 for n in range(1, 12)]
    sides = [(x, ys[0] + (ys[1] - ys[0]) * s) for s in steps for x in xs]
    ends = [(xs[1] + (xs[0] - xs[1]) * s, y) for s in steps for y in ys]
    return corners + sides + ends
