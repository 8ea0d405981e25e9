"""What the model assumes, as one table: unit, default, plausible range, source.

`low` and `high` span the prior that calibration and sensitivity draw from; `minimum`
and `maximum` are where a value stops making sense, and are refused outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.names import did_you_mean
from chronicle.errors import InputError

__all__ = ["INDEX", "LIMITS", "TABLE", "Parameter", "Parameters"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the table."""

    name: str
    unit: str
    default: float
    low: float
    high: float
    scale: Literal["linear", "log"]
    minimum: float
    maximum: float
    source: str


_EXPERT = "expert judgement, not yet fitted"
_FLEE = "FLEE 3.1 (Suleimenova, Bell and Groen 2017; simsetting defaults)"
_LIN: Literal["linear"] = "linear"
_LOG: Literal["log"] = "log"

TABLE: tuple[Parameter, ...] = (
    Parameter(
        "speed_km_day", "km/d", 4, 0.2, 80, _LOG, 0.1, 500,
        "Helmbold 1990, Dupuy: opposed 1-10, pursuit 20-60; attrition below 1",
    ),
    Parameter(
        "speed_sigma", "1", 0.5, 0.1, 0.9, _LIN, 0, 3,
        f"log-normal spread per route; {_EXPERT}",
    ),
    Parameter(
        "hold_days", "d per log10(population/1000)", 2, 0.03, 100, _LOG, 0, 1000,
        f"mean of an exponential hold-up, from hours to months; {_EXPERT}",
    ),
    Parameter(
        "delay_days", "d", 1, 0, 2, _LIN, 0, 365,
        f"wait before the first move; {_EXPERT}",
    ),
    Parameter(
        "collapse", "1", 2, 0, 4, _LIN, 0, 50,
        f"holds shrink by exp(-collapse * share of population lost); {_EXPERT}",
    ),
    Parameter(
        "pressure", "1", 0.5, 0, 1, _LIN, 0, 10,
        f"each further arrival divides the hold by 1 + pressure * k; {_EXPERT}",
    ),
    Parameter(
        "rising_threshold", "share lost", 1, 0.02, 1.98, _LIN, 0, 2,
        f"listed places rise once the holder lost more; 1 or more is never; {_EXPERT}",
    ),
    Parameter("rising_days", "d", 1, 0.2, 5, _LOG, 0, 365, f"mean wait; {_EXPERT}"),
    Parameter("repulse", "1", 0.3, 0, 0.98, _LIN, 0, 1, f"probability; {_EXPERT}"),
    Parameter("repulse_wait_days", "d", 5, 1, 30, _LOG, 0.1, 365, f"mean; {_EXPERT}"),
    Parameter(
        "counterattack", "1", 0.1, 0, 0.5, _LIN, 0, 1,
        f"probability after a repulse; {_EXPERT}",
    ),
    Parameter(
        "reinforcement", "1", 0.2, 0, 1, _LIN, 0, 10,
        f"share that a garrison grows by after a repulse; {_EXPERT}",
    ),
    Parameter(
        "transfer", "1", 0.02, 0.002, 0.3, _LOG, 0, 1,
        f"probability of a negotiated handover on arrival; {_EXPERT}",
    ),
    Parameter(
        "transfer_threshold", "share lost", 0.5, 0.2, 1, _LIN, 0, 1,
        f"beyond it besieged places also negotiate; {_EXPERT}",
    ),
    Parameter("transfer_rate", "1/d", 0.2, 0, 1, _LIN, 0, 100, f"hazard; {_EXPERT}"),
    Parameter(
        "supply_km", "km", 200, 50, 500, _LOG, 0, 1e5,
        f"farther from every source by road is out of supply; {_EXPERT}",
    ),
    Parameter(
        "supply_speed", "1", 0.3, 0.1, 1, _LIN, 0.01, 1, f"speed without; {_EXPERT}"
    ),
    Parameter(
        "supply_hold", "1", 0.5, 0.1, 1, _LIN, 0, 1, f"hold-up without; {_EXPERT}"
    ),
    Parameter(
        "ceasefire_threshold", "share lost", 1, 0.3, 1, _LIN, 0, 1,
        f"a truce of all begins once anyone lost more; 1 is never; {_EXPERT}",
    ),
    Parameter("ceasefire_days", "d", 3, 1, 14, _LIN, 0, 3650, f"length; {_EXPERT}"),
    Parameter(
        "ceasefire_break", "1/d", 0.05, 0, 0.5, _LIN, 0, 100,
        f"hazard that a truce breaks early; {_EXPERT}",
    ),
    Parameter(
        "push", "1/d", 0.05, 0.01, 0.25, _LIN, 0, 1,
        "share of residents leaving; FLEE pop_ratio 0.01; OCHA and UNHCR, Dec 2024",
    ),
    Parameter(
        "push_peaceful", "1", 0.2, 0, 1, _LIN, 0, 1,
        f"share of the push after a handover without violence; {_EXPERT}",
    ),
    Parameter(
        "anticipation_days", "d", 1, 0, 3, _LIN, 0, 30,
        f"people leave this long before an expected arrival; {_EXPERT}",
    ),
    Parameter(
        "aftermath_days", "d", 3, 0, 7, _LIN, 0, 365,
        f"people go on leaving this long after a change of hands; {_EXPERT}",
    ),
    Parameter("people_km_day", "km/d", 60, 35, 360, _LOG, 1, 5000, _FLEE),
    Parameter("move_town", "1/d", 0.3, 0.1, 0.5, _LIN, 0, 1, _FLEE),
    Parameter("move_camp", "1/d", 0.001, 0, 0.01, _LIN, 0, 1, _FLEE),
    Parameter("move_conflict", "1/d", 1, 0.5, 1, _LIN, 0, 1, _FLEE),
    Parameter("conflict_weight", "1", 0.25, 0.1, 0.5, _LIN, 0, 1, _FLEE),
    Parameter("softening_km", "km", 10, 0.1, 50, _LIN, 0.001, 1e4, _FLEE),
    Parameter("distance_exponent", "1", 1, 0.5, 2, _LIN, 0, 5, _FLEE),
    Parameter("capacity_buffer", "1", 0.9, 0.75, 1, _LIN, 0.01, 1, _FLEE),
    Parameter(
        "corridor_pull", "1", 3, 1, 10, _LOG, 0, 1000,
        f"weight of a route while it is a humanitarian corridor; {_EXPERT}",
    ),
    Parameter(
        "return_after_days", "d", 2, 0, 14, _LIN, 0, 3650,
        "home must have been calm this long; returns reported from 7 Dec 2024",
    ),
    Parameter("return_rate", "1/d", 0.02, 0, 0.1, _LIN, 0, 1, _EXPERT),
    Parameter(
        "quiet_days", "d", 100, 0.5, 5000, _LOG, 0, 1e5,
        f"mean wait of a quiet route before an attack sets out along it; {_EXPERT}",
    ),
    Parameter(
        "momentum", "1", 0.5, 0, 1, _LIN, 0, 1,
        f"chance by route that who just took its one end goes on at once; {_EXPERT}",
    ),
    Parameter(
        "lines", "1", 0.2, 0, 0.7, _LIN, 0, 1,
        f"share of routes along which no attack gets through: rivers, prepared "
        f"lines; {_EXPERT}",
    ),
    Parameter(
        "culmination_days", "d", 60, 5, 500, _LOG, 0, 3650,
        f"mean length of the offensive from the branch on; 3650 is for ever; {_EXPERT}",
    ),
)  # fmt: skip

INDEX: dict[str, int] = {row.name: place for place, row in enumerate(TABLE)}
"""Where each parameter stands in `Parameters.vector()`."""

LIMITS = (
    np.array([row.minimum for row in TABLE]),
    np.array([row.maximum for row in TABLE]),
)
"""The least and the greatest value of each, in the order of `TABLE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One setting of the model; raises `InputError` outside the table's limits."""

    speed_km_day: float = 4.0
    speed_sigma: float = 0.5
    hold_days: float = 2.0
    delay_days: float = 1.0
    collapse: float = 2.0
    pressure: float = 0.5
    rising_threshold: float = 1.0
    rising_days: float = 1.0
    repulse: float = 0.3
    repulse_wait_days: float = 5.0
    counterattack: float = 0.1
    reinforcement: float = 0.2
    transfer: float = 0.02
    transfer_threshold: float = 0.5
    transfer_rate: float = 0.2
    supply_km: float = 200.0
    supply_speed: float = 0.3
    supply_hold: float = 0.5
    ceasefire_threshold: float = 1.0
    ceasefire_days: float = 3.0
    ceasefire_break: float = 0.05
    push: float = 0.05
    push_peaceful: float = 0.2
    anticipation_days: float = 1.0
    aftermath_days: float = 3.0
    people_km_day: float = 60.0
    move_town: float = 0.3
    move_camp: float = 0.001
    move_conflict: float = 1.0
    conflict_weight: float = 0.25
    softening_km: float = 10.0
    distance_exponent: float = 1.0
    capacity_buffer: float = 0.9
    corridor_pull: float = 3.0
    return_after_days: float = 2.0
    return_rate: float = 0.02
    quiet_days: float = 100.0
    momentum: float = 0.5
    lines: float = 0.2
    culmination_days: float = 60.0

    def __post_init__(self) -> None:
        for row in TABLE:
            value = getattr(self, row.name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InputError(f"parameter {row.name}: {value!r} is no number")
            inside = row.minimum <= value <= row.maximum  # false for NaN
            if not (inside and math.isfinite(value)):
                raise InputError(
                    f"parameter {row.name}: {value} is outside "
                    f"{row.minimum:g} to {row.maximum:g} {row.unit}"
                )
            object.__setattr__(self, row.name, float(value))

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Parameters:
        """From a mapping; an unknown name is refused with the nearest known one."""
        for name in values:
            if name not in INDEX:
                raise InputError(f"no parameter {name!r}{did_you_mean(name, INDEX)}")
        return cls(**values)

    @classmethod
    def from_vector(cls, vector: Iterable[float]) -> Parameters:
        """The inverse of `vector`."""
        names = (row.name for row in TABLE)
        return cls(**dict(zip(names, map(float, vector), strict=True)))

    def vector(self) -> NDArray[np.float64]:
        """The values in the order of `TABLE`."""
        return np.array([getattr(self, row.name) for row in TABLE], dtype=np.float64)


assert tuple(field.name for field in fields(Parameters)) == tuple(INDEX)
