"""The signs of a map: discs with a face, a pattern, rings about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronicle.report.drawing.palette import INK, PAPER, Look, paler

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "DASHED",
    "SOLID",
    "Sign",
    "boost",
    "diameter",
    "draw_rings",
    "draw_signs",
    "scale_of",
]

POINTS_PER_ROOT_PERSON = 0.0165  # so 1,000,000 people are 16.5 points across
WIDE_MAP = 7.5  # inches
LEAST, MOST, UNCOUNTED = 5.0, 27.0, 4.4  # diameters in points
LEAST_HATCHED = 8.0  # points: on a smaller disc a pattern only muddies the colour
SOLID, DASHED = 3.0, 4.6  # points that a ring is wider than its sign


@dataclass(frozen=True, slots=True)
class Sign:
    """How a place is drawn, but for where and how large.

    *inner* is "" or the mark in the middle, "dot" or "cross", which leaves no room for
    a pattern; a *ring* is hollow with a
    thick line in the colour of its side; a *site* (airport, base) is a square.
    """

    look: Look
    stale: bool = False
    site: bool = False
    inner: str = ""
    ring: bool = False


def diameter(population: int | None, scale: float = 1.0) -> float:
    """Points across: the area grows with *population* between two bounds."""
    if population is None:
        return UNCOUNTED * scale
    size = POINTS_PER_ROOT_PERSON * max(population, 0) ** 0.5
    return float(min(max(size, LEAST), MOST) * scale)


def scale_of(width: float) -> float:
    """How much smaller signs are on a map of *width* inches than on a wide one."""
    return float(min(1.0, (width / WIDE_MAP) ** 0.5))


def boost(count: int) -> float:
    """How much larger signs are on a map of few places, so that they can be read."""
    return float(min(max((60 / max(count, 1)) ** 0.3, 1.0), 1.8))


def draw_signs(
    axes: Axes,
    sign: Sign,
    xs: Sequence[float],
    ys: Sequence[float],
    diameters: Sequence[float],
    *,
    zorder: float = 3.0,
) -> None:
    """Draw one kind of sign at all its places; data units, diameters in points."""
    look = paler(sign.look) if sign.stale else sign.look
    areas = [d**2 for d in diameters]
    hollow = sign.ring or look.face == "none"
    is_wide = min(diameters, default=0.0) >= LEAST_HATCHED
    axes.scatter(
        xs,
        ys,
        s=areas,
        marker="s" if sign.site else "o",
        facecolors=PAPER if hollow else look.face,
        edgecolors=look.face if sign.ring else look.edge,
        linewidths=1.9 if sign.ring else 0.45,
        hatch=None if hollow or sign.inner or not is_wide else look.hatch or None,
        zorder=zorder,
    )
    if sign.inner:
        axes.scatter(
            xs,
            ys,
            s=[area * 0.2 for area in areas],
            marker="o" if sign.inner == "dot" else "x",
            color=look.edge if hollow else PAPER,
            linewidths=1.1 if sign.inner == "cross" else 0.3,
            zorder=zorder + 0.001,
        )


def draw_rings(
    axes: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    diameters: Sequence[float],
    *,
    dashed: bool,
) -> None:
    """Outlines about places: solid for what changed, dashed for what is disputed.

    Solid ones lie beneath all signs, so that in a crowd they run together into one
    outline and hide nobody.
    """
    axes.scatter(
        xs,
        ys,
        s=[(d + (DASHED if dashed else SOLID)) ** 2 for d in diameters],
        facecolors="none" if dashed else INK,
        edgecolors=INK,
        linewidths=0.8 if dashed else 0,
        linestyles=[(0, (1.6, 1.4))] if dashed else "solid",
        zorder=4.0 if dashed else 2.9,
    )
