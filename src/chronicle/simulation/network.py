"""The start of a run as plain arrays: places, routes, holders, supply, attackers.

Built from plain Python sequences and sorted by id, so that the order in which rows came
never matters: row numbers break ties, stable ids key the draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import InputError, UnknownId
from chronicle.simulation.random_streams import stable_id
from chronicle.simulation.rules import HELD, KINDS, ROAD_CLASSES, STATUSES, TOWN, sizes

__all__ = [
    "ALWAYS",
    "FALLBACK_POPULATION",
    "NOBODY",
    "Network",
    "NetworkPlace",
    "NetworkRoad",
    "build",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NOBODY = -1
"""The actor code of a place that nobody holds."""

FALLBACK_POPULATION = 1000
"""People assumed where the record gives none; `Network.guessed` tells where."""

Spans = tuple[tuple[float, float], ...]
ALWAYS: Spans = ((-math.inf, math.inf),)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlace:
    """A settlement at the branch date.

    *capacity* is in displaced people; None has no limit. *displaced* are people from
    elsewhere who are there already. *taken* is when the holder took the place in the
    offensive under way, in days from the branch and not after it: its forces have been
    on the move from there since; NaN where they set out after the branch. Nothing
    befalls the place before *confirmed*, the last moment of which it is known to be the
    holder's. A *fresh* place was taken of late: an axis of attack leads there.
    """

    settlement: str
    controller: str | None = None
    population: float | None = None
    capacity: float | None = None
    kind: str = "town"
    status: str = "held"
    latitude: float = math.nan
    longitude: float = math.nan
    displaced: float = 0.0
    taken: float = math.nan
    confirmed: float = 0.0
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRoad:
    """An undirected route. *open_spans* are half-open, in days from the branch."""

    a: str
    b: str
    distance_km: float
    road_class: str = "primary"
    open_spans: Spans = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Arrays by settlement row `n`, by undirected edge `m`, by directed link `2m`.

    `attacks[a, b]`: forces of actor a take places that b holds; the last column is
    for places that nobody holds. `first` and `link_*` are the links in compressed rows:
    those out of row v are `first[v]:first[v + 1]`, sorted by target.
    """

    settlements: tuple[str, ...]
    entity: NDArray[np.uint64]
    population: Integers
    guessed: NDArray[np.bool_]
    capacity: Floats
    kind: Integers
    latitude: Floats
    longitude: Floats
    controller: Integers
    status: Integers
    displaced: Floats
    taken: Floats
    confirmed: Floats
    fresh: NDArray[np.bool_]
    size: Floats
    edge_a: Integers
    edge_b: Integers
    edge_entity: NDArray[np.uint64]
    distance_km: Floats
    road_class: Integers
    road_factor: Floats
    open_spans: tuple[Spans, ...]
    first: Integers
    link_target: Integers
    link_edge: Integers
    actors: tuple[str, ...]
    sides: Integers
    attacks: NDArray[np.bool_]
    sources: tuple[tuple[int, int], ...]
    risings: tuple[tuple[int, int], ...]
    rows: dict[str, int] = field(repr=False)
    edges: dict[tuple[int, int], int] = field(repr=False)

    @property
    def count(self) -> int:
        """The number of settlements."""
        return len(self.settlements)

    @property
    def begin(self) -> float:
        """The first moment at which anything may happen, in days from the branch."""
        moving = self.taken[~np.isnan(self.taken)]
        return float(moving.min()) if moving.size else 0.0

    def row(self, settlement: str) -> int:
        """The row of a settlement; `UnknownId` with the nearest ids if none."""
        if (found := self.rows.get(settlement)) is not None:
            return found
        near = get_close_matches(settlement, self.settlements, 3)
        raise UnknownId("settlement", settlement, near)

    def actor(self, actor: str | None) -> int:
        """The code of an actor, `NOBODY` for None; `UnknownId` if there is none."""
        if actor is None:
            return NOBODY
        if actor in self.actors:
            return self.actors.index(actor)
        raise UnknownId("actor", actor, get_close_matches(actor, self.actors, 3))

    def edge(self, a: str, b: str) -> int:
        """The row of the route between two settlements; `UnknownId` if none."""
        pair = sorted((self.row(a), self.row(b)))
        if (found := self.edges.get((pair[0], pair[1]))) is not None:
            return found
        targets = self.link_target[
            self.first[self.row(a)] : self.first[self.row(a) + 1]
        ]
        near = [f"{a} - {self.settlements[row]}" for row in targets]
        raise UnknownId("route", f"{a} - {b}", near)


def _code(word: str, words: Sequence[str], what: str, whose: str) -> int:
    if word in words:
        return words.index(word)
    near = get_close_matches(word, words, 1)
    hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(words)
    raise InputError(f"{whose}: {what} {word!r}: {hint}")


def _count(value: float | None, what: str, whose: str) -> float:
    if value is None:
        return math.nan
    if not (math.isfinite(value) and 0 <= value <= 1e10):
        raise InputError(f"{whose}: {what} {value!r} is not between 0 and 1e10")
    return float(value)


def _past(places: Sequence[NetworkPlace], what: str) -> Floats:
    """Days from the branch that lie not after it."""
    for place in places:
        if (value := getattr(place, what)) > 0:
            raise InputError(
                f"{place.settlement}: {what} {value!r} is after the branch"
            )
    return np.array([getattr(place, what) for place in places], np.float64)


def _unique(ids: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            raise InputError(f"{what} {id_!r} is given twice")
        seen.add(id_)


def check_spans(spans: Spans, whose: str) -> None:
    """Refuse spans that are empty, backward, overlapping or out of order."""
    last = -math.inf
    for number, (since, until) in enumerate(spans):
        if not since < until or (number and since <= last):
            raise InputError(f"{whose}: open spans {spans!r} are not rising and apart")
        last = until


def build(
    places: Sequence[NetworkPlace],
    roads: Sequence[NetworkRoad],
    *,
    actors: Sequence[str],
    attacks: Sequence[tuple[str, str | None]],
    sides: Sequence[str] | None = None,
    sources: Sequence[tuple[str, str]] = (),
    risings: Sequence[tuple[str, str]] = (),
    fallback_population: int = FALLBACK_POPULATION,
) -> Network:
    """The network from plain rows, in any order.

    *attacks* are pairs (actor, holder whose places it takes), None for places without
    a holder. *sides* name the side of each actor; without it each is on its own.
    *sources* are (settlement, actor) pairs where supply comes from; a side without any
    is always supplied. *risings* are (settlement, actor) pairs that may rise for that
    actor. Raises `InputError` or `UnknownId`.
    """
    places = sorted(places, key=lambda place: place.settlement)
    ids, names = tuple(place.settlement for place in places), list(actors)
    _check_counts(ids, names, sides)
    rows = {id_: row for row, id_ in enumerate(ids)}
    side_names = list(sides) if sides is not None else names
    codes = [side_names.index(side) for side in side_names]
    known = np.array([_count(p.population, "population", p.settlement) for p in places])
    guessed = np.isnan(known)
    population = np.where(guessed, fallback_population, known).round().astype(np.int64)
    capacity = np.array([_count(p.capacity, "capacity", p.settlement) for p in places])
    pairs = [
        tuple(sorted((_row(s, rows), _actor(a, names)) for s, a in listed))
        for listed in (sources, risings)
    ]
    return Network(
        settlements=ids,
        entity=np.array([stable_id(id_) for id_ in ids], np.uint64),
        population=population,
        guessed=guessed,
        capacity=np.where(np.isnan(capacity), np.inf, capacity),
        kind=_codes([p.kind for p in places], KINDS, "kind", ids),
        latitude=np.array([p.latitude for p in places], np.float64),
        longitude=np.array([p.longitude for p in places], np.float64),
        controller=np.array([_actor(p.controller, names) for p in places], np.int64),
        status=_codes([p.status for p in places], STATUSES, "status", ids),
        displaced=np.array(
            [_count(p.displaced, "displaced", p.settlement) for p in places]
        ),
        taken=_past(places, "taken"),
        confirmed=_past(places, "confirmed"),
        fresh=np.array([p.fresh for p in places], np.bool_),
        size=sizes(population),
        actors=tuple(names),
        sides=np.array(codes, np.int64),
        attacks=_attacks(attacks, names, codes),
        sources=pairs[0],
        risings=pairs[1],
        rows=rows,
        **_edges(_roads(roads, rows), ids),
    )


def _check_counts(
    ids: Sequence[str], actors: Sequence[str], sides: Sequence[str] | None
) -> None:
    if not ids:
        raise InputError("no settlements: a run needs at least one")
    if len(ids) >= 1 << 24:
        raise InputError(f"{len(ids)} settlements; at most {(1 << 24) - 1}")
    _unique(ids, "settlement")
    _unique(actors, "actor")
    if not 1 <= len(actors) <= 100:
        raise InputError(f"{len(actors)} actors; between 1 and 100 are possible")
    if sides is not None and len(sides) != len(actors):
        raise InputError(f"{len(sides)} sides for {len(actors)} actors")


def _actor(name: str | None, names: Sequence[str]) -> int:
    """The code of an actor; nobody's for None."""
    if name is None:
        return NOBODY
    if name not in names:
        raise UnknownId("actor", name, get_close_matches(name, names, 3))
    return names.index(name)


def _row(settlement: str, rows: Mapping[str, int]) -> int:
    """The row of a settlement."""
    if settlement not in rows:
        near = get_close_matches(settlement, list(rows), 3)
        raise UnknownId("settlement", settlement, near)
    return rows[settlement]


def _codes(
    words: Sequence[str], known: tuple[str, ...], what: str, whose: Sequence[str]
) -> NDArray[np.int64]:
    """The numbers of words, each of which must be known."""
    told = zip(words, whose, strict=True)
    return np.array([_code(word, known, what, one) for word, one in told], np.int64)


def _attacks(
    attacks: Sequence[tuple[str, str | None]], names: Sequence[str], sides: list[int]
) -> NDArray[np.bool_]:
    """Who attacks whom, by code of actor; the last column is nobody."""
    matrix = np.zeros((len(names), len(names) + 1), np.bool_)
    for attacker, holder in attacks:
        if attacker == holder:
            raise InputError(f"actor {attacker!r} cannot attack itself")
        by, of = _actor(attacker, names), _actor(holder, names)
        if holder is not None and sides[by] == sides[of]:
            raise InputError(f"{attacker!r} attacks {holder!r} of its own side")
        matrix[by, of] = True
    return matrix


_Edge = tuple[int, int, float, int, Spans]
"""A route: its ends by row, the lower first; kilometres; road class; open spans."""


def _roads(roads: Sequence[NetworkRoad], rows: Mapping[str, int]) -> list[_Edge]:
    """The routes, checked, in order of their ends."""
    table: list[_Edge] = []
    for road in roads:
        whose = f"route {road.a} - {road.b}"
        if not (math.isfinite(road.distance_km) and 0 < road.distance_km <= 1e5):
            raise InputError(f"{whose}: distance_km {road.distance_km!r} is not > 0")
        if road.a == road.b:
            raise InputError(f"{whose}: both ends are the same settlement")
        check_spans(road.open_spans, whose)
        a, b = sorted((_row(road.a, rows), _row(road.b, rows)))
        class_ = _code(road.road_class, tuple(ROAD_CLASSES), "road class", whose)
        table.append((a, b, float(road.distance_km), class_, tuple(road.open_spans)))
    return sorted(table, key=lambda edge: edge[:2])


def _edges(table: Sequence[_Edge], ids: Sequence[str]) -> dict[str, Any]:
    """The fields of a `Network` that are about routes, and links in both directions."""
    edges = {(edge[0], edge[1]): number for number, edge in enumerate(table)}
    if len(edges) != len(table):
        twice = next(x for x, y in pairwise(table) if x[:2] == y[:2])
        raise InputError(f"route {ids[twice[0]]} - {ids[twice[1]]} is given twice")
    edge_a = np.array([edge[0] for edge in table], np.int64)
    edge_b = np.array([edge[1] for edge in table], np.int64)
    classes = np.array([edge[3] for edge in table], np.int64)
    source = np.concatenate([edge_a, edge_b])
    target = np.concatenate([edge_b, edge_a])
    number = np.tile(np.arange(len(table), dtype=np.int64), 2)
    order = np.lexsort((target, source))
    first = np.zeros(len(ids) + 1, np.int64)
    np.add.at(first, source + 1, 1)
    entity = [stable_id(ids[a], ids[b]) for a, b, *_ in table]
    return {
        "edge_a": edge_a,
        "edge_b": edge_b,
        "edge_entity": np.array(entity, np.uint64),
        "distance_km": np.array([edge[2] for edge in table], np.float64),
        "road_class": classes,
        "road_factor": np.array(list(ROAD_CLASSES.values()), np.float64)[classes],
        "open_spans": tuple(edge[4] for edge in table),
        "first": np.cumsum(first),
        "link_target": target[order].astype(np.int64),
        "link_edge": number[order],
        "edges": edges,
    }


assert STATUSES[HELD] == "held"
assert KINDS[TOWN] == "town"
