"""Does calibration find what is there? Simulation-based calibration.

Parameters are drawn from the prior, data are simulated from them, and the calibration
is asked for its posterior. If it is right, the truth is as likely to lie at one rank of
the posterior as at any other (Talts and others 2018, arXiv:1804.06788), and a 90 %
interval covers it nine times in ten. That a calibration learns anything is another
matter: the prior itself passes. `contraction` tells how much.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.calibration.abc import accept
from chronicle.domain.table import Table
from chronicle.errors import UsageError

__all__ = ["SbcResult", "kolmogorov_smirnov", "run_sbc"]

Floats = NDArray[np.float64]

COVERAGE = 0.86, 0.94
"""What coverage of a 90 % interval is called kept, with some hundred recoveries."""

LEAST_P = 0.01


@dataclass(frozen=True, kw_only=True)
class SbcResult:
    """`ranks` (L, K) of the truth in its posterior, in [0, 1], by recovery.

    `contraction` (K) is the mean share of the prior variance that a posterior removes.
    """

    parameters: tuple[str, ...]
    ranks: Floats
    contraction: Floats

    def __len__(self) -> int:
        return len(self.ranks)

    def coverage(self, level: float = 0.9) -> Floats:
        """How often (K) the central interval of that level held the truth."""
        low = (1.0 - level) / 2
        inside = (self.ranks >= low) & (self.ranks <= 1.0 - low)
        found: Floats = inside.mean(axis=0)
        return found

    def p_values(self) -> Floats:
        """How likely ranks as uneven are if they are uniform (K)."""
        return np.array([kolmogorov_smirnov(column) for column in self.ranks.T])

    def histogram(self, bins: int = 10) -> NDArray[np.int64]:
        """Recoveries (K, bins) by rank: flat is right, a hump too wide."""
        at = np.minimum((self.ranks * bins).astype(np.int64), bins - 1)
        return np.stack([np.bincount(column, minlength=bins) for column in at.T])

    def kept(self) -> NDArray[np.bool_]:
        """Whether (K) coverage and ranks are within the bounds of this module."""
        cover = self.coverage()
        found: NDArray[np.bool_] = (cover >= COVERAGE[0]) & (cover <= COVERAGE[1])
        return found & (self.p_values() > LEAST_P)

    def table(self) -> Table:
        """One row a parameter."""
        values = zip(
            self.parameters,
            self.coverage(0.5).tolist(),
            self.coverage(0.9).tolist(),
            self.p_values().tolist(),
            self.contraction.tolist(),
            self.histogram(10).tolist(),
            self.kept().tolist(),
            strict=True,
        )
        rows = [
            (
                name,
                *(round(v, 3) for v in numbers),
                " ".join(map(str, counts)),
                "yes" if kept else "NO",
            )
            for name, *numbers, counts, kept in values
        ]
        return Table(
            (
                *("parameter", "cover_50", "cover_90", "ks_p", "contraction"),
                *("ranks", "calibrated"),
            ),
            rows,
            f"Simulation-based calibration: {len(self)} recoveries",
            [
                f"calibrated: 90 % intervals cover {COVERAGE[0]:.0%} to "
                f"{COVERAGE[1]:.0%} and the ranks are even (p > {LEAST_P:g})"
            ],
        )


def run_sbc(
    parameters: tuple[str, ...],
    truths: Floats,
    observed: Floats,
    bank: Floats,
    shares: Floats,
    keep: int,
    *,
    adjust: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> SbcResult:
    """Calibrate on each row of *observed* (L, S), whose shares were *truths* (L, K).

    The rest is that of `accept`; the rows must not be in the bank.
    """
    if not len(truths):
        raise UsageError("no recoveries to make")
    ranks = np.empty(truths.shape)
    contraction = np.zeros(truths.shape[1])
    for row, (truth, seen) in enumerate(zip(truths, observed, strict=True)):
        found = accept(seen, bank, shares, keep, adjust=adjust)
        ranks[row] = found.ranks(truth)
        contraction += found.contraction() / len(truths)
        if progress:
            progress(row + 1, len(truths))
    return SbcResult(parameters=parameters, ranks=ranks, contraction=contraction)


def kolmogorov_smirnov(ranks: Floats) -> float:
    """The p value of *ranks* against the uniform law on [0, 1], both sides.

    The limiting law at the size that Stephens (1970, JRSS B 32:115-122) corrects.
    """
    n = len(ranks)
    ordered = np.sort(ranks)
    steps = np.arange(n + 1) / n
    apart = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    size = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * apart
    if size < 0.2:  # the sum converges slowly there, and is 1 to ten digits
        return 1.0
    terms = [math.exp(-2.0 * (k * size) ** 2) for k in range(1, 101)]
    return min(1.0, max(0.0, 2.0 * (sum(terms[::2]) - sum(terms[1::2]))))
