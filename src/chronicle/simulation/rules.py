"""The rules: their words, their order on ties, and their arithmetic.

Every engine calls these functions (numba compiles this very source), so that the
engines can differ only in how they find the next event. What happens, in words:

- *advance*: who takes a place sets out along every open route towards places that it
  attacks, and so it did from what it took before the branch in the offensive under way;
  all others set out `delay_days` after the branch. The road takes `travel_days`, one
  draw per undirected route for ever. A route that is shut when the force would leave or
  arrive makes it wait until it opens.
- *lines*: a share of the routes never lets an attack through. A quiet route waits
  `quiet_days` in the mean before an attack sets out along it; who just took a place
  goes on at once along the share `momentum` of its routes, and else waits as long. No
  attack sets out once the offensive has culminated (`culmination`).
- *contest*: on arrival, but not before the last report that its holder held it, the
  place is handed over (`transfer`), or the attack is repulsed, or a siege of
  `hold_days` begins. Later arrivals press it (`pressed`).
- *capture*: the siege ends; the holder's share of lost people grows, its other holds
  shrink (`collapse_table`), and beyond a threshold the listed places rise wherever
  they lie, and places under siege negotiate.
- *repulse*: the attacker comes again after a wait, the garrison grows, and the holder
  may strike back at where the attack came from.
- *supply*: at the start of each day, a place farther than `supply_km` from the sources
  of its side, along routes that are open and places that are not under siege, is cut
  off: sieges that begin there are shorter, forces that set out there are slower.
- *ceasefire*: between its parties arrivals and uprisings wait until it ends, sieges
  stand still.

Ties: events at one time go by priority (orders, ends of ceasefires, supply, uprisings,
ends of sieges, arrivals, people), then by row of the settlement, then of the origin.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation.random_streams import exp_array, log_array

__all__ = [
    "ROAD_CLASSES",
    "Change",
    "collapse_table",
    "culmination",
    "day_of",
    "fall_day_of",
    "hold_days",
    "lost_step",
    "most_changes",
    "next_open",
    "patience_days",
    "pressed",
    "sizes",
    "travel_days",
]

KINDS = ("town", "camp", "abroad", "site")
TOWN, CAMP, ABROAD, SITE = range(4)
"""`abroad` is where people leave the map for good; a `site` has no destination pull."""

STATUSES = (
    "held", "contested", "shared", "besieged", "presence", "vacated", "unknown",
)  # fmt: skip
HELD, CONTESTED = 0, 1

CHANGES = (
    "contested",
    "captured",
    "repulsed",
    "transferred",
    "uprising",
    "supply-cut",
    "supply-restored",
    "ceasefire-began",
    "ceasefire-ended",
    "ceasefire-broken",
    "reinforced",
    "route-closed",
    "corridor-opened",
    "route-reopened",
    "capacity-set",
)
(
    SIEGE,
    CAPTURED,
    REPULSED,
    TRANSFERRED,
    UPRISING,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
    CEASEFIRE_BEGAN,
    CEASEFIRE_ENDED,
    CEASEFIRE_BROKEN,
    REINFORCED,
    ROUTE_CLOSED,
    CORRIDOR_OPENED,
    ROUTE_REOPENED,
    CAPACITY_SET,
) = range(len(CHANGES))

# Priorities on ties, the high bits of an event's key.
ORDER, TRUCE_END, SUPPLY, RISING, SIEGE_END, ARRIVAL, PEOPLE, STOP = range(1, 9)

ROAD_CLASSES = {
    "motorway": 1.5,
    "trunk": 1.25,
    "primary": 1.0,
    "secondary": 0.8,
    "tertiary": 0.6,
    "unclassified": 0.5,
    "track": 0.35,
    "crossing": 0.25,
}
"""Factors on speed by road class (OpenStreetMap's words; crossing is water)."""

STEPS = 1024
"""Lost shares act on holds in whole 1024ths, rounded down."""

FOR_EVER = 3650.0
"""An offensive of so many days in the mean does not end."""

AT_ONCE, ONWARD, QUIET = range(3)
"""How a force sets out: to strike back; from what was just taken; from a still front.
"""

LEAST_SIZE = 0.2
"""Even a hamlet holds as long as a town of 1,585 people: log10(1.585)."""


OUT = -1
"""The day of a fall that came by the branch, unreported."""


class Change(NamedTuple):
    """One change that a run emits; codes index `CHANGES`, `STATUSES`, actors, rows.

    *day* counts days of the calendar after the branch date: the branch stands at the
    end of day 0, so that what happens at *time* in (0, 1] belongs to day 1. Where an
    offensive is under way at the branch, there are changes at times before it.
    *settlement* and *from_settlement* are rows, -1 for none; of a route its two ends.
    """

    day: int
    time: float
    settlement: int
    controller: int
    status: int
    kind: int
    from_settlement: int


def day_of(time: float) -> int:
    """The calendar day of a time: its ceiling, as days are dated by their end."""
    return math.ceil(time)


def fall_day_of(time: float) -> int:
    """The day of a fall: 1 or later after the branch, `OUT` before it."""
    return max(math.ceil(time), 1) if time >= 0.0 else OUT


def sizes(population: NDArray[np.int64]) -> NDArray[np.float64]:
    """log10(population / 1000), at least `LEAST_SIZE`: how long places hold."""
    people = np.maximum(population, 1).astype(np.float64)
    found: NDArray[np.float64] = np.maximum(
        log_array(people / 1000.0) / 2.302585092994046, LEAST_SIZE
    )
    return found


def travel_days(
    distance_km: float, factor: float, speed_km_day: float, spread: float
) -> float:
    """Days on the road; *spread* is the route's log-normal draw with median 1."""
    return distance_km / (speed_km_day * factor) * spread


def culmination(mean_days: float, exponential: float) -> float:
    """After how many days from the branch no attack sets out any more."""
    return math.inf if mean_days >= FOR_EVER else mean_days * exponential


def patience_days(size: float, mean_days: float, exponential: float) -> float:
    """The hold-up of a fresh garrison: the mean for its size times a draw of Exp(1)."""
    return size * mean_days * exponential


def hold_days(
    patience: float, collapse: float, garrison: float, supply: float, extra: float
) -> float:
    """Days from contest to capture, *extra* those that an order adds."""
    return patience * collapse * garrison * supply + extra


def pressed(left: float, extra: float, others: int, pressure: float) -> float:
    """What is *left* of a siege when one more force joins the *others*.

    Nothing shortens its last *extra* days, which an order added.
    """
    free = left - extra
    if free <= 0.0:
        return left
    return free * (1.0 + pressure * others) / (1.0 + pressure * (others + 1)) + extra


def lost_step(start: int, held: int) -> int:
    """The share of its people that an actor lost since the branch, in 1024ths."""
    if start <= 0 or held >= start:
        return 0
    return (start - held) * STEPS // start


def most_changes(places: int) -> int:
    """How many changes a replica on so many *places* may make before it is given up.

    It is far above what a war makes: places that change hands, or attacks that are
    beaten off, a hundred times each. What goes beyond has come to a rule that answers
    itself in next to no time.
    """
    return 100_000 + 100 * places


def collapse_table(collapse: float) -> list[float]:
    """exp(-collapse * share) by lost step: what is left of holds."""
    found: list[float] = exp_array(-collapse * np.arange(STEPS + 1) / STEPS).tolist()
    return found


def next_open(spans: tuple[tuple[float, float], ...], time: float) -> float:
    """The first moment from *time* on within half-open *spans*; inf if none."""
    for since, until in spans:
        if time < until:
            return since if since > time else time
    return math.inf
