"""What a forecast from a branch day may know, and what then came to pass.

The branch sees the record as published by its day; the outcome is the record as it is
known now. Both are states at the ends of days, through a lens.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta

import numpy as np

from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import Evidence, Place, State, fold, judge, references
from chronicle.domain.timeline import RecordedEvent, as_known, effective_claims, order
from chronicle.errors import UsageError
from chronicle.verification.distances import Roads
from chronicle.verification.outcomes import NEVER, Arrivals, whole_horizon
from chronicle.verification.reference_forecasts import Past

__all__ = ["arrivals_after", "past_of", "roads_of", "states_by_day"]


def states_by_day(
    log: Iterable[RecordedEvent],
    first: date,
    last: date,
    *,
    known_at: int | datetime | None = None,
    published_by: date | None = None,
    lens: str = "latest",
) -> Iterator[State]:
    """`state_of` at the end of each day from *first* to *last*, reading the log once.

    The daily states of one view of the record: what is published or known does not move
    along with the day.
    """
    rule = parse_lens(lens)
    prefix = list(as_known(log, known_at))
    found = effective_claims(prefix, published_by)
    refs = references(prefix, published_by)
    standing = sorted(found.standing, key=order)
    heard, done = Evidence(), 0
    before: State | None = None
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        ahead = done
        while ahead < len(standing) and standing[ahead].claim.since_day <= day:
            ahead += 1
        # Folding in two parts is folding in one.
        heard, done = fold(standing[done:ahead], heard), ahead
        before = judge(
            heard,
            day,
            rule,
            refs,
            links=found.links,
            position=prefix[-1].position if prefix else 0,
            published_by=published_by,
            before=before,
        )
        yield before


def arrivals_after(
    log: Iterable[RecordedEvent],
    *,
    branch: date,
    horizon_days: int,
    defenders: Collection[str],
    published_by: date | None = None,
    known_at: int | datetime | None = None,
    lens: str = "latest",
    contested_is_out: bool = True,
) -> Arrivals:
    """When the settlements at risk on *branch* were first out of the defenders' hands.

    At risk are those that *defenders* held at its end, as published by *published_by*
    (by default the branch day itself) and known at *known_at*. The outcome is read from
    all of *log* through *lens*: the first day after the branch at whose end none of
    *defenders* is the controller, wherever the place goes from there, and whether it is
    retaken later. A place that nobody holds is out too; unless *contested_is_out*, one
    that is contested is not, as long as it is. Those that were out at the branch, as
    the record now says, arrive on day 0 and are marked `already`. Settlements come by
    id. Raises `UsageError` for no defender, or for a record that ends before the
    horizon does: what is not reported yet is not *never*.
    """
    horizon = whole_horizon(horizon_days)
    holders = _named(defenders, "defenders")
    events = list(log)
    told = branch if published_by is None else published_by
    (seen,) = states_by_day(
        events, branch, branch, known_at=known_at, published_by=told, lens=lens
    )
    ids = sorted(id_ for id_, who in seen.control.items() if who in holders)
    end = branch + timedelta(days=horizon)
    _check_reach(events, end)
    observed = np.full(len(ids), NEVER)
    for state in states_by_day(events, branch, end, lens=lens):
        day = (state.on - branch).days
        for row, id_ in enumerate(ids):
            if observed[row] == NEVER and _is_out(
                state.places[id_], holders, contested_is_out
            ):
                observed[row] = day
    return Arrivals(
        settlements=tuple(ids),
        observed=observed,
        horizon=float(horizon),
        already=observed == 0,
    )


def _named(actors: Collection[str], what: str) -> frozenset[str]:
    # A text is a collection of texts too: "gov" would name the actors g, o and v.
    if isinstance(actors, str) or not actors:
        raise UsageError(f"{what}: a collection of actor ids is wanted, not {actors!r}")
    return frozenset(actors)


def _check_reach(events: Iterable[RecordedEvent], end: date) -> None:
    days = [getattr(recorded.event, "since_day", None) for recorded in events]
    last = max((day for day in days if day is not None), default=None)
    if last is None or last < end:
        raise UsageError(
            f"the record ends on {last}, before the horizon does on {end}: what is "
            "not reported yet is not never; ask for a shorter horizon"
        )


def _is_out(place: Place, holders: frozenset[str], contested_is_out: bool) -> bool:
    if place.status == "contested" and not contested_is_out:
        return False
    return place.control not in holders


def past_of(
    log: Iterable[RecordedEvent],
    *,
    since: date,
    branch: date,
    defenders: Collection[str],
    attackers: Collection[str] | None = None,
    published_by: date | None = None,
    known_at: int | datetime | None = None,
    lens: str = "latest",
) -> Past:
    """Who held what from *since* to *branch*, as published by then: no hindsight.

    *published_by* is the branch day by default. *attackers* are all who are not
    *defenders*, unless they are named. The last days are known least: news is late.
    Settlements come by id, as in `arrivals_after`.
    """
    if since > branch:
        raise UsageError(f"the past of {branch} cannot start on {since}")
    holders = _named(defenders, "defenders")
    hostile = None if attackers is None else _named(attackers, "attackers")
    if hostile is not None and hostile & holders:
        both = ", ".join(sorted(hostile & holders))
        raise UsageError(f"{both}: an actor either attacks or defends")
    told = branch if published_by is None else published_by
    rows: list[list[str | None]] = []
    ids: list[str] = []
    for state in states_by_day(
        log, since, branch, known_at=known_at, published_by=told, lens=lens
    ):
        ids = sorted(state.places)
        rows.append([state.places[id_].control for id_ in ids])

    def matrix(rule: frozenset[str] | None) -> list[list[bool]]:
        if rule is None:
            return [[w is not None and w not in holders for w in row] for row in rows]
        return [[who in rule for who in row] for row in rows]

    shape = len(rows), len(ids)
    return Past(
        settlements=tuple(ids),
        defended=np.array(matrix(holders), dtype=np.bool_).reshape(shape),
        hostile=np.array(matrix(hostile), dtype=np.bool_).reshape(shape),
    )


def roads_of(state: State) -> Roads:
    """The routes that are open in *state*, between the rows of settlements by id."""
    rows = {id_: row for row, id_ in enumerate(sorted(state.places))}
    open_ = sorted(state.open_routes, key=lambda route: route.key)
    return Roads(
        places=len(rows),
        a=np.array([rows[route.settlement_a] for route in open_], dtype=np.int64),
        b=np.array([rows[route.settlement_b] for route in open_], dtype=np.int64),
        distance_km=np.array([route.distance_km for route in open_], dtype=np.float64),
    )
