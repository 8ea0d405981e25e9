"""What anybody would say of displaced people without a model, from published figures.

*No change*: as many as were last counted in the area by the branch. *Trend*: that the
counts of the last days go on. A sum of stocks is never made, as they may count the same
people (`chronicle.domain.displacement`): only a figure of the very area or settlement
speaks of it. Where there is none, nobody is known to be displaced there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from chronicle.domain.displacement import place_of
from chronicle.domain.events import DisplacementReported
from chronicle.domain.timeline import EffectiveClaim, order

__all__ = ["CATEGORY", "TREND_DAYS", "KnownStock", "known_stock"]

CATEGORY = "displaced"
TREND_DAYS = 14
"""A trend is read from the counts of so many days up to the last one."""

_FLOWS = ("newly displaced", "displaced, new and again")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStock:
    """Displaced people of an area as published by the branch, and their daily change.

    `counted` is the day of the last stock, None where nobody counted. `per_day` is from
    the first to the last stock of the last `TREND_DAYS` of its counter, else that of
    the last flow into the area, else None: there is no trend.
    """

    counted: date | None
    persons: int
    per_day: float | None

    def trend(self, branch: date, day: date) -> float:
        """The stock on *day* if the change goes on; never below 0."""
        days = (day - (self.counted or branch)).days
        return max(0.0, self.persons + (self.per_day or 0.0) * days)


def known_stock(
    reports: Iterable[EffectiveClaim], area: str, branch: date
) -> KnownStock:
    """What *reports*, those published by the branch, say of *area* up to that day.

    *area* is a P-code or a settlement, as the figures have it.
    """
    told = [
        one.claim
        for one in sorted(reports, key=order)
        if isinstance(one.claim, DisplacementReported)
        and one.claim.since_day <= branch
        and one.claim.persons is not None
        and place_of(one.claim) == area
    ]
    stocks = [f for f in told if (f.measure, f.category) == ("stock", CATEGORY)]
    if not stocks:
        return KnownStock(counted=None, persons=0, per_day=_flow(told))
    last = stocks[-1]
    days = {
        f.since_day: f.persons or 0
        for f in stocks
        if f.counter == last.counter
        and (last.since_day - f.since_day).days <= TREND_DAYS
    }
    first, end = min(days), max(days)
    per_day = (days[end] - days[first]) / (end - first).days if first < end else None
    return KnownStock(
        counted=last.since_day,
        persons=last.persons or 0,
        per_day=_flow(told) if per_day is None else per_day,
    )


def _flow(told: Iterable[DisplacementReported]) -> float | None:
    """People a day in the last flow that has a span; None where there is none."""
    rate = None
    for figure in told:
        if figure.measure != "flow" or figure.category not in _FLOWS:
            continue
        if figure.since is not None and figure.until is not None:
            rate = (figure.persons or 0) / max((figure.until - figure.since).days, 1)
    return rate
