"""The record as columns, once: what the page replays without asking again.

The document holds every claim and remark of the log, not what a lens makes of them, so
the page can answer any day, as known at any position or published by any day, through
any lens, by the same rules as `chronicle.domain` (`static/replay.js`; a test holds the
two against each other). Days are whole days since 1970-01-01; unknown is null.

A column is a list, or `{"all": value}` where every row has one value, or
`{"of": values, "at": ranks}` where few values come again and again.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

import msgspec

from chronicle.domain.base import rules_of
from chronicle.domain.events import (
    ActorRegistered,
    Claim,
    ControlReported,
    DisplacementReported,
    IncidentReported,
    LegendReported,
    Redacted,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.domain.lenses import (
    CAUTIOUS_DAYS,
    CREDIBILITY_ORDER,
    RELIABILITY_ORDER,
)
from chronicle.domain.timeline import RecordedEvent
from chronicle.domain.views import coarse
from chronicle.domain.vocabulary import NAMELESS, STATUSES, TIMES_OF_DAY

__all__ = ["FORMAT", "MOST_ADDED", "encoded", "payload", "top_up", "zipped"]

FORMAT: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ZERO: Final = _EPOCH.date()
_MICROSECOND: Final = timedelta(microseconds=1)
_LEAST_REPEATS: Final = 2.0  # of each value, from which on ranks are shorter

MOST_ADDED: Final = 5_000  # events of one top-up
_ADDED: Final = (Claim, ReportRetracted, ReportAmended, ReportsLinked)

Row = Mapping[str, object]

KINDS: Final[dict[str, type[Claim]]] = {
    "control": ControlReported,
    "displacement": DisplacementReported,
    "incidents": IncidentReported,
    "closures": RouteStatusReported,
    "support": SupportReported,
    "legends": LegendReported,
}


@dataclass(slots=True)
class _Gathered:
    """What the page needs of the log, by kind, in log order."""

    settlements: dict[str, SettlementRegistered] = field(default_factory=dict)
    actors: dict[str, ActorRegistered] = field(default_factory=dict)
    sources: dict[str, SourceRegistered] = field(default_factory=dict)
    routes: dict[str, RouteRegistered] = field(default_factory=dict)
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    published: dict[str, date | None] = field(default_factory=dict)
    grades: list[tuple[int, str, str | None]] = field(default_factory=list)
    claims: dict[str, list[tuple[int, Claim]]] = field(default_factory=dict)
    types: dict[str, type[Claim]] = field(default_factory=dict)
    remarks: list[Row] = field(default_factory=list)
    moments: list[tuple[int, int]] = field(default_factory=list)
    position: int = 0

    def told(self, key: str, published: date | None) -> None:
        """Take in when a place or a road was published: who tells none is always known.

        An id of a place has no `--` in it, as that of a road has.
        """
        before = self.published.setdefault(key, published)
        if before is None or published is None:
            self.published[key] = None
        else:
            self.published[key] = min(before, published)


def payload(
    log: Iterable[RecordedEvent], *, name: str, identity: str = "", what_if: str = ""
) -> dict[str, object]:
    """The document of *log*, in log order; *what_if* names the branch, if it is one.

    Coordinates are as coarse as the sensitivity of their place demands.
    """
    found = _gathered(log)
    return {
        "format": FORMAT,
        "name": name,
        "identity": identity,
        "what_if": what_if,
        "position": found.position,
        "moments": found.moments,
        "rules": {
            "statuses": STATUSES,
            "nameless": sorted(NAMELESS),
            "times": TIMES_OF_DAY,
            "reliability": RELIABILITY_ORDER,
            "credibility": CREDIBILITY_ORDER,
            "cautious": CAUTIOUS_DAYS,
        },
        "settlements": _columns(_places(found)),
        "actors": _columns(_registered(found, "actor", found.actors.values())),
        "sources": _columns(_registered(found, "source", found.sources.values())),
        "routes": _columns(_roads(found)),
        "grades": found.grades,
        "remarks": found.remarks,
        "claims": {
            kind: _columns([_claim(*one) for one in found.claims.get(kind, ())])
            for kind in KINDS
        },
    }


def top_up(
    log: Iterable[RecordedEvent], known: Callable[[str], type[Claim] | None]
) -> dict[str, object] | None:
    """What *log*, the events after a position, adds to the document of those before it.

    Claims and remarks alone can be added: None where anything else was recorded, such
    as a new place or a redaction, and where there is more than a page is to be told in
    one go; the whole document is then wanted. *known* is the kind of an older report.
    """
    events = list(islice(log, MOST_ADDED + 1))
    if len(events) > MOST_ADDED or not all(isinstance(e.event, _ADDED) for e in events):
        return None
    found = _gathered(events, known)
    return {
        "format": FORMAT,
        "position": found.position,
        "moments": found.moments,
        "remarks": found.remarks,
        "claims": {
            kind: _columns([_claim(*one) for one in found.claims.get(kind, ())])
            for kind in KINDS
        },
    }


def encoded(document: Mapping[str, object]) -> bytes:
    """The document as compact JSON."""
    return msgspec.json.encode(document)


def zipped(document: bytes) -> bytes:
    """*document* gzipped; the same bytes for the same document, at any time."""
    return gzip.compress(document, compresslevel=9, mtime=0)


def _gathered(
    log: Iterable[RecordedEvent],
    known: Callable[[str], type[Claim] | None] | None = None,
) -> _Gathered:
    found = _Gathered()
    kinds = {cls: kind for kind, cls in KINDS.items()}
    for position, recorded_at, event in log:
        found.position = position
        moment = (recorded_at - _EPOCH) // _MICROSECOND
        if found.moments and found.moments[-1][1] == moment:
            found.moments[-1] = (position, moment)
        else:
            found.moments.append((position, moment))
        if isinstance(event, Redacted):
            continue
        if isinstance(event, Claim):
            found.claims.setdefault(kinds[type(event)], []).append((position, event))
            found.types[event.report_id] = type(event)
            continue
        match event:
            case SettlementRegistered():
                found.settlements[event.key] = event
                found.first.setdefault(("settlement", event.key), position)
                found.told(event.key, event.published)
            case ActorRegistered():
                found.actors[event.key] = event
                found.first.setdefault(("actor", event.key), position)
            case RouteRegistered():
                found.routes[event.key] = event
                found.first.setdefault(("route", event.key), position)
                found.told(event.key, event.published)
            case SourceRegistered():
                found.sources[event.key] = event
                found.first.setdefault(("source", event.key), position)
                found.grades.append((position, event.key, event.reliability))
            case ReportRetracted() | ReportAmended() | ReportsLinked():
                kind = found.types.get(event.report)
                if known and kind is None and (kind := known(event.report)):
                    found.types[event.report] = kind
                found.remarks.append(_remark(position, event, found.types))
            case ReportRedacted():
                found.remarks.append(_remark(position, event, found.types))
    return found


def _remark(
    position: int,
    event: ReportRetracted | ReportAmended | ReportsLinked | ReportRedacted,
    types: Mapping[str, type[Claim]],
) -> Row:
    told: dict[str, object] = {
        "pos": position,
        "id": event.report_id,
        "kind": event.TYPE.removeprefix("report-").removeprefix("reports-"),
        "report": event.report,
        "published": _plain(event.published),
        "source": event.source,
    }
    match event:
        case ReportsLinked():
            told |= {"other": event.other, "relation": event.relation}
        case ReportAmended():
            told |= {"changes": _changes(event, types), "reason": event.reason}
        case _:
            told |= {"reason": event.reason}
    return told


def _changes(
    event: ReportAmended, types: Mapping[str, type[Claim]]
) -> dict[str, object]:
    """The new values as the columns have them; of a redacted claim nothing is left."""
    kind = types.get(event.report)
    if kind is None:
        return {}
    rules = rules_of(kind)
    return {
        name: _plain(rules[name](value))
        for name, value in event.changes
        if name in rules
    }


def _plain(value: object) -> object:
    return (value - _DAY_ZERO).days if type(value) is date else value


def _row(event: Any, leave: frozenset[str]) -> dict[str, Any]:
    return {
        f.name: _plain(getattr(event, f.name))
        for f in fields(event)
        if f.name not in leave
    }


_LEFT_OUT: Final = frozenset({"dataset", "basis"})


def _claim(position: int, claim: Claim) -> Row:
    leave = _LEFT_OUT if type(claim) is not ControlReported else frozenset({"dataset"})
    return {"pos": position, **_row(claim, leave)}


def _registered(found: _Gathered, kind: str, events: Iterable[Any]) -> list[Row]:
    return [
        {
            "id": event.key,
            "registered": found.first[kind, event.key],
            **_row(event, _LEFT_OUT),
        }
        for event in events
    ]


def _places(found: _Gathered) -> list[Row]:
    leave = frozenset({"dataset", "basis", "lat", "lon", "population_published"})
    rows: list[Row] = []
    for id_, event in found.settlements.items():
        lat, lon = coarse(event.lat, event.lon, event.sensitivity)
        registered = found.first["settlement", id_]
        known = _row(event, leave) | {"lat": lat, "lon": lon}
        known["published"] = _plain(found.published[id_])
        rows.append({"id": id_, "registered": registered, **known})
    return rows


def _roads(found: _Gathered) -> list[Row]:
    return [
        {**row, "published": _plain(found.published[str(row["id"])])}
        for row in _registered(found, "route", found.routes.values())
    ]


def _columns(rows: Sequence[Row]) -> dict[str, object]:
    """Rows of one kind as columns; each in the shortest of its three forms."""
    found: dict[str, object] = {"rows": len(rows)}
    for name in rows[0] if rows else ():
        found[name] = _column([row[name] for row in rows])
    return found


def _column(values: list[Any]) -> object:
    ranks: dict[tuple[type, Any], int] = {}
    at = [ranks.setdefault((type(value), value), len(ranks)) for value in values]
    if len(ranks) == 1:
        return {"all": values[0]}
    words = any(isinstance(value, str | tuple) for value in values)
    if words and len(values) >= _LEAST_REPEATS * len(ranks):
        return {"of": [value for _, value in ranks], "at": at}
    return values
