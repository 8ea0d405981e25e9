"""Orders of a scenario: what is done to the world on a day, whatever the rules say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chronicle.domain.names import did_you_mean
from chronicle.errors import InputError, UnknownId, located
from chronicle.simulation.network import ALWAYS, Network, Spans

__all__ = ["Hold", "Intervention", "Orders", "Truce", "check", "orders_of", "without"]

KINDS = (
    "hold",
    "close_route",
    "open_corridor",
    "ceasefire",
    "reinforce",
    "transfer",
    "capacity",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """One order; days count from the branch date, spans are half-open.

    | kind | fields | meaning |
    | --- | --- | --- |
    | hold | places, extra_days, day, until | sieges that begin then last longer |
    | close_route | places (a path), day, until | nobody passes |
    | open_corridor | places (a path), day, until | people pass, forces do not |
    | ceasefire | parties (none: all), day, until | arms rest between the parties |
    | reinforce | places, factor, day | garrisons grow, sieges under way lengthen |
    | transfer | places, actor, day | handed over without violence |
    | capacity | places, capacity, day | room for displaced people |

    Nothing that shortens a siege shortens its extra days; an uprising may end them.
    """

    kind: str
    day: float = 0.0
    until: float = math.inf
    places: tuple[str, ...] = ()
    actor: str | None = None
    parties: tuple[str, ...] = ()
    extra_days: float = 0.0
    factor: float = 1.0
    capacity: float | None = None
    name: str = ""

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"intervention {self.name or self.kind!r}"


@dataclass(frozen=True, slots=True)
class Hold:
    """Extra days for sieges of a place that begin in `[since, until)`."""

    since: float
    until: float
    days: float


@dataclass(frozen=True, slots=True)
class Truce:
    """A ceasefire between actor codes; none means everybody."""

    since: float
    until: float
    parties: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Orders:
    """Interventions as an engine takes them, by row.

    *gates* are the spans in which forces pass an edge, *paths* those for people,
    *corridors* when it draws people; edges that are always open (never a corridor) are
    absent. *dated* are (day, kind, place, other, value), in order.
    """

    gates: dict[int, Spans]
    paths: dict[int, Spans]
    corridors: dict[int, Spans]
    holds: dict[int, tuple[Hold, ...]]
    ceasefires: tuple[Truce, ...]
    dated: tuple[tuple[float, str, int, int, float], ...]


def without(spans: Spans, since: float, until: float) -> Spans:
    """*spans* less `[since, until)`."""
    left: list[tuple[float, float]] = []
    for a, b in spans:
        if a < min(b, since):
            left.append((a, min(b, since)))
        if max(a, until) < b:
            left.append((max(a, until), b))
    return tuple(left)


def _joined(spans: Spans, since: float, until: float) -> Spans:
    """*spans* and `[since, until)`, merged where they touch."""
    merged: list[tuple[float, float]] = []
    for a, b in sorted((*spans, (since, until))):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return tuple(merged)


def path_edges(network: Network, places: Sequence[str]) -> list[int]:
    """The edges along a path of settlements; `UnknownId` where there is none."""
    try:
        return [network.edge(a, b) for a, b in pairwise(places)]
    except UnknownId as error:
        if error.kind == "route":
            near = ", ".join(error.candidates)
            hint = f"did you mean {near}? " if near else ""
            hint += "A path names neighbours, one after the other"
            raise UnknownId("route", error.name, error.candidates, hint) from None
        raise


def check(
    one: Intervention, network: Network, horizon: float, begin: float = 0.0
) -> None:
    """`check_order`, whose errors say which intervention it is."""
    with located(one.label):
        check_order(one, network, horizon, begin)


def check_order(
    one: Intervention, network: Network, horizon: float, begin: float = 0.0
) -> None:
    """Refuse an order that names what is not there or could not do anything.

    Those of a hook may come before the branch, from *begin* on.
    """
    if one.kind not in KINDS:
        hint = did_you_mean(one.kind, KINDS, f"known are {', '.join(KINDS)}")
        raise InputError(f"kind {one.kind!r}{hint}")
    if not begin <= one.day <= horizon:
        first = "0 (the branch)" if begin == 0.0 else f"{begin:g}"
        raise InputError(f"day {one.day:g} is not between {first} and {horizon:g}")
    if not one.day < one.until:
        raise InputError(f"until {one.until:g} is not after day {one.day:g}")
    path = one.kind in ("close_route", "open_corridor")
    if path and len(one.places) < 2:
        raise InputError("a route needs two settlements or more")
    if not path and one.kind != "ceasefire" and not one.places:
        raise InputError("names no place")
    if one.kind == "ceasefire" and one.places:
        raise InputError("a ceasefire holds everywhere; leave the places out")
    if one.kind == "ceasefire" and len(set(one.parties)) == 1:
        raise InputError("a ceasefire needs two parties, or none for everybody")
    if one.kind == "hold" and not 0 < one.extra_days < math.inf:
        raise InputError(f"extra_days {one.extra_days!r} is not above 0")
    if one.kind == "reinforce" and not 0 < one.factor <= 1000:
        raise InputError(f"factor {one.factor!r} is not between 0 and 1000")
    if one.kind == "transfer" and one.actor is None:
        raise InputError("names no actor to hand over to")
    if one.kind == "capacity" and not (
        one.capacity is None or 0 <= one.capacity <= 1e10
    ):
        raise InputError(f"capacity {one.capacity!r} is not between 0 and 1e10")
    if one.kind in ("reinforce", "transfer", "capacity") and one.until != math.inf:
        raise InputError("happens on one day; leave `until` out")
    _check_unused(one)
    for place in one.places:
        network.row(place)
    for actor in (*one.parties, one.actor):
        network.actor(actor)
    if path:
        path_edges(network, one.places)


def _check_unused(one: Intervention) -> None:
    """A field that the kind does not use would be silently ignored: refuse it."""
    uses = {
        "hold": {"extra_days"},
        "ceasefire": {"parties"},
        "reinforce": {"factor"},
        "transfer": {"actor"},
        "capacity": {"capacity"},
    }.get(one.kind, set())
    idle = Intervention(kind=one.kind)
    for field in ("actor", "parties", "extra_days", "factor", "capacity"):
        if field not in uses and getattr(one, field) != getattr(idle, field):
            raise InputError(f"{one.kind} does not use {field}")


def _check_together(all_of: Sequence[Intervention], network: Network) -> None:
    """Refuse pairs that contradict each other."""
    for number, one in enumerate(all_of):
        for other in all_of[number + 1 :]:
            both = f"{one.label} and {other.label}"
            overlap = one.day < other.until and other.day < one.until
            shared = set(one.places) & set(other.places)
            kinds = {one.kind, other.kind}
            if kinds == {"hold"} and shared and overlap:
                where = ", ".join(sorted(shared))
                raise InputError(f"{both} both hold {where} at one time; add the days")
            if (
                one.kind == other.kind
                and one.kind in ("transfer", "capacity")
                and shared
                and one.day == other.day
            ):
                where = ", ".join(sorted(shared))
                raise InputError(f"{both} contradict each other: {where}, one day")
            if kinds == {"close_route", "open_corridor"} and overlap:
                edges = set(path_edges(network, one.places))
                if edges & set(path_edges(network, other.places)):
                    raise InputError(
                        f"{both} shut and open one route at one time; change the days"
                    )


def orders_of(
    network: Network, interventions: Sequence[Intervention], horizon: float
) -> Orders:
    """Check *interventions* and lay them out by row; raises `InputError`."""
    for one in interventions:
        check(one, network, horizon)
    _check_together(interventions, network)
    gates = {
        edge: spans
        for edge, spans in enumerate(network.open_spans)
        if spans is not ALWAYS and spans != ALWAYS
    }
    paths = dict(gates)
    corridors: dict[int, Spans] = {}
    holds: dict[int, tuple[Hold, ...]] = {}
    ceasefires: list[Truce] = []
    dated: list[tuple[float, str, int, int, float]] = []
    # Corridors last: they open a route for people whatever else shut it.
    for one in sorted(interventions, key=lambda one: one.kind == "open_corridor"):
        turn_routes(one, network, gates, paths, corridors)
        for row in hold_rows(one, network):
            # What holds from the branch on holds for the sieges that are under way.
            since = one.day if one.day > 0.0 else -math.inf
            hold = Hold(since, one.until, one.extra_days)
            holds[row] = (*holds.get(row, ()), hold)
        dated += dated_entries(one, network, horizon, len(ceasefires))
        if one.kind == "ceasefire":
            ceasefires.append(truce_of(one, network))
    return Orders(
        gates, paths, corridors, holds, tuple(ceasefires), tuple(sorted(dated))
    )


def turn_routes(
    one: Intervention,
    network: Network,
    gates: dict[int, Spans],
    paths: dict[int, Spans],
    corridors: dict[int, Spans],
) -> None:
    """Change the open spans as *one* says, if it is about routes."""
    if one.kind not in ("close_route", "open_corridor"):
        return
    for edge in path_edges(network, one.places):
        gates[edge] = without(gates.get(edge, ALWAYS), one.day, one.until)
        if one.kind == "close_route":
            paths[edge] = without(paths.get(edge, ALWAYS), one.day, one.until)
            continue
        corridors[edge] = _joined(corridors.get(edge, ()), one.day, one.until)
        if edge in paths:
            paths[edge] = _joined(paths[edge], one.day, one.until)


def hold_rows(one: Intervention, network: Network) -> list[int]:
    """Where *one* lengthens sieges."""
    return [network.row(place) for place in one.places] if one.kind == "hold" else []


def truce_of(one: Intervention, network: Network) -> Truce:
    """The ceasefire that *one* orders."""
    parties = tuple(sorted({network.actor(party) for party in one.parties}))
    return Truce(one.day, one.until, parties)


def dated_entries(
    one: Intervention, network: Network, horizon: float, truce: int
) -> list[tuple[float, str, int, int, float]]:
    """What happens on days of *one*: (day, kind, place, other, value)."""
    day, kind = one.day, one.kind
    if kind in ("close_route", "open_corridor"):
        found = []
        for edge in path_edges(network, one.places):
            a, b = int(network.edge_a[edge]), int(network.edge_b[edge])
            found.append((day, kind, a, b, 0.0))
            if one.until <= horizon:
                found.append((one.until, "reopen", a, b, 0.0))
        return found
    if kind == "ceasefire":
        return [(day, kind, -1, truce, 0.0)]
    rows = [network.row(place) for place in one.places]
    if kind == "transfer":
        return [(day, kind, row, network.actor(one.actor), 0.0) for row in rows]
    if kind == "hold":
        return []
    room = math.inf if one.capacity is None else one.capacity
    value = one.factor if kind == "reinforce" else room
    return [(day, kind, row, -1, value) for row in rows]
