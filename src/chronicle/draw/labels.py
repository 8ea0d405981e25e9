"""Where names may stand on a map without covering each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Area", "Dot", "Label", "place_labels"]

# Where a label is tried, best first: which way it lies from its dot (Imhof's order for
# points: right above, right, left, below, above).
DIRECTIONS = (
    (1, 0),
    (1, 1),
    (-1, 0),
    (0, -1),
    (0, 1),
    (1, -1),
    (-1, 1),
    (-1, -1),
)
GAP = 1.5  # points between a dot and its label

Area = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True, slots=True)
class Dot:
    """A disc on paper, in points."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Label:
    """A name of a size in points that wants to stand beside a dot.

    It may cover up to `covers` other dots.
    """

    dot: Dot
    width: float
    height: float
    covers: int = 0

    def at(self, direction: tuple[int, int]) -> Area:
        """The area that the label takes on that side of its dot."""
        across, up = direction
        reach = self.dot.radius + GAP
        if across and up:
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
) -> list[Area | None]:
    """An area for each label, the most important first; None where there is no room.

    No two areas overlap, none leaves *frame*, none covers more other dots
    than it may, and at most *most* are given. Of the sides left, the one that covers fewest
    dots is taken; of equal ones the first of `DIRECTIONS`.
    """
    taken: list[Area] = []
    found: list[Area | None] = []
    for label in labels:
        best: tuple[int, Area] | None = None
        for direction in DIRECTIONS if len(taken) < most else ():
            area = label.at(direction)
            if not _inside(area, frame) or any(_overlap(area, a) for a in taken):
                continue
            hidden = sum(_touches(dot, area) for dot in dots if dot != label.dot)
            if hidden <= label.covers and (best is None or hidden < best[0]):
                best = hidden, area
        found.append(best and best[1])
        if best:
            taken.append(best[1])
    return found


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


def _touches(dot: Dot, area: Area) -> bool:
    across = max(area[0] - dot.x, 0, dot.x - area[2])
    up = max(area[1] - dot.y, 0, dot.y - area[3])
    return across**2 + up**2 < dot.radius**2
