"""A reference forecast: places fall at the rate of places as far from the front.

The last days say at what rate places at each distance fell; the whole record says it
where they say too little.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chronicle.verification.distances import Reach
from chronicle.verification.outcomes import Forecast, whole_horizon
from chronicle.verification.reference_forecasts import Past

__all__ = ["BANDS_KM", "LAST_DAYS", "distance_hazard"]

Floats = NDArray[np.float64]

BANDS_KM = (15.0, 30.0, 60.0)
"""Where one band of distance by road ends and the next begins; the last is open."""

LAST_DAYS = 10
_WHOLE_RECORD = 200.0  # place-days that the rate over the whole record counts for


def distance_hazard(past: Past, reach: Reach, horizon: float) -> Forecast:
    """Each day a place falls with the chance of its band of distance; exact.

    The distance is that from the nearest place that an attacker holds, at the end of
    the day before in the past, at the branch in the future. The chance of a band is the
    flips over the days at risk in it, of the last `LAST_DAYS` days, with the same rate
    over the whole past as a prior worth 200 place-days: the mean of a gamma law. A band
    in which nothing was ever at risk has that of all bands.
    """
    days = whole_horizon(horizon)
    bands = len(BANDS_KM) + 1
    flips = np.zeros((len(past.flips), bands))
    at_risk = np.zeros_like(flips)
    band = _bands(past, reach, 0)
    for day, flipped in enumerate(past.flips):
        if day and (past.hostile[day] != past.hostile[day - 1]).any():
            band = _bands(past, reach, day)
        held = past.defended[day]
        at_risk[day] = np.bincount(band[held], minlength=bands)
        flips[day] = np.bincount(band[flipped], minlength=bands)
    every = float(at_risk.sum())
    overall = float(flips.sum()) / every if every else 0.0
    whole = at_risk.sum(axis=0)
    usual = np.where(whole > 0, flips.sum(axis=0) / np.maximum(whole, 1.0), overall)
    late = slice(-LAST_DAYS, None)
    chance = (flips[late].sum(axis=0) + _WHOLE_RECORD * usual) / (
        at_risk[late].sum(axis=0) + _WHOLE_RECORD
    )
    now = _bands(past, reach, len(past.hostile) - 1)[past.at_risk]
    stands = (1.0 - chance[now])[:, None] ** np.arange(days + 1.0)
    named = {f"hazard_band_{n}": float(p) for n, p in enumerate(chance)}
    return Forecast(
        name="hazard by distance",
        settlements=past.targets,
        chances=1.0 - stands,
        parameters=named,
    )


def _bands(past: Past, reach: Reach, day: int) -> NDArray[np.intp]:
    found: NDArray[np.intp] = np.searchsorted(BANDS_KM, reach(past.hostile[day]))
    return found
