"""Settlements as signs: colour for who holds them, marks for how, rings for news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from chronicle.domain.events import NAMELESS, STATUSES
from chronicle.errors import UsageError
from chronicle.report.drawing.basemap import (
    ROAD_COLOUR,
    SHUT_COLOUR,
    Base,
    MapRoute,
    Spot,
    scale_entry,
)
from chronicle.report.drawing.legend import Entry, Section
from chronicle.report.drawing.marks import (
    DASHED,
    SOLID,
    Sign,
    diameter,
    draw_rings,
    draw_signs,
)
from chronicle.report.drawing.palette import CONTESTED, UNKNOWN, VACATED, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "MapPlace",
    "draw_places",
    "map_sections",
    "sides_of",
    "size_entries",
    "spots_of",
]

STALE_DAYS = 7
INHABITED = frozenset({"", "city", "town", "village", "camp area"})
NOBODY = {"contested": CONTESTED, "vacated": VACATED, "unknown": UNKNOWN}
# Mark inside the sign, whether it is a ring, and the words, where it is not just held.
STATUS_SIGNS = {
    "shared": ("dot", False, "shared with another actor"),
    "besieged": ("cross", False, "held, but besieged"),
    "presence": ("", True, "present, without control"),
    "vacated": ("dot", False, ""),
}
LEAST_MARKED = 7.5  # points
SIZE_STEP = 1.5  # points: signs nearer in size than this may lie in any order
SIZE_KEYS = (1_000_000, 300_000)  # smaller towns are hardly told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlace:
    """A settlement as the map shows it.

    `name` is printed as given: the Latin one, since the font does not shape Arabic.
    `stale_days` counts from the last report to the day asked about; None means none
    but a baseline. `status` is one of `chronicle.domain.events.STATUSES`; an unknown
    one, or coordinates off the globe, raise `UsageError`.
    """

    name: str
    lat: float
    lon: float
    control: str | None
    status: str
    population: int | None = None
    stale_days: int | None = None
    disputed: bool = False
    kind: str = ""

    def __post_init__(self) -> None:
        if not (abs(self.lat) <= 90 and abs(self.lon) <= 180):
            raise UsageError(f"{self.name!r}: no place at {self.lat}, {self.lon}")
        if self.status not in STATUSES:
            raise UsageError(
                f"{self.name!r}: no status {self.status!r}; one of "
                + ", ".join(STATUSES)
            )

    @property
    def side(self) -> str | None:
        """The actor whose colour it has; None when nobody is named."""
        return None if self.status in NAMELESS else self.control

    @property
    def stale(self) -> bool:
        """Whether nothing was reported for over a week, or ever."""
        return self.stale_days is None or self.stale_days > STALE_DAYS


def sides_of(places: Iterable[MapPlace]) -> set[str]:
    return {place.side for place in places if place.side is not None}


def spots_of(
    places: Sequence[MapPlace], scale: float, highlight: Collection[MapPlace] = ()
) -> list[Spot]:
    """The places as discs; outlined ones are named before others of their size."""
    outlined = set(highlight)
    return [
        Spot(
            place.name,
            place.lat,
            place.lon,
            _outermost(place, scale, outlined),
            (place.population or 0) + 30_000 * (place in outlined) + 1,
        )
        for place in places
    ]


def _across(place: MapPlace, scale: float) -> float:
    """Points across; a sign with a mark inside is large enough to show it."""
    marked = STATUS_SIGNS.get(place.status, ("", False, ""))[0]
    return max(diameter(place.population, scale), LEAST_MARKED if marked else 0.0)


def _outermost(place: MapPlace, scale: float, outlined: Collection[MapPlace]) -> float:
    """Points across, rings and all."""
    rings = max(DASHED * place.disputed, SOLID * (place in outlined))
    return _across(place, scale) + rings


def _sign(place: MapPlace, looks: Mapping[str, Look]) -> Sign:
    side = place.side
    look = NOBODY.get(place.status, UNKNOWN) if side is None else looks[side]
    inner, ring, _ = STATUS_SIGNS.get(place.status, ("", False, ""))
    site = place.kind not in INHABITED
    return Sign(look, place.stale, site, inner, ring and side is not None)


def draw_places(
    axes: Axes,
    base: Base,
    places: Sequence[MapPlace],
    looks: Mapping[str, Look],
    highlight: Collection[MapPlace],
    scale: float,
) -> None:
    """Draw large signs first, so that small ones lie on them; then the rings.

    Signs of about one size and one look are drawn at once: thousands of calls would
    take minutes.
    """
    rows = [
        (*base.projection.xy(place.lat, place.lon), _across(place, scale))
        for place in places
    ]
    signs = [_sign(place, looks) for place in places]
    steps = [round(across / SIZE_STEP) for _, _, across in rows]
    order = sorted(range(len(places)), key=lambda i: (-steps[i], repr(signs[i]), i))
    for _, run in groupby(order, key=lambda i: (steps[i], signs[i])):
        members = list(run)
        xs, ys, sizes = zip(*(rows[i] for i in members), strict=True)
        draw_signs(axes, signs[members[0]], xs, ys, sizes)
    outlined = set(highlight)
    for dashed, meant in (
        (False, [row for row, p in zip(rows, places, strict=True) if p in outlined]),
        (True, [row for row, p in zip(rows, places, strict=True) if p.disputed]),
    ):
        if meant:
            draw_rings(axes, *zip(*meant, strict=True), dashed=dashed)


def map_sections(
    columns: Mapping[str, Sequence[MapPlace]],
    looks: Mapping[str, Look],
    base: Base,
    scale: float,
    *,
    outlined: str = "",
    routes: Sequence[MapRoute] = (),
    common: Sequence[MapPlace] = (),
) -> list[Section]:
    """The legend: who holds how many places in each column, signs, sizes, scale.

    *outlined* says what a solid ring means; empty when there is none. The sides and
    signs of *common* have their rows whether or not they are seen.
    """
    everywhere = [place for places in columns.values() for place in places]
    populations = [place.population for place in everywhere]
    missing = f" ({populations.count(None):,})" if len(columns) == 1 else ""
    return [
        Section("Places held by", _sides(columns, looks, common), tuple(columns)),
        Section("Signs", (*_signs(common or everywhere, outlined), *_roads(routes))),
        Section("Area: population", size_entries(populations, scale, missing)),
        Section("Scale", (scale_entry(base),)),
    ]


def _sides(
    columns: Mapping[str, Sequence[MapPlace]],
    looks: Mapping[str, Look],
    common: Sequence[MapPlace],
) -> tuple[Entry, ...]:
    """A row for each actor that holds anything, in their order; then nobody's."""
    counts = [Counter(map(_row_of, places)) for places in columns.values()]
    rows: dict[tuple[str, str], Look] = {("side", id_): looks[id_] for id_ in looks}
    rows |= {("nobody", status): look for status, look in NOBODY.items()}
    always = set(map(_row_of, common))
    entries = []
    for row, look in rows.items():
        numbers = tuple(f"{count[row]:,}" if count[row] else "–" for count in counts)
        if row in always or any(count[row] for count in counts):
            sign = Sign(look, inner="dot" if row == ("nobody", "vacated") else "")
            entries.append(Entry(partial(_paint, sign=sign), look.label, numbers))
    return tuple(entries)


def _row_of(place: MapPlace) -> tuple[str, str]:
    """The row of the legend that counts *place*."""
    if place.side is not None:
        return "side", place.side
    return "nobody", place.status if place.status in NOBODY else "unknown"


def _signs(places: Sequence[MapPlace], outlined: str) -> list[Entry]:
    """What the marks mean that are seen on the map, and no others."""
    grey = Look("", "#B5B5B5", "#4A4A4A")
    entries = []
    for status, (inner, ring, words) in STATUS_SIGNS.items():
        count = sum(p.status == status and p.side is not None for p in places)
        if words and count:
            sign = Sign(grey, inner=inner, ring=ring)
            entries.append(Entry(partial(_paint, sign=sign), words))
    sign = Sign(grey)
    if outlined:
        entries.append(Entry(partial(_paint, sign=sign, ring="solid"), outlined))
    if any(place.disputed for place in places):
        words = "disputed: sources differ"
        entries.append(Entry(partial(_paint, sign=sign, ring="dashed"), words))
    if any(place.stale for place in places):
        words = f"paler: no report for over {STALE_DAYS} days, or only a baseline"
        entries.append(Entry(partial(_paint, sign=Sign(grey, stale=True)), words))
    if any(place.kind not in INHABITED for place in places):
        words = "airport, base or other site"
        entries.append(Entry(partial(_paint, sign=Sign(grey, site=True)), words))
    return entries


def _roads(routes: Sequence[MapRoute]) -> list[Entry]:
    entries = []
    if any(route.is_open for route in routes):
        entries.append(
            Entry(partial(_paint_road, is_open=True), "route (straight line)")
        )
    if any(not route.is_open for route in routes):
        entries.append(Entry(partial(_paint_road, is_open=False), "route shut"))
    return entries


def size_entries(
    populations: Sequence[int | None], scale: float = 1.0, missing: str = ""
) -> tuple[Entry, ...]:
    """Discs of round populations, and the one of places whose people nobody counted."""
    known = [people for people in populations if people is not None]
    sign = Sign(Look("", "#E4E4E4", "#4A4A4A"))
    entries = []
    for people in (key for key in SIZE_KEYS if key <= max(known, default=0) * 2):
        across = diameter(people, scale)
        paint = partial(_paint, sign=sign, across=across, is_true=True)
        entries.append(Entry(paint, f"{people:,}", tall=across))
    if known:
        across = diameter(0, scale)
        paint = partial(_paint, sign=sign, across=across, is_true=True)
        entries.append(Entry(paint, "under 90,000"))
    if len(known) < len(populations):
        across = diameter(None, scale)
        paint = partial(_paint, sign=sign, across=across, is_true=True)
        words = f"unknown{missing}: small, one size"
        entries.append(Entry(paint, words))
    return tuple(entries)


def _paint(
    axes: Axes,
    x: float,
    y: float,
    shrink: float,
    *,
    sign: Sign,
    across: float = 10.0,
    ring: str = "",
    is_true: bool = False,
) -> None:
    """Draw a sign of the legend; one that *is true* keeps its size on paper."""
    across = across if is_true else across * shrink
    draw_signs(axes, sign, [x], [y], [across])
    if ring:
        draw_rings(axes, [x], [y], [across], dashed=ring == "dashed")


def _paint_road(
    axes: Axes, x: float, y: float, shrink: float, *, is_open: bool
) -> None:
    colour = ROAD_COLOUR if is_open else SHUT_COLOUR
    style, width = ("solid", 0.8) if is_open else (":", 1.3)
    axes.plot([x - 9, x + 9], [y, y], color=colour, linestyle=style, linewidth=width)
