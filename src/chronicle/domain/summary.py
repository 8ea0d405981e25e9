"""Parts of a state and their sum: filters, and places and people by who holds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TypeVar

from chronicle.domain.outline import Outline
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.domain.views import clocks, marked
from chronicle.errors import UnknownId

__all__ = ["only", "summary_table"]

NOBODY = "none"
COLUMNS = ("on", "control", "places", "people", "without_population")


Told = TypeVar("Told", State, Outline)


def only(
    state: Told,
    *,
    settlements: Collection[str] | None = None,
    admin1: str | None = None,
    control: str | None = None,
) -> Told:
    """The state of some settlements: given ids, a province, those that an actor holds.

    *admin1* is compared without case; *control* `none` means held by nobody. Raises
    `UnknownId` for a province or an actor that the state does not know.
    """
    places = state.places
    if settlements is not None:
        places = {id_: places[id_] for id_ in settlements if id_ in places}
    if admin1 is not None:
        of = {id_: s.admin1 for id_, s in state.references.settlements.items()}
        known = sorted(set(of.values()) - {""})
        if admin1.casefold() not in {name.casefold() for name in known}:
            raise UnknownId("province", admin1, known[:20])
        wanted = admin1.casefold()
        places = {id_: p for id_, p in places.items() if of[id_].casefold() == wanted}
    if control is not None:
        held: set[str | None] = {p.control for p in state.places.values()} - {None}
        actors: list[str] = sorted(
            {*state.references.actors, *(one for one in held if one)}
        )
        if control not in (*actors, NOBODY):
            raise UnknownId("actor", control, actors)
        who = None if control == NOBODY else control
        places = {id_: p for id_, p in places.items() if p.control == who}
    return state if places is state.places else replace(state, places=places)


def summary_table(states: Sequence[State | Outline]) -> Table:
    """Places and known population by holder, on each day; most places first.

    `people` are those of the places with a registered population, None where there is
    none; `without_population` counts the others.
    """
    rows: list[tuple[object, ...]] = []
    for state in states:
        held: dict[str, list[str]] = {}
        for id_, place in state.places.items():
            holder = place.control or place.status
            held.setdefault(holder, []).append(id_)
        for holder, ids in sorted(held.items(), key=lambda one: (-len(one[1]), one[0])):
            people = [state.references.settlements[id_].population for id_ in ids]
            known = [number for number in people if number is not None]
            total = sum(known) if known else None
            rows.append((state.on, holder, len(ids), total, len(ids) - len(known)))
    first = states[0]
    days = ", ".join(str(state.on) for state in states)
    clock = clocks(first).partition(", ")[2]
    notes = list(dict.fromkeys(told for state in states for told in state.cautions))
    table = Table(
        COLUMNS, rows, f"Places by holder at the end of {days}, {clock}", notes
    )
    return marked(table, first.what_if)
