"""How far a simulated stock of displaced people is from the counted one.

The averaged relative difference (ARD) of Suleimenova, Bell and Groen (2017, "A
generalized simulation development approach for predicting refugee destinations",
Scientific Reports 7:13377), equation 1: on a day, the sum over camps of |simulated -
counted| over everybody counted. 0 is perfect; when as many people are simulated as were
counted, 1 puts half of them into the wrong camp, and 2 is the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chronicle.errors import UsageError

__all__ = [
    "AveragedRelativeDifference",
    "CampError",
    "averaged_relative_difference",
    "camp_errors",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class AveragedRelativeDifference:
    """The ARD of each day (D), NaN on days on which nobody was counted in a camp.

    `mean` is over the other `days_scored` days; None when there is none.
    """

    by_day: Floats
    mean: float | None
    days_scored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CampError:
    """The error of one camp, in people, as means over all days.

    `bias` is positive where too many are simulated; `relative` is `absolute` over
    `counted`, None for a camp in which nobody was counted.
    """

    camp: str
    counted: float
    simulated: float
    absolute: float
    bias: float
    relative: float | None


def averaged_relative_difference(
    simulated: ArrayLike, counted: ArrayLike, *, total: ArrayLike | None = None
) -> AveragedRelativeDifference:
    """The ARD of stocks by day and camp, both of shape (D, C).

    *total* (D) is everybody counted, inside camps or not, as FLEE divides by it; on
    days without one, and by default, it is the sum over the camps. Raises `UsageError`
    for shapes that do not fit, and for values that are negative or not finite.
    """
    forecast, observed = _checked(simulated, counted)
    in_camps = observed.sum(axis=1)
    everybody = in_camps
    if total is not None:
        given = np.asarray(total, dtype=np.float64)
        if given.shape != in_camps.shape or not np.all(np.isfinite(given)):
            raise UsageError("total must be one finite number of people a day")
        everybody = np.where(given > 0, given, in_camps)
    by_day = np.full(len(in_camps), np.nan)
    scored = in_camps > 0
    missed = np.abs(forecast - observed).sum(axis=1)
    by_day[scored] = missed[scored] / everybody[scored]
    return AveragedRelativeDifference(
        by_day=by_day,
        mean=float(by_day[scored].mean()) if scored.any() else None,
        days_scored=int(scored.sum()),
    )


def camp_errors(
    camps: Sequence[str], simulated: ArrayLike, counted: ArrayLike
) -> tuple[CampError, ...]:
    """The error of each camp, in the order of *camps*; arrays and errors as above."""
    forecast, observed = _checked(simulated, counted)
    if forecast.shape[1] != len(camps):
        raise UsageError(f"{len(camps)} camps for {forecast.shape[1]} columns")
    if not len(forecast):
        raise UsageError("no day to score")
    difference = forecast - observed
    errors = []
    for column, camp in enumerate(camps):
        mean = float(observed[:, column].mean())
        absolute = float(np.abs(difference[:, column]).mean())
        errors.append(
            CampError(
                camp=camp,
                counted=mean,
                simulated=float(forecast[:, column].mean()),
                absolute=absolute,
                bias=float(difference[:, column].mean()),
                relative=absolute / mean if mean > 0 else None,
            )
        )
    return tuple(errors)


def _checked(simulated: ArrayLike, counted: ArrayLike) -> tuple[Floats, Floats]:
    forecast = np.asarray(simulated, dtype=np.float64)
    observed = np.asarray(counted, dtype=np.float64)
    if forecast.ndim != 2 or forecast.shape != observed.shape:
        told = f"{forecast.shape} and {observed.shape}"
        raise UsageError(f"simulated and counted must be days by camps, not {told}")
    for name, stock in (("simulated", forecast), ("counted", observed)):
        # Expected numbers may be below 0 by their rounding.
        if not np.all(np.isfinite(stock)) or np.any(stock < -1e-6):
            raise UsageError(f"{name}: people must be finite and 0 or more")
    return forecast, observed
