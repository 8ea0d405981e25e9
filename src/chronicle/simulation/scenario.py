"""A scenario file: TOML under a strict schema, read into plain values.

    [scenario]                      what is asked
    id = "hold-hama"
    title = "Hama holds three more days"
    branch_at = 2024-11-30          the state at the end of this day …
    published_by = 2024-11-30       … as published by then: no hindsight
    lens = "graded"                 … seen through this lens; latest without it
    horizon_days = 14
    offensive_since = 2024-11-27    forces that took places since then are on the move

    [ensemble]
    replicas = 1000
    seed = 20241130
    parameters = "prior"            the default; or "fixed", or a posterior's file

    [[force]]                       who advances against whom
    actors = ["hts"]
    against = ["gov"]
    risings = "everywhere"          or a list of places; without it nothing rises

    [rules]                         parameters of `chronicle run --explain`
    hold_days = 0.4

    [[intervention]]
    name = "hold"
    kind = "hold"
    places = ["Hama"]
    extra_days = 3

    [compare]
    arms = [["hold"]]               the baseline is always there, with the same draws

A key that is not in the schema is an error that names the nearest one; so is a value of
the wrong type or out of range. Interventions of one name go together in an arm; without
a name they have that of their kind. Nothing in a scenario file is ever run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import msgspec

from chronicle.simulation.posterior import Posterior

__all__ = [
    "DEFAULT_LENS",
    "MOST_REPLICAS",
    "Force",
    "Order",
    "Scenario",
]

MAX_BYTES = 1 << 20
DEFAULT_LENS = "latest"
MOST_REPLICAS = 100_000
MOST_DAYS = 365
MOST_ORDERS = 500
MOST_ARMS = 32  # beside the baseline; each runs all replicas, and fills a report


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """Actors that advance on the places of others; their own places supply them."""

    actors: tuple[str, ...]
    against: tuple[str, ...]
    supply: tuple[str, ...] = ()  # settlements; empty: always in supply
    # Settlements that may rise for the first actor, or all that `against` hold.
    risings: tuple[str, ...] | Literal["everywhere"] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An intervention as the file has it: names and calendar days."""

    name: str
    kind: str
    places: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    actor: str | None = None
    parties: tuple[str, ...] = ()
    extra_days: float = 0.0
    factor: float = 1.0
    capacity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What a scenario file says; `identity` is the digest of all of it, resolved.

    Forces that took a place from `offensive_since` on, and in the last three days, are
    on the move from there at the branch; all others set out after it.
    """

    file: str
    id: str
    title: str
    branch_at: date
    published_by: date | None = None
    known_at: str | None = None
    horizon_days: int = 14
    about: str = ""
    replicas: int = 1000
    seed: int = 0
    engine: str = "auto"
    draw: str = "prior"  # or "fixed": the defaults and `rules`; or a posterior's file
    forces: tuple[Force, ...] = ()
    rules: dict[str, float] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    arms: tuple[tuple[str, ...], ...] = ()
    posterior: Posterior | None = None
    offensive_since: date | None = None
    lens: str = DEFAULT_LENS

    @property
    def hindsight(self) -> bool:
        """Whether the branch knows what was published after its day."""
        return self.published_by is None or self.published_by > self.branch_at

    @property
    def identity(self) -> str:
        """SHA-256 of the values, whatever their layout in the file."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "file"}
        if self.offensive_since is None:  # said by no file of before there was such
            del plain["offensive_since"]
        if self.lens == DEFAULT_LENS:  # so are all files from before a lens was named
            del plain["lens"]
        if self.posterior is None:
            del plain["posterior"]
        else:  # its digest says it all, wherever the file lies
            plain |= {"draw": "posterior", "posterior": self.posterior.digest}
        return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()

    def arm(self, names: Sequence[str]) -> tuple[Order, ...]:
        """The orders of an arm; without arms, the scenario itself has them all."""
        return tuple(order for order in self.orders if order.name in names)


# --- the schema ------------------------------------------------------------------
