"""The uses that scores and baselines make of chance, one number for each.

They are streams of `chronicle.simulation.random_streams`, apart from those of the
simulation: a number is never given a second meaning.
"""

from __future__ import annotations

__all__ = [
    "BOOTSTRAP",
    "FLIP",
    "HIDDEN",
    "INVERSE",
    "PACE",
    "PIT",
    "POOL",
    "REPORTED",
    "RESAMPLE",
]

PIT = 101
"""Where in the jump of a forecast's distribution an outcome counts, by settlement."""

BOOTSTRAP = 102
"""Which settlements a resample takes, by resample and slot."""

FLIP = 103
"""Whether a place next to a flipped one flips, by replica, settlement and day."""

INVERSE = 104
"""Samples of an exact distribution, by replica and settlement."""

REPORTED = 105
"""Whether a simulated fall is published by the branch, by replica and settlement."""

HIDDEN = 106
"""Weights of the random features that summaries are learned from, by feature."""

RESAMPLE = 107
"""Which accepted simulation stands in which row of a posterior."""

POOL = 108
"""How ties are broken in the replicas of a pool, by replica and settlement."""

PACE = 109
"""The pace of a front that all its places share, by replica."""
