"""The forecast that a run publishes: a pool of the mechanism with simple forecasts.

The mechanism is one member, and what interventions act on; the others are the reference
forecasts, fitted on what had been published by the branch, and a hazard that recent
falls excite, whose coefficients were fitted over the league as the weights were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import ControlReported
from chronicle.domain.state import State
from chronicle.domain.timeline import RecordedEvent
from chronicle.experiments.arms import Arm, ForecastTask
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.start import attackers_of, defenders_of
from chronicle.verification.distance_hazard import distance_hazard
from chronicle.verification.distances import Reach, Roads, by_road
from chronicle.verification.observed import past_of, roads_of
from chronicle.verification.outcomes import Forecast
from chronicle.verification.pools import (
    MECHANISM,
    LeagueRecord,
    SettingsPool,
    Weights,
    pooled,
    pooled_chances,
    shipped_pool,
)
from chronicle.verification.reference_forecasts import Past, reference_forecasts
from chronicle.verification.self_exciting import (
    SELF_EXCITING,
    Exposure,
    exposure_of,
    self_exciting,
)

__all__ = ["Published", "published_of", "settings_of", "weight_told"]

FIXED = "fixed"
ALONE = SettingsPool(
    weights=Weights(members={MECHANISM: 1.0}),
    without=(),
    league=LeagueRecord(regimes=()),
)
"""With fixed parameters a run is a thought experiment: its mechanism stands alone."""

MOST_REPLICAS = 1000  # of the reference that has to be simulated, and of the pool
_WORDS = (
    (0.02, "next to nothing"),
    (0.1, "little"),
    (0.3, "something"),
    (0.6, "about as much as all others"),
    (1.01, "most of what is known"),
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """The pool of a run, its members, and the past that the simple ones are fitted on.

    `settings` says how the mechanism's parameters were drawn, `pool` how forecasts of
    such settings did over the league. `references` are in the order of the list in
    `chronicle.verification.reference_forecasts`.
    """

    mechanism: Forecast
    references: tuple[Forecast, ...]
    past: Past
    roads: Roads
    reach: Reach
    exposure: Exposure
    settings: str
    pool: SettingsPool
    weights: Weights
    horizon_days: int
    replicas: int
    seed: int

    @property
    def alone(self) -> bool:
        """Whether the mechanism stands alone, as its parameters are fixed."""
        return self.settings == FIXED

    @cached_property
    def members(self) -> tuple[Forecast, ...]:
        """The mechanism first, the hazard of the league last, if it has a weight."""
        found = (replace(self.mechanism, name=MECHANISM), *self.references)
        if SELF_EXCITING not in self.weights.members:
            return found
        excited = self_exciting(self.exposure, self.horizon_days, self.weights.hazard)
        return (*found, excited)

    @cached_property
    def exact(self) -> Forecast:
        """The pool as chances by day."""
        return pooled_chances(self.members, self.weights, self.horizon_days)

    @cached_property
    def sampled(self) -> Forecast:
        """The pool as replicas, in which places fall together."""
        return pooled(
            self.members,
            self.weights,
            self.horizon_days,
            replicas=self.replicas,
            seed=self.seed,
        )

    @property
    def samples(self) -> NDArray[np.float64]:
        """`sampled`, as days (R, P)."""
        assert self.sampled.samples is not None
        return self.sampled.samples

    @property
    def chances(self) -> NDArray[np.float64]:
        """`exact`, as chances (P, days + 1)."""
        assert self.exact.chances is not None
        return self.exact.chances

    @cached_property
    def front_km(self) -> NDArray[np.float64]:
        """How far by road each place at risk (P) is from one that an attacker holds."""
        km: NDArray[np.float64] = self.reach(self.past.hostile[-1])[self.past.at_risk]
        return km

    def fell_before(self, days: int) -> int:
        """How many places fell, as published, in the last *days* before the branch."""
        return int(self.past.flips[-days:].sum()) if days else 0

    def limits(self) -> str:
        """What the record cannot tell, in a sentence without its full stop."""
        late, before = self.fell_before(7), self.fell_before(14)
        if not len(self.past.flips):
            return "the record begins on the branch day: nothing of it says how fast"
        if not before:
            return (
                "no place fell in the 14 days before the branch, as published by then: "
                "whether an attack is about to begin, the record cannot tell"
            )
        times = "place" if before == 1 else "places"
        return (
            f"{before} {times} fell in the 14 days before the branch, {late} of them "
            "in the last 7: whether that goes on, stops or grows, the record "
            "cannot tell"
        )


def settings_of(scenario: Scenario) -> str:
    """How the parameters of the mechanism are drawn: *fixed*, *prior* or *fitted*."""
    if scenario.posterior is not None:
        return "fitted"
    return FIXED if scenario.draw == FIXED else "prior"


def weight_told(published: Published) -> str:
    """The mechanism's weight in words, without a full stop."""
    share = published.weights.mechanism
    told = next(words for most, words in _WORDS if share < most)
    return (
        f"the mechanism has {share:.1%} of the pool's weight: of what will happen it "
        f"knows {told}"
    )


def published_of(
    arm: Arm,
    question: ForecastTask,
    scenario: Scenario,
    start: State,
    events: Sequence[RecordedEvent],
    *,
    pool: SettingsPool | None = None,
    fold: str | None = None,
    alone: bool = False,
) -> tuple[Published | None, str]:
    """The pool of *arm* with the reference forecasts, or None and why there is none.

    *pool* is by default the shipped one for how the scenario draws its parameters;
    with a *fold* of its league the weights are those that know nothing of it. Where
    parameters are fixed, or with *alone*, the mechanism has all the weight. There
    is no pool for a branch with hindsight, because what was known when is then unknown,
    and where nothing is at risk.
    """
    if not question.rows:
        return None, "no settlement is at risk"
    if scenario.hindsight:
        return None, "the branch has hindsight; published_by on its day takes it away"
    defenders = defenders_of(scenario)
    past = past_of(
        events,
        since=_first_day(events, scenario.branch_at),
        branch=scenario.branch_at,
        defenders=defenders,
        attackers=attackers_of(scenario),
        published_by=scenario.published_by,
        known_at=start.position,
        lens=scenario.lens,
    )
    roads = roads_of(start)
    reach = by_road(roads)
    replicas = min(scenario.replicas, MOST_REPLICAS)
    simple = reference_forecasts(
        past,
        roads,
        reach,
        scenario.horizon_days,
        replicas=replicas,
        seed=scenario.seed,
    )
    settings = FIXED if alone else settings_of(scenario)
    if settings == FIXED:
        pool = ALONE
    elif pool is None:
        pool = shipped_pool().of(settings)
    return Published(
        mechanism=arm.forecast(question),
        references=(
            *simple,
            distance_hazard(past, reach, scenario.horizon_days),
        ),
        past=past,
        roads=roads,
        reach=reach,
        exposure=exposure_of(past, roads, reach),
        settings=settings,
        pool=pool,
        weights=pool.leaving_out(fold),
        horizon_days=scenario.horizon_days,
        replicas=MOST_REPLICAS,
        seed=scenario.seed,
    ), ""


def _first_day(events: Sequence[RecordedEvent], branch: date) -> date:
    days = [r.event.valid_from for r in events if isinstance(r.event, ControlReported)]
    return min([day for day in days if day < branch], default=branch)
