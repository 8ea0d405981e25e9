"""What a run says of the pool that it publishes: weight, league, what is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle.experiments.published import weight_told
from chronicle.verification.pools import RegimeRecord

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["league_told", "pool_lines", "pool_sentences", "whose"]


def whose(run: Run) -> str:
    """Whose forecast is scored: of the pool, or of the mechanism where it is alone."""
    alone = run.published is None or run.published.alone
    return "the mechanism" if alone else "the published pool"


def pool_lines(run: Run) -> list[tuple[str, str]]:
    """Lines, each with its name: the mechanism's weight, the league, what is unknown.

    None where no pool was published.
    """
    if run.published is None or run.published.alone:
        return []
    weight = weight_told(run.published)
    if len(run.arms) > 1:
        weight += (
            "; the differences between the arms are its own, and say what the arms "
            "change under its rules, not what will come"
        )
    lines = [("mechanism", weight)]
    lines += [("league", told) for told in league_told(run)]
    return [*lines, ("unknown", run.published.limits())]


def pool_sentences(run: Run) -> list[str]:
    """`pool_lines` as paragraphs."""
    if run.published is None or run.published.alone:
        return []
    weight, *league, unknown = (told for _, told in pool_lines(run))
    found = [f"{_capital(weight)}.", f"{_capital(unknown)}."]
    if league:
        over = "; ".join(league)
        found.insert(1, f"Over the league of cases, each left out in turn: {over}.")
    return found


def _capital(told: str) -> str:
    return f"{told[:1].upper()}{told[1:]}"


def league_told(run: Run) -> list[str]:
    """How the same settings did over the league, each case's fold left out; or none."""
    if run.published is None or run.published.alone:
        return []
    found = []
    pool = run.published.pool
    other = pool.drawn != run.published.settings
    by = ""
    if other:
        of = "from its prior" if pool.drawn == "prior" else "fitted to the day"
        by = f" with a mechanism {of}"
    league = pool.league
    for name, words in (
        ("static", "on which nothing fell"),
        ("slow", "on which less than a tenth of the places fell"),
        ("moving", "on which a tenth of the places or more fell"),
    ):
        one = league.regime(name)
        if one is not None:
            found.append(f"{_days(one)} {words}{by}: {_record(one)}")
    return found


def _days(one: RegimeRecord) -> str:
    days = "day" if one.days == 1 else "days"
    fronts = "front" if one.fronts == 1 else "fronts"
    return f"{one.days} branch {days} of {one.fronts} {fronts}"


def _record(one: RegimeRecord) -> str:
    nothing = one.references["nothing changes"]
    best = min(one.references, key=lambda name: one.references[name])
    told = f"mean CRPS {one.crps:.3f} days, nothing changes {nothing:.3f}"
    if best != "nothing changes":
        told += f", best of all ({best}) {one.references[best]:.3f}"
    return (
        f"{told}, mechanism alone {one.mechanism:.2f}; {one.said:.0f} falls said, "
        f"{one.seen} seen"
    )
