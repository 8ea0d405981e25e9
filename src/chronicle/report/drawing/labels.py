"""Where names may stand on a map without covering each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Crowd = NDArray[np.float64]  # rows of x, y, radius, and whether it matters

__all__ = ["Area", "Dot", "Label", "leader", "place_labels"]

# Where a label is tried, best first: which way it lies from its dot (Imhof's order for
# points: right above, right, left, below, above).
DIRECTIONS = (
    (1.0, 0.0),
    (1.0, 1.0),
    (1.0, 0.5),
    (1.0, -0.5),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (1.0, -1.0),
    (-1.0, 0.5),
    (-1.0, -0.5),
    (-1.0, 1.0),
    (-1.0, -1.0),
    (0.5, -1.0),
    (-0.5, -1.0),
    (0.5, 1.0),
    (-0.5, 1.0),
)
GAP = 1.5  # points between a dot and its label
FAR = (0.0, 10.0, 20.0, 32.0, 46.0)  # further off, with a line, for great places
NEAR = 3.0  # points within which a name seems to belong to another dot

Area = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True, slots=True)
class Dot:
    """A disc on paper, in points; no name may cover one that `matters`."""

    x: float
    y: float
    radius: float
    matters: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A name of a size in points that wants to stand beside a dot.

    A `great` one may cover another dot, or stand off with a line to its own.
    """

    dot: Dot
    width: float
    height: float
    great: bool = False

    def at(self, direction: tuple[float, float], off: float = 0.0) -> Area:
        """The area that the label takes on that side of its dot, *off* points away."""
        across, up = direction
        reach = self.dot.radius + GAP + off
        if abs(across) == abs(up):
            reach *= 0.75  # a corner is nearer to a disc than a side
        middle_x = self.dot.x + across * (reach + self.width / 2)
        middle_y = self.dot.y + up * (reach + self.height / 2)
        return (
            middle_x - self.width / 2,
            middle_y - self.height / 2,
            middle_x + self.width / 2,
            middle_y + self.height / 2,
        )


def place_labels(
    labels: Sequence[Label],
    dots: Sequence[Dot],
    frame: Area,
    *,
    most: int,
    blocked: Sequence[Area] = (),
) -> list[Area | None]:
    """An area for each label, the most important first; None where there is no room.

    No two areas overlap, none leaves *frame* or meets *blocked*, none covers other dots
    but as a great one may, and at most *most* are given. Of the sides left, the one
    that covers fewest dots is taken, then the one with fewest near by, then the first
    of `DIRECTIONS`.
    """
    import numpy as np

    crowd = np.array([(d.x, d.y, d.radius, d.matters) for d in dots], dtype=float)
    crowd = crowd.reshape(-1, 4)
    taken: list[Area] = list(blocked)
    found: list[Area | None] = []
    for label in labels:
        area = None
        if len(taken) - len(blocked) < most:
            around = _around(label, crowd)
            for off in FAR if label.great else FAR[:1]:
                area = area or _best(label, off, around, frame, taken)
        found.append(area)
        if area:
            taken.append(area)
    return found


def _around(label: Label, crowd: Crowd) -> Crowd:
    """The other dots that a label can touch, however far off it stands."""
    own = label.dot
    reach = own.radius + GAP + NEAR + (FAR[-1] if label.great else 0.0)
    across, up = reach + label.width, reach + label.height
    x, y, radius, matters = crowd.T
    near = (abs(x - own.x) < across + radius) & (abs(y - own.y) < up + radius)
    same = (x == own.x) & (y == own.y) & (radius == own.radius)
    found: Crowd = crowd[near & ~(same & (matters == own.matters))]
    return found


def _best(
    label: Label, off: float, crowd: Crowd, frame: Area, taken: Sequence[Area]
) -> Area | None:
    """The best free area for a label at one distance from its dot, if there is one."""
    best: tuple[int, int, Area] | None = None
    x, y, radius, matters = crowd.T
    for direction in DIRECTIONS:
        area = label.at(direction, off)
        if not _inside(area, frame) or any(_overlap(area, a) for a in taken):
            continue
        across = (area[0] - x).clip(0) + (x - area[2]).clip(0)
        up = (area[1] - y).clip(0) + (y - area[3]).clip(0)
        apart = across**2 + up**2
        others = int((apart < (radius + NEAR) ** 2).sum())
        hides = apart < radius**2
        hidden = int(hides.sum())
        if hidden > label.great or bool(matters[hides].any()):
            continue
        if best is None or (hidden, others) < best[:2]:
            best = hidden, others, area
    return best and best[2]


def leader(dot: Dot, area: Area) -> tuple[tuple[float, float], ...]:
    """The line from *dot* to a name that stands off from it; empty when it is near."""
    x = min(max(dot.x, area[0]), area[2])
    y = min(max(dot.y, area[1]), area[3])
    across, up = x - dot.x, y - dot.y
    distance = math.hypot(across, up)
    if distance < dot.radius + FAR[1] * 0.7:
        return ()
    inner = dot.radius / distance
    return (dot.x + across * inner, dot.y + up * inner), (x, y)


def _inside(area: Area, frame: Area) -> bool:
    return (
        frame[0] <= area[0]
        and frame[1] <= area[1]
        and area[2] <= frame[2]
        and area[3] <= frame[3]
    )


def _overlap(one: Area, other: Area) -> bool:
    return (
        one[0] < other[2]
        and other[0] < one[2]
        and one[1] < other[3]
        and other[1] < one[3]
    )
