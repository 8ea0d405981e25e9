"""Invented places for the tests of the what-if engine: by hand, and by seed."""

from __future__ import annotations

import math

from chronicle.simulation.interventions import Intervention
from chronicle.simulation.network import Network, NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import TABLE, Parameters
from chronicle.simulation.random_streams import KeyedRandom, stable_id, stream_key
from chronicle.simulation.rules import KINDS, ROAD_CLASSES

PLAIN = {
    "speed_km_day": 10.0,
    "speed_sigma": 0.0,
    "delay_days": 0.0,
    "pressure": 0.0,
    "repulse": 0.0,
    "transfer": 0.0,
    "collapse": 0.0,
    "rising_threshold": 1.0,
    "transfer_threshold": 1.0,
    "hold_days": 0.3,
    "quiet_days": 0.0,
    "momentum": 1.0,
    "lines": 0.0,
    "culmination_days": 3650.0,
}
"""Nothing by chance but the length of sieges: 10 km a day, no delay."""


def three_towns(**more: object) -> Network:
    """alder (red) - 30 km - birch (blue) - 20 km - cedar (blue)."""
    given: dict[str, object] = {
        "actors": ["red", "blue"],
        "attacks": [("red", "blue")],
    }
    return build(
        [
            NetworkPlace(settlement="alder", controller="red", population=10_000),
            NetworkPlace(settlement="birch", controller="blue", population=10_000),
            NetworkPlace(settlement="cedar", controller="blue", population=100_000),
        ],
        [
            NetworkRoad(a="alder", b="birch", distance_km=30),
            NetworkRoad(a="birch", b="cedar", distance_km=20),
        ],
        **(given | more),  # type: ignore[arg-type]
    )


class Dice(KeyedRandom):
    """Chance for making worlds up."""

    def below(self, n: int) -> int:
        return min(n - 1, int(self.uniform() * n))

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.uniform()

    def chance(self, p: float) -> bool:
        return self.uniform() < p


def dice(seed: int) -> Dice:
    return Dice(stream_key(seed, 0, 99), stable_id("world"), 0)


def invented(
    seed: int, most: int = 30
) -> tuple[Network, Parameters, list[Intervention], int]:
    """A terrain, parameters, interventions and a horizon, whatever *seed* says.

    Half of them have whole distances, no spread and few sizes, so that events tie.
    """
    d = dice(seed)
    ties = d.chance(0.5)
    horizon = 5 + d.below(25)
    n = 3 + d.below(most - 2)
    actors = ["red", "blue", "grey"][: 2 + d.below(2)]
    attacks: list[tuple[str, str | None]] = [("red", "blue")]
    more = ("blue", "red"), ("red", None), ("grey", "blue"), ("red", "grey")
    attacks += [
        pair
        for pair in more
        if d.chance(0.35) and pair[0] in actors and pair[1] in (*actors, None)
    ]
    moving = d.chance(0.3)
    names = [f"place-{i:02d}" for i in range(n)]
    places = [
        NetworkPlace(
            settlement=name,
            controller="red" if i < 1 + n // 8 else _holder(d, actors),
            population=None if d.chance(0.1) else round(math.exp(d.between(6, 13))),
            capacity=round(d.between(0, 3000)) if d.chance(0.2) else None,
            kind="town" if d.chance(0.8) else KINDS[d.below(len(KINDS))],
            displaced=round(d.between(0, 500)) if d.chance(0.2) else 0.0,
            **_under_way(d, moving),  # type: ignore[arg-type]
        )
        for i, name in enumerate(names)
    ]
    roads, seen = [], set()
    for i in range(1, n):
        for j in {max(0, i - 1 - d.below(4)), d.below(i)}:
            seen.add((names[j], names[i]))
    for a, b in sorted(seen):
        spans: tuple[tuple[float, float], ...] = ((-math.inf, math.inf),)
        if d.chance(0.15):
            shut = float(d.below(horizon)) if ties else d.between(0, horizon)
            spans = ((-math.inf, shut), (shut + 1 + d.below(6), math.inf))
        km = float(5 * (1 + d.below(8))) if ties else d.between(3, 60)
        roads.append(
            NetworkRoad(
                a=a,
                b=b,
                distance_km=km,
                road_class="primary" if ties else list(ROAD_CLASSES)[d.below(8)],
                open_spans=spans,
            )
        )
    sources = [(names[d.below(n)], a) for a in actors if d.chance(0.4)]
    risings = sorted({(names[d.below(n)], "red") for _ in range(d.below(4))})
    network = build(
        places,
        roads,
        actors=actors,
        attacks=sorted(set(attacks), key=str),
        sources=sources,
        risings=risings,
    )
    values = {row.name: d.between(row.low, row.high) for row in TABLE}
    # Most worlds move, or there would be little to compare.
    lively = {"speed_km_day": 15.0, "quiet_days": d.between(0, 9), "lines": 0.1}
    values |= lively | {"hold_days": d.between(0.03, 4), "repulse": d.between(0, 0.5)}
    values["culmination_days"] = d.between(5, 60) if d.chance(0.5) else 3650.0
    values["ceasefire_threshold"] = d.between(0.2, 1.5) if d.chance(0.3) else 1.0
    values["ceasefire_threshold"] = min(1.0, values["ceasefire_threshold"])
    if ties:
        values |= {"speed_sigma": 0.0, "speed_km_day": 10.0, "delay_days": 1.0}
    for name in ("pressure", "return_rate", "ceasefire_break", "transfer_rate"):
        if d.chance(0.3):
            values[name] = 0.0
    if d.chance(0.7):
        values["distance_exponent"] = 1.0
    return network, Parameters.of(values), _orders(d, network, roads, horizon), horizon


def _under_way(d: Dice, moving: bool) -> dict[str, float]:
    """When a place was taken, and known to be its holder's, if anything was."""
    if not moving:
        return {}
    return {
        "taken": d.below(6) / 2 - 3.5 if d.chance(0.4) else math.nan,
        "confirmed": -math.inf if d.chance(0.3) else float(-d.below(5)),
    }


def _holder(d: Dice, actors: list[str]) -> str | None:
    if d.chance(0.08):
        return None
    return "blue" if d.chance(0.75) else actors[d.below(len(actors))]


def _orders(
    d: Dice, network: Network, roads: list[NetworkRoad], horizon: int
) -> list[Intervention]:
    """Up to six orders that do not contradict each other."""
    found: list[Intervention] = []
    names = list(network.settlements)
    free, ways = set(names), list(roads)
    for _ in range(d.below(7)):
        kind = d.below(7)
        day = float(d.below(horizon)) if d.chance(0.5) else d.between(0, horizon - 1)
        until = day + d.between(0.5, 8) if d.chance(0.7) else math.inf
        place = names[d.below(len(names))]
        if kind in (0, 1):
            way = ways.pop(d.below(len(ways))) if len(ways) > 1 else None
            if way is not None:
                word = "close_route" if kind else "open_corridor"
                found.append(
                    Intervention(kind=word, places=(way.a, way.b), day=day, until=until)
                )
        elif kind == 2:
            parties = () if d.chance(0.5) else ("red", "blue")
            found.append(
                Intervention(kind="ceasefire", day=day, until=until, parties=parties)
            )
        elif place in free:
            free.remove(place)
            if kind == 3:
                found.append(
                    Intervention(
                        kind="hold",
                        places=(place,),
                        day=day,
                        until=until,
                        extra_days=d.between(0.5, 5),
                    )
                )
            elif kind == 4:
                factor = d.between(0.3, 4)
                found.append(
                    Intervention(
                        kind="reinforce", places=(place,), day=day, factor=factor
                    )
                )
            elif kind == 5:
                actor = network.actors[d.below(len(network.actors))]
                found.append(
                    Intervention(kind="transfer", places=(place,), day=day, actor=actor)
                )
            else:
                room = None if d.chance(0.3) else float(d.below(2000))
                found.append(
                    Intervention(
                        kind="capacity", places=(place,), day=day, capacity=room
                    )
                )
    return found
