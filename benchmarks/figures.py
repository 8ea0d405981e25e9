"""How a figure is taken: rounds interleaved, medians, the answer checked, a ratio told.

Timings here are noisy, so nothing is asserted about them; what is timed is asserted.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["figure", "interleaved", "spread"]


def interleaved(
    deeds: Sequence[Callable[[], Any]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Seconds of each deed in each round; every round does all of them, in turn.

    A deed may return a callable that is called after the clock has stopped, to check
    what was done and to clean up.
    """
    times: list[list[float]] = [[] for _ in deeds]
    for number in range(rounds):
        order = list(range(len(deeds)))
        order = order[number % len(order) :] + order[: number % len(order)]
        for index in order:
            gc.collect()
            start = clock()
            after = deeds[index]()
            times[index].append(clock() - start)
            if callable(after):
                after()
    return times


def spread(ratios: Sequence[float]) -> str:
    """The least and the greatest of the rounds."""
    return f"{min(ratios):.3g}-{max(ratios):.3g}"


def figure(
    name: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    count: int,
    unit: str,
    against: str,
    goal: str,
    **more: Any,
) -> dict[str, Any]:
    """A row of the table: our rate, and how many times theirs it is.

    *ours* and *theirs* are seconds of paired rounds for the same *count* of things; the
    ratio is the median of the rounds' own ratios.
    """
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return {
        "name": name,
        "value": round(count / statistics.median(ours), 3),
        "unit": unit,
        "ratio": round(statistics.median(ratios), 4),
        "against": against,
        "goal": goal,
        "spread": spread(ratios),
        "n": count,
        "rounds": len(ratios),
        **more,
    }
