"""How late a record reports that places change hands, and what its silence says.

A place of which nobody said that it fell has stood: weeks of reports that say nothing
of it are evidence. How strong it is depends on how late changes are published, and
this is fitted on the changes that the record has published: their lag is the day of
publication less the day of the change. Lags are truncated on the right, as what
happened d days ago can have been published with a lag of d days at most; the estimate
is the product limit in reversed time (Kalbfleisch and Lawless 1989, JASA 84:360-372).

A source that restates what was so each day reports changes with the lag that its
restatements have, and a list of changes with that of its entries: two forms of one
truth have one distribution, and give one forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chronicle.domain.events import ControlReported
from chronicle.domain.state import State
from chronicle.domain.timeline import EffectiveClaim

__all__ = ["LONGEST_LAG", "Reporting", "reporting_of"]

LONGEST_LAG = 14
"""Days; what is later is no news but history, and says nothing of how late news is."""

PRIOR_CHANGES = 2.0
"""So many changes weigh the assumption, a mean lag of one day, that data replace."""

SURE = 0.9
"""The share of changes that must have been published for silence to be believed."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """How changes are reported: *published[d]* is the share out within d days.

    *heard* is the last day on which, as far as is known, anybody published anything;
    *changes* is how many lags the distribution is fitted on.
    """

    published: tuple[float, ...]
    heard: date
    changes: int

    @property
    def silence_days(self) -> int:
        """After so many days without a word, a place of `SURE` chance stands."""
        late = (d for d, share in enumerate(self.published) if share >= SURE)
        return next(late, LONGEST_LAG)

    @property
    def stood_until(self) -> date:
        """The last day at whose end silence says that what had stood still did."""
        return self.heard - timedelta(self.silence_days)

    def share(self, days: int) -> float:
        """The share of changes that are published within *days* days of them."""
        if days < 0:
            return 0.0
        return self.published[min(days, len(self.published) - 1)]


def reporting_of(state: State) -> Reporting:
    """How the record that *state* was folded from reports changes, as it knew by then.

    Baselines and reports without a day of publication say nothing of lags. Where none
    has such a day, the last day that any report speaks of is the last one heard.
    """
    told = state.on
    if state.published_by is not None:
        told = min(told, state.published_by)
    lags: list[tuple[int, int]] = []
    published: list[date] = []
    spoken: list[date] = []
    for reports in state.heard.control.values():
        for claim in _claims(reports):
            spoken.append(claim.since_day)
            if claim.published is not None:
                published.append(claim.published)
        lags += _lags(reports, told)
    days = published or spoken
    heard = min(max(days), told) if days else told
    return Reporting(_distribution(lags), heard, len(lags))


def _claims(reports: Iterable[EffectiveClaim]) -> list[ControlReported]:
    return [r.claim for r in reports if isinstance(r.claim, ControlReported)]


def _lags(reports: Sequence[EffectiveClaim], told: date) -> list[tuple[int, int]]:
    """The lag of each change of one place, and the longest that could be known."""
    found = []
    before: tuple[str | None, str] | None = None
    for claim in _claims(reports):
        side = claim.controller, claim.status
        changed, before = before is not None and side != before, side
        if not changed or claim.baseline or claim.published is None:
            continue
        lag = max(0, (claim.published - claim.since_day).days)
        most = (told - claim.since_day).days
        if lag <= min(most, LONGEST_LAG):
            found.append((lag, min(most, LONGEST_LAG)))
    return found


def _distribution(lags: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """The share published within 0, 1, … `LONGEST_LAG` days, given that it ever is.

    The prior counts as `PRIOR_CHANGES` changes whose lag is geometric with mean 1.
    """
    share = [1.0] * (LONGEST_LAG + 1)
    for day in range(LONGEST_LAG, 0, -1):
        at = PRIOR_CHANGES * 0.5 ** (day + 1)
        upto = PRIOR_CHANGES * (1.0 - 0.5 ** (day + 1))
        at += sum(lag == day for lag, _ in lags)
        upto += sum(lag <= day <= most for lag, most in lags)
        share[day - 1] = share[day] * (1.0 - at / upto)
    return tuple(share)
