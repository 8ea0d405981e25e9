"""Axes: days that no time zone or locale can shift, quiet frames, the what-if mark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from chronicle.errors import UsageError
from chronicle.report.drawing.palette import QUIET
from chronicle.report.drawing.words import short_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["check_days", "day_axis", "mark_what_if", "quiet_frame", "ticks"]

STEPS_DAYS = (1, 2, 7, 14, 28, 91, 182, 364, 728, 1820)


def check_days(days: Sequence[date]) -> None:
    """Raise `UsageError` unless each of *days* is later than the one before."""
    for earlier, later in pairwise(days):
        if later <= earlier:
            raise UsageError(f"days out of order: {later} after {earlier}")


def ticks(days: Sequence[date], most: int = 9) -> list[date]:
    """At most about *most* days from the first on, in even steps."""
    span = (days[-1] - days[0]).days
    step = next((s for s in STEPS_DAYS if span // s < most), span // most or 1)
    return [days[0] + timedelta(days=n) for n in range(0, span + 1, step)]


def day_axis(axes: Axes, days: Sequence[date]) -> None:
    """Let the x axis run from the first of *days* to the last, by ordinal, with names.

    Years are written where they begin, and at the first tick.
    """
    if not days:
        axes.set(xticks=[], xlim=(0, 1))
        return
    shown = ticks(days)
    words, year = [], 0
    for day in shown:
        words.append(short_day(day) + (f"\n{day.year}" if day.year != year else ""))
        year = day.year
    axes.set_xticks([day.toordinal() for day in shown], words)
    axes.set_xlim(days[0].toordinal() - 0.5, days[-1].toordinal() + 0.5)


def quiet_frame(axes: Axes) -> None:
    """Leave only what is needed to read values: a base line and small grey numbers."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color("#999999")
    axes.tick_params(labelsize=8, colors=QUIET, length=3, width=0.6)


def mark_what_if(axes: Axes) -> None:
    """Write WHAT-IF across the data, so that a part that is cut out still says so."""
    axes.text(
        0.5,
        0.5,
        "WHAT-IF",
        transform=axes.transAxes,
        size=54,
        color="#6B1839",
        alpha=0.08,
        weight="bold",
        rotation=18,
        ha="center",
        va="center",
        zorder=1.2,
        clip_on=True,
    )
