"""A linear pool of forecasts, recalibrated: what is published.

The pool's distribution is the mean of its members' with weights that were trained over
many cases (Stone 1961; Allen et al. 2024, arXiv 2411.16246, train them by the CRPS,
which is a convex quadratic programme), passed through a beta distribution (Ranjan and
Gneiting 2010, "Combining probability forecasts", JRSS B 72:71-91), because a linear
pool of calibrated forecasts is not calibrated. Weights come from a file, never from
the case at hand alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from chronicle.errors import InputError, UsageError
from chronicle.simulation.random_streams import stream_key, uniform_array
from chronicle.verification.chance import POOL
from chronicle.verification.outcomes import NEVER, Forecast, entities_of
from chronicle.verification.reference_forecasts import draw
from chronicle.verification.self_exciting import SELF_EXCITING, TERMS, draw_together

__all__ = [
    "FORMAT",
    "MECHANISM",
    "FoldWeights",
    "LeagueRecord",
    "Pool",
    "RegimeRecord",
    "SettingsPool",
    "Weights",
    "pool_bytes",
    "pool_file",
    "pooled",
    "pooled_chances",
    "read_pool",
    "shipped_pool",
]

Floats = NDArray[np.float64]

MECHANISM = "mechanism"
"""What the simulated member is called in a pool."""

FORMAT = 2
"""Of a pool's file; 1 knew no self-exciting hazard."""

_FILE = "pool.json"


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The members' weights, which sum to 1, and what was trained with them.

    `beta` are the parameters of the beta distribution, `hazard` the coefficients of the
    self-exciting hazard, by term.
    """

    members: dict[str, float]
    beta: tuple[float, float] = (1.0, 1.0)
    hazard: dict[str, float] = {}

    @property
    def mechanism(self) -> float:
        """The weight of the mechanism."""
        return self.members.get(MECHANISM, 0.0)

    def checked(self, where: str) -> Weights:
        """Itself; raises `InputError` unless it is a mean, recalibrated."""
        given = list(self.members.values())
        if not given or min(given) < 0 or abs(sum(given) - 1.0) > 1e-6:
            raise InputError(f"{where}: weights are 0 or more and sum to 1")
        if not all(0.05 <= one <= 20 for one in self.beta):
            raise InputError(f"{where}: beta: two numbers from 0.05 to 20 are wanted")
        if not all(n in TERMS and 0 <= c <= 1e3 for n, c in self.hazard.items()):
            raise InputError(
                f"{where}: hazard: numbers of 0 or more are wanted, by "
                f"{', '.join(TERMS)}"
            )
        return self


class FoldWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weights without one fold, for forecasts of its cases."""

    fold: str
    weights: Weights


class RegimeRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the pool did over the branch days of one kind, each fold left out in turn.

    CRPS in days, means over branch days; `coverage_90` of places, `count_90` of the
    count of falls.
    """

    regime: str
    days: int
    fronts: int
    crps: float
    mechanism: float
    references: dict[str, float]
    said: float
    seen: int
    coverage_90: float
    count_90: float


class LeagueRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the same settings did over the league."""

    regimes: tuple[RegimeRecord, ...]

    def regime(self, name: str) -> RegimeRecord | None:
        """That of *every*, *static* or *moving* branch days."""
        return next((one for one in self.regimes if one.regime == name), None)


class SettingsPool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weights for a mechanism whose parameters are drawn in one way.

    `drawn` is how they were drawn over the league: *prior* or *fitted*.
    """

    weights: Weights
    without: tuple[FoldWeights, ...]
    league: LeagueRecord
    drawn: str = "prior"

    def leaving_out(self, fold: str | None) -> Weights:
        """The weights that know nothing of *fold*; those of all without one."""
        for one in self.without:
            if one.fold == fold:
                return one.weights
        return self.weights


class Pool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pool's file: what it was trained on, and weights by how parameters are drawn.

    `settings` has `prior` and may have `fitted`, for a mechanism with a posterior.
    """

    format: int
    league: str
    branch_days: int
    replicas: int
    seed: int
    chronicle: str
    settings: dict[str, SettingsPool]

    def of(self, settings: str) -> SettingsPool:
        """The weights for those settings, or for the prior, if it has none of them."""
        return self.settings.get(settings) or self.settings["prior"]


def read_pool(content: bytes, where: str) -> Pool:
    """The pool of a file's *content*. Raises `InputError` for what is no pool."""
    try:
        found = msgspec.json.decode(content, type=Pool)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise InputError(
            f"{where}: {str(wrong)[:200]}; chronicle train makes a pool"
        ) from None
    if found.format != FORMAT or "prior" not in found.settings:
        raise InputError(
            f"{where}: no pool of format {FORMAT} with settings for the prior; "
            "chronicle train makes one"
        )
    for name, one in found.settings.items():
        one.weights.checked(f"{where}: {name}")
        for fold in one.without:
            fold.weights.checked(f"{where}: {name} without {fold.fold}")
    return found


def pool_file() -> Path:
    """Where the pool that comes with the code lies."""
    return Path(__file__).with_name(_FILE)


def pool_bytes(pool: Pool) -> bytes:
    """The content of a pool's file: the same pool, the same bytes."""
    return msgspec.json.format(msgspec.json.encode(pool, order="sorted")) + b"\n"


@cache
def shipped_pool() -> Pool:
    """The pool that comes with the code."""
    return read_pool(pool_file().read_bytes(), _FILE)


def pooled_chances(
    members: Sequence[Forecast], weights: Weights, horizon: float
) -> Forecast:
    """The pool of *members*, exact.

    Members without a weight do not count. Raises `UsageError` where one with a weight
    is missing, or for members of other settlements.
    """
    named = _named(members, weights)
    mean = sum(
        share * named[name].by_day(horizon)
        for name, share in weights.members.items()
        if share > 0
    )
    chances: Floats = np.clip(np.asarray(mean, dtype=np.float64), 0.0, 1.0)
    if weights.beta != (1.0, 1.0):
        chances = np.asarray(betainc(*weights.beta, chances), dtype=np.float64)
    return Forecast(
        name="published",
        settlements=members[0].settlements,
        chances=chances,
        parameters=weights.members,
    )


def pooled(
    members: Sequence[Forecast],
    weights: Weights,
    horizon: float,
    *,
    replicas: int = 1000,
    seed: int = 0,
) -> Forecast:
    """Samples of the pool, in which places fall together as they do in its members.

    Each member gives the share of the replicas that is its weight. The days of each
    place are then replaced, rank by rank, by the quantiles of the pool's exact
    distribution: ensemble copula coupling (Schefzik, Thorarinsdottir and Gneiting 2013,
    Statistical Science 28:616-640). Ties, of *never* above all, are broken by draws
    keyed by replica and settlement.
    """
    named = _named(members, weights)
    exact = pooled_chances(members, weights, horizon)
    parts = []
    for name, count in _quotas(weights.members, replicas).items():
        if not count:
            continue
        forecast = named[name]
        if forecast.samples is None:
            drawn = draw_together if name == SELF_EXCITING else draw
            forecast = drawn(forecast, horizon, count, seed)
        assert forecast.samples is not None
        # Spread evenly over the replicas there are, again from the start if too few.
        at = np.arange(count) * max(len(forecast.samples) / count, 1.0)
        rows = at.astype(np.int64) % len(forecast.samples)
        parts.append(forecast.samples[rows])
    raw = np.concatenate(parts)
    entities = entities_of(exact.settlements)
    ties = np.stack(
        [uniform_array(stream_key(seed, n, POOL), entities) for n in range(len(raw))]
    )
    assert exact.chances is not None
    samples = np.empty_like(raw)
    shares = (np.arange(len(raw)) + 0.5) / len(raw)
    for place in range(raw.shape[1]):
        order = np.lexsort((ties[:, place], raw[:, place]))
        day = np.searchsorted(exact.chances[place], shares).astype(np.float64)
        day[day >= exact.chances.shape[1]] = NEVER
        samples[order, place] = day
    return Forecast(
        name=exact.name,
        settlements=exact.settlements,
        samples=samples,
        parameters=weights.members,
    )


def _named(members: Sequence[Forecast], weights: Weights) -> dict[str, Forecast]:
    if not members:
        raise UsageError("a pool wants members")
    named = {one.name: one for one in members}
    missing = [
        n for n, share in weights.members.items() if share > 0 and n not in named
    ]
    if missing:
        raise UsageError(f"no member {missing[0]!r}; there are {', '.join(named)}")
    if any(one.settlements != members[0].settlements for one in members):
        raise UsageError("the members of a pool are of the same settlements, in order")
    return named


def _quotas(weights: Mapping[str, float], replicas: int) -> dict[str, int]:
    """Whole numbers that sum to *replicas*, by the largest remainders."""
    exact = {name: share * replicas for name, share in weights.items()}
    found = {name: int(value) for name, value in exact.items()}
    left = replicas - sum(found.values())
    order = sorted(exact, key=lambda name: found[name] - exact[name])
    for name in order[:left]:
        found[name] += 1
    return found
