"""Posterior predictive checks: does what was accepted make what was seen?

A fit to data that the model cannot make is sure of itself and wrong. Counted are the
falls of the last days of the window, which say most of those to come, and of all of it;
a count is inside where nine tenths of the accepted simulations, and of the whole bank,
have it between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.calibration.simulations import LAST_DAYS
from chronicle.verification.intervals import order_statistics

__all__ = ["Check", "bound_of", "checks_of"]

ON_A_BOUND = 0.03
"""Half a posterior within this share of its prior's range lies on its end."""


@dataclass(frozen=True, slots=True)
class Check:
    """A count of *seen* falls, and where the accepted simulations and the bank lie.

    *accepted* are the 5, 50 and 95 % of those accepted; *reached* is whether any
    simulation of the bank is as far out as what was seen.
    """

    what: str
    seen: int
    accepted: tuple[int, int, int]
    reached: bool

    @property
    def inside(self) -> bool:
        """Whether what was seen is among nine tenths of what was accepted."""
        return self.accepted[0] <= self.seen <= self.accepted[2]

    @property
    def sentence(self) -> str:
        """The check in words."""
        low, middle, high = self.accepted
        verdict = "inside" if self.inside else "OUTSIDE"
        return (
            f"predictive check, {self.what}: {self.seen} seen, {middle} in the middle "
            f"of the accepted simulations, {low} to {high} in 90 % of them: {verdict}"
        )

    @property
    def warning(self) -> str:
        """What is wrong; "" for nothing."""
        if not self.reached:
            return f"{self.what}: no simulation of the bank has as many as {self.seen}"
        if not self.inside:
            low, _, high = self.accepted
            return (
                f"{self.what}: {self.seen} were seen, {low} to {high} are in 90 % of "
                "the accepted simulations: forecasts will be as far off"
            )
        return ""


def checks_of(
    daily: NDArray[np.int64], accepted: NDArray[np.int64], bank: NDArray[np.int64]
) -> tuple[Check, ...]:
    """The checks of falls by day: seen (D), in accepted (A, D), in the bank (R, D)."""
    days = len(daily)
    last = min(LAST_DAYS, days)
    found = []
    for what, chosen in (
        (f"falls of the last {last} days", slice(days - last, days)),
        (f"falls of all {days} days", slice(0, days)),
    ):
        seen = int(daily[chosen].sum())
        near, every = (x[:, chosen].sum(axis=1) for x in (accepted, bank))
        low, middle, high = order_statistics(near[:, None], (0.05, 0.5, 0.95)).ravel()
        reached = bool(every.min() <= seen <= every.max())
        found.append(Check(what, seen, (int(low), int(middle), int(high)), reached))
    return tuple(found[: 1 if days == last else 2])


def bound_of(shares: NDArray[np.float64]) -> str:
    """ "low" or "high" where half a posterior sits on an end of its range; else "".

    *shares* are its 5, 50 and 95 % as shares of the range.
    """
    if shares[1] < ON_A_BOUND:
        return "low"
    return "high" if shares[1] > 1.0 - ON_A_BOUND else ""
