"""Made-up logs of any size, by a written seed: for benchmarks and for trying things.

Places are drawn with weights 1/√rank, days lie within hours of their recording but
for a tail of weeks, and a share of the reports is corrected: some corrections change
who holds the place, some move the day, some take a report back, some of those are
taken back in turn. `restated` tells everything again, as a source that revises its
whole record does. Nothing here looks like any real place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import (
    CATEGORIES,
    MEASURES,
    STATUSES,
    TIMES_OF_DAY,
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    Event,
    ReportAmended,
    ReportRetracted,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.errors import UsageError
from chronicle.store.columnar import DTYPE, KINDS, MASK, NO_DAY, NOBODY

__all__ = ["FIRST_DAY", "SyntheticLog", "event_of", "events_of", "synthetic"]

FIRST_DAY = date(2020, 1, 1)
_DAY0 = FIRST_DAY.toordinal() - date(1970, 1, 1).toordinal()
_HELD, _CONTESTED = STATUSES.index("held"), STATUSES.index("contested")
_COUNTERS, _AREAS = 4, 40


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticLog:
    """Hot records in log order, and the day on which each was recorded.

    The first rows register *settlements*, *actors* and *sources*, whose codes are
    their ranks.
    """

    rows: NDArray[Any]
    recorded: NDArray[np.int32]
    settlements: int
    actors: int
    sources: int

    @property
    def columnar(self) -> bytes:
        """The rows as a log would hand them out."""
        return self.rows.tobytes()

    def known_on(self, day: int) -> int:
        """The last position recorded by the end of a day (a day number)."""
        return int(np.searchsorted(self.recorded, day, "right"))


def synthetic(
    events: int,
    *,
    seed: int = 7,
    settlements: int = 10_000,
    actors: int = 12,
    sources: int = 64,
    days: int = 2_190,
    corrected: float = 0.01,
    restated: int = 0,
) -> SyntheticLog:
    """A log of *events* reports, after those that register who and where.

    With *restated* everything of control is told anew that many times afterwards, each
    time as amendments in the order of the claims, so that the log grows.
    """
    if events < 1 or settlements < 1 or actors < 1 or sources < 1 or days < 1:
        raise UsageError("a made-up log needs at least one of everything")
    rng = np.random.default_rng(seed)
    names = _registered(settlements, actors, sources)
    rows = np.zeros(events, np.dtype(DTYPE))
    recorded = np.sort(rng.integers(0, days, events)).astype(np.int32)
    late = np.where(
        rng.random(events) < 0.97,
        rng.exponential(0.5, events),
        rng.exponential(40.0, events),
    )
    weight = 1 / np.sqrt(np.arange(1, settlements + 1))
    rows["place"] = rng.choice(settlements, events, p=weight / weight.sum())
    rows["valid"] = _DAY0 + np.maximum(recorded - late.astype(np.int32), 0)
    rows["source"] = rng.integers(0, sources, events)
    rows["grade"] = rng.integers(0, 7, events) * 8 + rng.integers(0, 7, events)
    rows["published"] = np.where(rng.random(events) < 0.8, _DAY0 + recorded, NO_DAY)
    for name in ("since", "until"):
        rows[name] = NO_DAY
    control = rng.random(events) < 0.65
    rows["kind"] = np.where(control, KINDS["control-reported"], 1)
    _tell_control(rng, rows, control, actors)
    _tell_displacement(rng, rows, ~control)
    _correct(rng, rows, recorded, corrected, actors, len(names))
    rows = np.concatenate([names, rows])
    recorded = np.concatenate([np.zeros(len(names), np.int32), recorded])
    if restated:
        rows, recorded = _restate(rng, rows, recorded, restated, actors)
    return SyntheticLog(rows, recorded + np.int32(_DAY0), settlements, actors, sources)


def _registered(settlements: int, actors: int, sources: int) -> NDArray[Any]:
    rows = np.zeros(settlements + actors + sources, np.dtype(DTYPE))
    for name in ("place", "actor", "source", "other"):
        rows[name] = NOBODY
    for name in ("valid", "published", "since", "until"):
        rows[name] = NO_DAY
    rows["amount"] = -1
    done = 0
    for kind, field, count in (
        ("settlement-registered", "place", settlements),
        ("actor-registered", "actor", actors),
        ("source-registered", "source", sources),
    ):
        rows["kind"][done : done + count] = KINDS[kind]
        rows[field][done : done + count] = np.arange(count)
        done += count
    return rows


def _tell_control(
    rng: np.random.Generator, rows: NDArray[Any], told: NDArray[np.bool_], actors: int
) -> None:
    count = int(told.sum())
    contested = rng.random(count) < 0.05
    rows["status"][told] = np.where(contested, _CONTESTED, _HELD)
    rows["actor"][told] = np.where(contested, NOBODY, rng.integers(0, actors, count))
    times = np.array([1, 0, 2, 3])
    rows["time"][told] = times[rng.choice(4, count, p=[0.85, 0.05, 0.05, 0.05])]
    rows["other"][told] = NOBODY
    rows["amount"][told] = -1


def _tell_displacement(
    rng: np.random.Generator, rows: NDArray[Any], told: NDArray[np.bool_]
) -> None:
    count = int(told.sum())
    rows["status"][told] = rng.integers(0, len(MEASURES), count)
    rows["time"][told] = 1
    rows["mask"][told] = rng.integers(0, 3, count)
    rows["actor"][told] = rng.integers(0, _COUNTERS, count)
    rows["other"][told] = rng.integers(0, _AREAS, count)
    rows["amount"][told] = rng.geometric(0.002, count)


def _correct(
    rng: np.random.Generator,
    rows: NDArray[Any],
    recorded: NDArray[np.int32],
    share: float,
    actors: int,
    before: int,
) -> None:
    """Turn some rows into remarks on an earlier one, of control or itself a remark."""
    chosen = np.flatnonzero(rng.random(len(rows)) < share)
    chosen = chosen[chosen > 0]
    back = np.minimum(rng.geometric(0.001, len(chosen)), chosen)
    target = chosen - back
    remark = np.zeros(len(rows), np.bool_)
    remark[chosen] = True
    control = rows["kind"] == KINDS["control-reported"]
    latest = np.maximum.accumulate(np.where(control & ~remark, np.arange(len(rows)), 0))
    target = latest[target]
    good = control[target] & ~remark[target]
    chosen, target = chosen[good], target[good]
    way = rng.choice(4, len(chosen), p=[0.54, 0.26, 0.18, 0.02])
    # one in fifty speaks of the remark before it, whatever that is
    again = np.flatnonzero(way == 3)
    again = again[again > 0]
    target[again] = chosen[again - 1]
    rows["kind"][chosen] = np.where(
        way < 2, KINDS["report-amended"], KINDS["report-retracted"]
    )
    masks = np.array([MASK["controller"] | MASK["status"], MASK["valid_from"], 0, 0])
    rows["mask"][chosen] = masks[way]
    rows["flags"][chosen] = 0
    rows["status"][chosen] = _HELD
    rows["time"][chosen] = way < 2  # as hot records have it: only amendments have one
    rows["grade"][chosen] = 0
    who = rng.integers(0, actors, len(chosen))
    rows["actor"][chosen] = np.where(way == 0, who, NOBODY)
    moved = rows["valid"][target] + rng.integers(-20, 20, len(chosen))
    moved = np.clip(moved, _DAY0, _DAY0 + recorded[chosen] + 30)  # some in the future
    rows["valid"][chosen] = np.where(way == 1, moved, NO_DAY)
    for name in ("published", "since", "until"):
        rows[name][chosen] = NO_DAY
    rows["place"][chosen] = rows["other"][chosen] = NOBODY
    rows["source"][chosen] = 0
    rows["amount"][chosen] = before + target + 1


def _restate(
    rng: np.random.Generator,
    rows: NDArray[Any],
    recorded: NDArray[np.int32],
    times: int,
    actors: int,
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    claims = np.flatnonzero(rows["kind"] == KINDS["control-reported"])
    parts, clocks = [rows], [recorded]
    for turn in range(1, times + 1):
        again = rows[claims].copy()
        again["kind"] = KINDS["report-amended"]
        again["mask"] = MASK["controller"] | MASK["status"]
        again["status"] = _HELD
        again["actor"] = rng.integers(0, actors, len(claims))
        again["flags"], again["grade"], again["time"] = 0, 0, 1
        again["place"] = NOBODY
        again["valid"] = again["published"] = NO_DAY
        again["amount"] = claims + 1
        parts.append(again)
        clocks.append(np.full(len(claims), int(recorded[-1]) + turn, np.int32))
    return np.concatenate(parts), np.concatenate(clocks)


def _day(number: Any) -> date | None:
    return None if number == NO_DAY else FIRST_DAY + timedelta(int(number) - _DAY0)


def events_of(log: SyntheticLog) -> list[Event]:
    """The events that a made-up log stands for, for logs small enough to hold them."""
    return [event_of(n, row) for n, row in enumerate(log.rows, 1)]


_KINDS = {number: type_ for type_, number in KINDS.items()}


def event_of(position: int, row: Any) -> Event:
    """The event that the row at a position of a made-up log stands for."""
    kind = _KINDS[int(row["kind"])]
    place, actor = f"place-{row['place']}", f"actor-{row['actor']}"
    if kind == "settlement-registered":
        return SettlementRegistered(settlement=place, name=place, lat=0, lon=0)
    if kind == "actor-registered":
        return ActorRegistered(actor=actor, name=actor)
    if kind == "source-registered":
        source = f"source-{row['source']}"
        return SourceRegistered(source=source, name=source)
    common: dict[str, Any] = {
        "report_id": f"r{position}",
        "source": f"source-{row['source']}",
        "published": _day(row["published"]),
    }
    grade = int(row["grade"])
    common["reliability"] = " ABCDEF"[grade >> 3].strip() or None
    common["credibility"] = grade & 7 or None
    controller = None if row["actor"] == NOBODY else actor
    if kind == "control-reported":
        return ControlReported(
            **common,
            settlement=place,
            controller=controller,
            status=STATUSES[row["status"]],
            valid_from=_day(row["valid"]),  # type: ignore[arg-type]
            time_of_day=TIMES_OF_DAY[row["time"]],
        )
    if kind == "displacement-reported":
        return DisplacementReported(
            **common,
            measure=MEASURES[row["status"]],
            category=CATEGORIES[row["mask"]],
            settlement=place,
            counter=f"counter-{row['actor']}",
            area=f"area-{row['other']}",
            persons=int(row["amount"]),
            valid_on=_day(row["valid"]),
        )
    about = f"r{row['amount']}"
    if kind == "report-retracted":
        return ReportRetracted(**common, report=about)
    changes: dict[str, Any] = {}
    if row["mask"] & MASK["controller"]:
        changes = {"controller": controller, "status": STATUSES[row["status"]]}
    if row["mask"] & MASK["valid_from"]:
        changes["valid_from"] = _day(row["valid"])
    return ReportAmended(**common, report=about, changes=tuple(changes.items()))
