"""Rows of the archive that are made from events: figures, incidents, reference data.

Which versions there are comes from columns; of each the event is decoded, and where
amendments count the fold lays them on (`domain.timeline.effective_claims`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter, itemgetter

import numpy as np

from chronicle.archive.rectangles import NO_END
from chronicle.archive.schema import STILL, TABLES
from chronicle.archive.versions import Versions
from chronicle.domain.events import (
    SENSITIVITIES,
    TIMES_OF_DAY,
    ActorRegistered,
    Claim,
    Reference,
    RouteRegistered,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.domain.views import coarse
from chronicle.replay.columns import FOREVER, REDACTED, RETRACTED, Columns
from chronicle.store.protocol import Store
from chronicle.store.register import recorded_of

__all__ = ["ClaimRows", "reference_rows"]

_EPOCH = date(1970, 1, 1)
# The columns that are no field of a claim by that name, in the order of `_row`.
_MADE = (
    *("grade", "valid_from", "position", "known_from", "known_to"),
    *("published_from", "published_to", "time_order", "includes", "report"),
)
_KINDS: dict[type[Reference], tuple[str, str]] = {
    SettlementRegistered: ("settlements", "settlement"),
    RouteRegistered: ("routes", "key"),
    ActorRegistered: ("actors", "actor"),
    SourceRegistered: ("sources", "source"),
}


@lru_cache(65_536)
def day_of(number: int) -> date:
    """The day of a day number."""
    return _EPOCH + timedelta(days=number)


class ClaimRows:
    """The rows of one table of claims, made as the log is read past their positions."""

    def __init__(
        self, table: str, found: Versions, columns: Columns, store: Store
    ) -> None:
        entries = found.entries
        order = np.argsort(entries.position, kind="stable")
        spans = (
            *(entries.known_from, entries.known_to),
            *(found.published_from, found.published_to),
        )
        self._positions = entries.position[order].tolist()
        self._spans = list(zip(*(s[order].tolist() for s in spans), strict=True))
        self._next = 0
        self._store = store
        names = TABLES[table].names
        self._own = tuple(name for name in names if name not in _MADE)
        self._of_claim = attrgetter(*self._own)
        place = {name: n for n, name in enumerate((*_MADE, *self._own))}
        self._in_order = itemgetter(*(place[name] for name in names))
        self._about: dict[int, list[int]] = {}
        remarks = np.flatnonzero(
            (columns.kind >= RETRACTED) & (columns.kind <= REDACTED)
        )
        for position, target in zip(
            columns.position[remarks].tolist(),
            columns.amount[remarks].tolist(),
            strict=True,
        ):
            self._about.setdefault(target, []).append(position)

    def at(self, position: int) -> bool:
        """Whether any row is of the claim at this position; they come in order."""
        positions, count = self._positions, len(self._positions)
        while self._next < count and positions[self._next] < position:
            self._next += 1
        return self._next < count and positions[self._next] == position

    def of(self, recorded: RecordedEvent) -> Iterator[tuple[object, ...]]:
        """The rows of the claim at a position, about which `at` was asked."""
        at = self._next
        while at < len(self._positions) and self._positions[at] == recorded.position:
            yield self._row(recorded, *self._spans[at])
            at += 1

    def _row(
        self,
        recorded: RecordedEvent,
        known_from: int,
        known_to: int,
        begin: int,
        end: int,
    ) -> tuple[object, ...]:
        claim = recorded.event
        assert isinstance(claim, Claim)
        if recorded.position in self._about:
            claim = self._amended(recorded, known_from, begin, end)
        made = (
            grade(claim.reliability, claim.credibility),
            claim.since_day,
            recorded.position,
            known_from,
            STILL if known_to == FOREVER else known_to,
            day_of(begin),
            day_of(end),
            TIMES_OF_DAY.index(getattr(claim, "time_of_day", "")),
            " ".join(getattr(claim, "includes", ())),
            claim.report_id,
        )
        row: tuple[object, ...] = self._in_order((*made, *self._of_claim(claim)))
        return row

    def _amended(
        self, recorded: RecordedEvent, known_from: int, begin: int, end: int
    ) -> Claim:
        """The claim as it stood at a position, on a day of the sources' clock."""
        found, todo = [recorded], [recorded.position]
        while todo:
            about = [p for p in self._about.get(todo.pop(), ()) if p <= known_from]
            todo += about
            for position in about:
                found += map(recorded_of, self._store.rows(position - 1, position))
        found.sort(key=lambda one: one.position)
        if end == NO_END:
            standing = effective_claims(found).standing
        else:
            standing = effective_claims(found, day_of(begin)).standing
        return standing[0].claim


def grade(reliability: str | None, credibility: int | None) -> str | None:
    """A grade as text, such as *B2*, *B* or *2*; None without any."""
    text = (reliability or "") + ("" if credibility is None else str(credibility))
    return text or None


def reference_rows(
    told: Sequence[tuple[int, Reference]],
) -> dict[str, list[tuple[object, ...]]]:
    """The rows of each table of reference data, from registrations in log order.

    A second registration of an id closes the first one. Coordinates of every version
    are as coarse as the last registration of the place asks, and as its own.
    """
    closes: dict[tuple[str, str], int] = {}
    newest: dict[str, str] = {}
    found: dict[str, list[tuple[object, ...]]] = {
        name: [] for name, _ in _KINDS.values()
    }
    for position, event in reversed(told):
        table, _ = _KINDS[type(event)]
        key = (table, event.key)
        known = {"known_from": position, "known_to": closes.get(key, STILL)}
        closes[key] = position
        if isinstance(event, SettlementRegistered):
            lat, lon = event.lat, event.lon
            last = newest.setdefault(event.settlement, event.sensitivity)
            level = max(event.sensitivity, last, key=SENSITIVITIES.index)
            if level != "low":
                lat, lon = coarse(lat, lon, level)
            event = replace(event, lat=lat, lon=lon)
        found[table].append(
            tuple(
                known[name] if name in known else getattr(event, name)
                for name in TABLES[table].names
            )
        )
    return found
