"""What a run is asked, in words that a person can brief from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from chronicle.experiments.arms import Arm
from chronicle.experiments.draws import ranges_told
from chronicle.report.drawing.words import day_words
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.parameters import INDEX, Parameters
from chronicle.simulation.prior import keys_of
from chronicle.simulation.random_streams import STREAMS, log_array, uniform_array
from chronicle.simulation.scenario import Force, Order, Scenario
from chronicle.simulation.scenario_file import EVERYWHERE

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = [
    "NO_INTERVENTION",
    "arm_words",
    "broke_early",
    "force_words",
    "order_words",
]

NO_INTERVENTION = "baseline (no intervention)"


def force_words(force: Force) -> str:
    """Who advances on whom, what supplies them, and where places may rise."""
    holders = _and(force.against)
    supply = f"supplied from {_and(force.supply) or 'everywhere'}"
    if force.risings == EVERYWHERE:
        risings = f"any place of {holders} may rise"
    elif force.risings:
        risings = f"{_and(force.risings)} may rise"
    else:
        risings = "no place rises"
    advance = "advances" if len(force.actors) == 1 else "advance"
    return (
        f"{_and(force.actors)} {advance} on places of {holders} and of nobody; "
        f"{supply}; {risings}"
    )


def arm_words(run: Run, arm: Arm) -> list[str]:
    """What is done in *arm*, a sentence for each intervention, with names of places.

    Of a ceasefire also how often it broke before its end.
    """
    ensemble = run.ensembles[run.arms.index(arm)]
    names = run.question.labels
    found = []
    ceasefires = 0
    for order, one in zip(
        run.scenario.arm(arm.names), ensemble.interventions, strict=True
    ):
        places = [names[id_] for id_ in one.places]
        words = order_words(order, run.scenario, places)
        if one.kind == "ceasefire":
            words += f"; it broke early in {broke_early(ensemble, one, ceasefires):.0%}"
            words += " of the replicas"
            ceasefires += 1
        found.append(words)
    return found


def order_words(
    order: Order, scenario: Scenario, places: Sequence[str] | None = None
) -> str:
    """An intervention of *scenario* in words; *places* instead of those it names."""
    named = list(order.places if places is None else places)
    where, way = _and(named), " – ".join(named)
    span = _span(order.since, order.until)
    once = f"on {day_words(order.since)}" if order.since else "at the branch"
    match order.kind:
        case "hold":
            days = "day" if order.extra_days == 1 else "days"
            words = f"hold at {where}: {order.extra_days:g} more {days} {span}"
        case "close_route":
            words = f"route {way}: shut to everybody {span}"
        case "open_corridor":
            words = f"corridor {way}: for people and not for forces, {span}"
        case "ceasefire":
            whose = f"between {_and(order.parties)}" if order.parties else "of all"
            words = f"ceasefire {whose}: {span}; {_may_break(scenario)}"
        case "reinforce":
            words = f"garrison of {where}: times {order.factor:g} {once}"
        case "transfer":
            words = f"{where}: handed over to {order.actor} without violence {once}"
        case "capacity":
            room = "all" if order.capacity is None else f"{order.capacity:,.0f}"
            words = f"{where}: room for {room} displaced people {_span(order.since)}"
        case _:
            words = f"{order.kind.replace('_', ' ')}: {where} {span}"
    return words


def _span(since: date | None, until: date | None = None) -> str:
    """Days as people count them; the scenario's `until` is exclusive."""
    begin = f"from {day_words(since)}" if since else "from the branch"
    if until is None:
        return f"{begin} on"
    last = day_words(until - timedelta(days=1))
    return f"{begin} to the end of {last} (until is exclusive)"


def _may_break(scenario: Scenario) -> str:
    name = "ceasefire_break"
    told = ranges_told(scenario).get(name)
    if told is None:
        rate = getattr(Parameters.of(scenario.rules), name)
        if rate == 0.0:
            return "it cannot break early"
        told = f"{rate:g}"
    return f"it may break early (at a rate of {told} a day)"


def broke_early(ensemble: Ensemble, one: Intervention, number: int) -> float:
    """In which share of the replicas the ceasefire broke before its end.

    *number* is its place among the ceasefires of the ensemble. The engines draw it
    alike, by replica and number alone, so that it need not be kept with the results.
    """
    count = ensemble.replicas
    rates = np.full(count, ensemble.parameters.ceasefire_break)
    if ensemble.thetas is not None:
        rates = ensemble.thetas[:, INDEX["ceasefire_break"]]
    keys = keys_of(ensemble.seed, 0, count, STREAMS["ceasefire"])
    waits = -log_array(uniform_array(0, keys, number))  # of entity 0
    with np.errstate(divide="ignore"):
        broken = one.day + waits / rates
    ended = (broken < one.until) & (broken <= ensemble.horizon)
    return float(ended.mean())


def _and(names: Sequence[str]) -> str:
    """Names as people list them."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
