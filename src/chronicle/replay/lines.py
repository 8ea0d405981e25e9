"""The lines of an outline from columns: what a lens says, without reading a report.

The twin of `domain.outline.outline_of`. Columns say who decides, since when, with what
grade, and whether a report of the same day says otherwise; of the deciding reports only
the ids are read. What a link may dispute is left to the plain lens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import STATUSES
from chronicle.domain.lenses import CREDIBILITY_ORDER, RELIABILITY_ORDER
from chronicle.domain.outline import Line
from chronicle.replay.choosing import Decided
from chronicle.replay.columns import Int32, UInt8
from chronicle.replay.index import Rows
from chronicle.replay.ledger import day_of
from chronicle.replay.lenses import (
    ColumnLens,
    ballots,
    doubtful,
    grade_ranks,
    spans_of,
)
from chronicle.store.columnar import NOBODY

__all__ = ["Drawing", "Part"]

_CONTESTED = STATUSES.index("contested")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is so of some settlements; `position` and `source` are of deciding reports.

    `count` says how many of these belong to each settlement, in order.
    """

    place: Int32
    actor: Int32
    status: UInt8
    since: Int32
    disputed: NDArray[np.bool_]
    rank: NDArray[np.int64]
    count: Rows
    position: Int32
    source: Int32


class Drawing:
    """Takes from `candidates` what decides, and makes lines of it."""

    def __init__(self, lens: ColumnLens, grades: UInt8 | None) -> None:
        self._lens = lens
        self._grades = grades
        self.parts: list[Part] = []

    def take(self, decided: Decided, done: NDArray[np.bool_]) -> None:
        """Keep what decides of the settlements that are *done*."""
        there = done[decided.group]
        reports, group = decided.reports, decided.group[there]
        chosen = decided.chosen[there]
        if not len(chosen):
            return
        first = decided.line[decided.first[there]]
        rows, number = spans_of(decided.first[there], decided.last[there])
        rows = decided.line[rows]
        said = reports.said[chosen]
        actor, status = reports.side_actor[said], reports.side_status[said]
        since = reports.valid[first]
        if self._lens.rule == "majority":
            rows, number = ballots(reports, decided.ends[group])
            with_it = reports.said[rows] == said[number]
            rows, number = rows[with_it], number[with_it]
        elif self._lens.rule == "cautious":
            unsure = doubtful(reports, chosen, self._lens.days)
            actor = np.where(unsure, np.int32(NOBODY), actor)
            status = np.where(unsure, np.uint8(_CONTESTED), status)
            since = np.where(unsure, reports.valid[chosen], since)
            alone = ~unsure[number] | (rows == chosen[number])
            rows, number = rows[alone], number[alone]
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        rank = grade_ranks(reports.take(rows), self._grades)
        self.parts.append(
            Part(
                reports.place[chosen],
                actor,
                status,
                since,
                _contradicted(decided, chosen, group),
                np.minimum.reduceat(rank, starts),
                np.bincount(number, minlength=len(chosen)),
                reports.position[rows],
                reports.source[rows],
            )
        )

    @property
    def deciding(self) -> Int32:
        """The positions of all deciding reports, which increase."""
        told = [part.position for part in self.parts]
        return np.unique(np.concatenate([np.empty(0, np.int32), *told]))

    def places_of(self, positions: Int32) -> set[int]:
        """The codes of the settlements for which reports at *positions* decide."""
        found: set[int] = set()
        for part in self.parts:
            place = np.repeat(part.place, part.count)
            found.update(place[np.isin(part.position, positions)].tolist())
        return found

    def lines(
        self,
        report: Mapping[int, str],
        settlements: list[str],
        actors: list[str],
        sources: list[str],
        last: Mapping[str, date],
    ) -> Iterator[tuple[str, Line]]:
        """A line for each settlement of which anything decides.

        *report* has the ids of reports by position, the lists the ids by code, *last*
        the day of which anybody spoke.
        """
        days: dict[int, date] = {}
        for part in self.parts:
            positions = iter(part.position.tolist())
            told_by = iter(part.source.tolist())
            for place, actor, status, since, disputed, rank, count in zip(
                *(
                    column.tolist()
                    for column in (
                        part.place,
                        part.actor,
                        part.status,
                        part.since,
                        part.disputed,
                        part.rank,
                        part.count,
                    )
                ),
                strict=True,
            ):
                day = days.get(since)
                if day is None:
                    day = days[since] = day_of(since)
                id_ = settlements[place]
                yield (
                    id_,
                    Line(
                        None if actor == NOBODY else actors[actor],
                        STATUSES[status],
                        day,
                        tuple(map(report.__getitem__, islice(positions, count))),
                        _GRADES[rank],
                        tuple(
                            sources[code]
                            for code in dict.fromkeys(islice(told_by, count))
                        ),
                        disputed,
                        last.get(id_),
                    ),
                )


_GRADES = {
    at * 8 + rank: f"{letter}{credibility}"
    for at, credibility in enumerate(CREDIBILITY_ORDER)
    for rank, letter in enumerate(RELIABILITY_ORDER)
}


def _contradicted(decided: Decided, chosen: Rows, group: Rows) -> NDArray[np.bool_]:
    """Whether another source says otherwise of the deciding report's day and time."""
    reports = decided.reports
    begins = np.append(0, decided.ends[:-1] + 1)[group]
    rows, number = spans_of(begins, decided.ends[group])
    mine = chosen[number]
    against = reports.valid[rows] == reports.valid[mine]
    against &= reports.time[rows] == reports.time[mine]
    against &= reports.said[rows] != reports.said[mine]
    against &= reports.source[rows] != reports.source[mine]
    against &= ~reports.baseline[rows]
    found: NDArray[np.bool_] = np.bincount(number[against], minlength=len(chosen)) > 0
    return found
