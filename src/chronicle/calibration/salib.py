"""Which parameters an outcome depends on: Morris screening, then Sobol total indices.

Both are SALib's (extra `calibrate`). Parameters are taken for independent and uniform
over their ranges, or uniform in their logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import MissingExtra, UsageError

__all__ = ["Effects", "Indices", "Range", "effects", "indices", "need_salib"]

Floats = NDArray[np.float64]
Outcome = Callable[[Floats], Floats]
"""From parameters (N, D), one column a range, to the outcome of each row (N)."""

LEVELS = 4  # of the grid of a screening; Morris 1991 and Campolongo et al. 2007
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Where a parameter may lie."""

    name: str
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"

    def __post_init__(self) -> None:
        finite = math.isfinite(self.low) and math.isfinite(self.high)
        if not (finite and self.low < self.high):
            raise UsageError(f"{self.name}: no range from {self.low} to {self.high}")
        if self.scale == "log" and self.low <= 0:
            raise UsageError(f"{self.name}: {self.low} has no logarithm")

    def values(self, shares: Floats) -> Floats:
        """From [0, 1] to the range."""
        if self.scale == "log":
            low, high = math.log(self.low), math.log(self.high)
            return np.clip(np.exp(low + shares * (high - low)), self.low, self.high)
        return np.clip(self.low + shares * (self.high - self.low), self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Effects:
    """How far the outcome moves when a parameter crosses its range (D).

    `size` is Morris' mu*, the mean of the absolute elementary effects, `half_width` of
    its bootstrap interval at 95 %; `spread` is sigma, large where the effect depends on
    the other parameters. All are in units of the outcome.
    """

    names: tuple[str, ...]
    size: Floats
    half_width: Floats
    spread: Floats
    evaluations: int

    @property
    def order(self) -> list[int]:
        """The parameters, the greatest effect first; ties as they were given."""
        return [int(at) for at in np.argsort(-self.size, kind="stable")]


@dataclass(frozen=True, kw_only=True)
class Indices:
    """Shares of the variance of the outcome (D): by a parameter alone, and in all.

    `first` is what would go if the parameter were known, `total` what would stay if all
    others were; totals add up to more than 1 where parameters interact. Estimates may
    lie a little outside [0, 1]; half-widths are of bootstrap intervals at 95 %. All NaN
    where the outcome never varies.
    """

    names: tuple[str, ...]
    first: Floats
    first_half_width: Floats
    total: Floats
    total_half_width: Floats
    mean: float
    deviation: float
    evaluations: int


def need_salib() -> None:
    """Refuse with the command that installs it."""
    from importlib.util import find_spec

    if find_spec("SALib") is None:
        raise MissingExtra("sensitivity needs SALib", "calibrate")


def effects(
    outcome: Outcome, ranges: Sequence[Range], *, trajectories: int = 10, seed: int = 0
) -> Effects:
    """Screen *ranges* by the method of Morris, with the mu* of Campolongo et al. 2007.

    Takes *trajectories* times (D + 1) evaluations, all in one call of *outcome*.
    """
    if trajectories < 2:
        raise UsageError(f"{trajectories} trajectories: at least 2")
    names = _names(ranges)
    need_salib()
    from SALib.analyze import morris
    from SALib.sample.morris import sample

    problem = _problem(ranges)
    shares = sample(problem, trajectories, num_levels=LEVELS, seed=_seed(seed))
    found = morris.analyze(
        problem,
        shares,
        _checked(outcome, ranges, shares),
        num_levels=LEVELS,
        conf_level=LEVEL,
        seed=_seed(seed),
    )
    return Effects(
        names=names,
        size=_plain(found["mu_star"]),
        half_width=_plain(found["mu_star_conf"]),
        spread=_plain(found["sigma"]),
        evaluations=len(shares),
    )


def indices(
    outcome: Outcome, ranges: Sequence[Range], *, samples: int = 128, seed: int = 0
) -> Indices:
    """First and total Sobol indices by Saltelli's scheme (Saltelli et al. 2010).

    Takes *samples* times (D + 2) evaluations, all in one call of *outcome*; *samples*
    is a power of two, as the scrambled Sobol sequence is balanced only then.
    """
    if samples < 2 or samples & (samples - 1):
        raise UsageError(f"{samples} samples: must be a power of two, such as 128")
    names = _names(ranges)
    need_salib()
    from SALib.analyze import sobol
    from SALib.sample.sobol import sample

    problem = _problem(ranges)
    shares = sample(problem, samples, calc_second_order=False, seed=_seed(seed))
    values = _checked(outcome, ranges, shares)
    told: dict[str, Any] = {
        "names": names,
        "mean": float(values.mean()),
        "deviation": float(values.std()),
        "evaluations": len(shares),
    }
    if np.ptp(values) == 0:  # SALib would divide by the deviation
        unknown = np.full(len(names), np.nan)
        return Indices(
            first=unknown,
            first_half_width=unknown,
            total=unknown,
            total_half_width=unknown,
            **told,
        )
    found = sobol.analyze(
        problem, values, calc_second_order=False, conf_level=LEVEL, seed=_seed(seed)
    )
    return Indices(
        first=_plain(found["S1"]),
        first_half_width=_plain(found["S1_conf"]),
        total=_plain(found["ST"]),
        total_half_width=_plain(found["ST_conf"]),
        **told,
    )


def _names(ranges: Sequence[Range]) -> tuple[str, ...]:
    names = tuple(one.name for one in ranges)
    if not names or len(set(names)) != len(names):
        raise UsageError(f"ranges of different parameters are wanted, not {names}")
    return names


def _problem(ranges: Sequence[Range]) -> dict[str, object]:
    """SALib sees shares of the ranges only, so that logarithms are ours."""
    names = [one.name for one in ranges]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _seed(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _checked(outcome: Outcome, ranges: Sequence[Range], shares: Floats) -> Floats:
    columns = [one.values(shares[:, at]) for at, one in enumerate(ranges)]
    values = np.asarray(outcome(np.stack(columns, axis=1)), dtype=np.float64)
    if values.shape != (len(shares),) or not np.isfinite(values).all():
        raise UsageError(
            f"an outcome wants one finite number for each of {len(shares)} rows"
        )
    return values


def _plain(values: Any) -> Floats:
    return np.asarray(np.ma.filled(values, np.nan), dtype=np.float64)
