"""A situation brief: what changed in the world and in our knowledge since a day.

It is made of the record alone, says who said what with which grade, and adds no figure
that may not be added. `brief_formats` writes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from chronicle.domain.state import ControlChange, State, diff
from chronicle.domain.times import Day, KnownAt, as_day
from chronicle.errors import UsageError
from chronicle.report.brief_sections import (
    ALLEGED,
    Section,
    control_sections,
    counted,
    figure_sections,
    incident_sections,
    is_alleged,
    knowledge_sections,
    route_sections,
    side_of,
    silence_section,
    sources_section,
)
from chronicle.report.drawing.words import day_words

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["Brief", "Section", "brief_of"]

CLOCKS = ("published", "recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is said, in order; `state` is the one that its map shows.

    `changed` are the settlements that changed hands, which the map outlines.
    """

    title: str
    asked: str
    summary: list[str]
    sections: list[Section]
    state: State
    changed: frozenset[str]
    branch: str = ""


def brief_of(
    chronicle: Chronicle,
    since: Day,
    on: Day | None = None,
    *,
    known_at: KnownAt | None = None,
    published_by: Day | None = None,
    lens: str = "latest",
    clock: str = "published",
) -> Brief:
    """The brief of the days after *since* up to *on* (default: the last reported on).

    In the world: what is so at the end of *on* and was not at the end of *since*, both
    as known now. In our knowledge: what we now say of *since* and earlier that had not
    been `published` by then; with *clock* `recorded`, that this log did not hold then.
    Raises `UsageError` where *on* is not after *since*.
    """
    if clock not in CLOCKS:
        raise UsageError(f"clock: {clock!r} is neither 'published' nor 'recorded'")
    first = as_day(since, "since")
    last = as_day(on, "on") if on is not None else _last_day(chronicle, known_at)
    if not first < last:
        raise UsageError(f"a brief since {first} wants a later day than {last}")
    before = chronicle.state(first, known_at, published_by, lens)
    after = chronicle.state(last, known_at, published_by, lens)
    changes = diff(before, after)
    learned = _learned(chronicle, first, known_at, published_by, lens, clock)
    told = after.what_if
    by = published_by is not None and f", as published by {published_by}"
    return Brief(
        title=f"{'WHAT-IF: ' if told else ''}{_data(after, chronicle)}: "
        f"{day_words(first)} to {day_words(last)}",
        asked=(
            f"After the end of {first} to the end of {last} (UTC), as known at "
            f"position {after.position:,} of the log{by or ''}, lens {lens}. Made from "
            "the record alone. No report of a place means that nothing is known, not "
            "that it is quiet."
        ),
        summary=_summary(changes, learned, before, after, clock),
        sections=[
            *control_sections(changes, after),
            *knowledge_sections(learned, after, first, clock),
            *figure_sections(after, first),
            *incident_sections(after, first),
            *route_sections(after, first),
            silence_section(after),
            sources_section(after, first),
        ],
        state=after,
        changed=frozenset(change.settlement for change in changes),
        branch=told,
    )


def _last_day(chronicle: Chronicle, known_at: KnownAt | None) -> date:
    known = chronicle.control_days(known_at)
    if known is None:
        raise UsageError("nothing to tell: the record has no report of control")
    return known[1]


def _data(state: State, chronicle: Chronicle) -> str:
    names = {
        one.claim.dataset
        for reports in state.heard.control.values()
        for one in reports
        if one.claim.dataset
    }
    return ", ".join(sorted(names)[:2]) or chronicle.name or "Record"


def _learned(
    chronicle: Chronicle,
    first: date,
    known_at: KnownAt | None,
    published_by: Day | None,
    lens: str,
    clock: str,
) -> list[ControlChange]:
    """What we now say of the end of *first*, and did not say then.

    On the sources' clock reports without a date of publication are in neither.
    """
    if clock == "recorded":
        then = chronicle.state(first, first, published_by, lens)
        return diff(then, chronicle.state(first, known_at, published_by, lens))
    then = chronicle.state(first, known_at, first, lens)
    limit = published_by if published_by is not None else date.max
    return diff(then, chronicle.state(first, known_at, limit, lens))


def _summary(
    changes: Sequence[ControlChange],
    learned: Sequence[ControlChange],
    before: State,
    after: State,
    clock: str,
) -> list[str]:
    """The head of the brief: counts in sentences."""
    hands = [c for c in changes if c.before != (None, "unknown")]
    ways = Counter(
        (side_of(after, c.before), side_of(after, c.after)) for c in hands
    ).most_common(4)
    told = "; ".join(f"{count} from {old} to {new}" for (old, new), count in ways)
    rest = len(hands) - sum(count for _, count in ways)
    told += f"; {rest} otherwise" if rest else ""
    found = [
        f"{counted(len(hands), 'place')} changed hands{f': {told}' if told else ''}."
    ]
    if new := len(changes) - len(hands):
        found.append(f"Of {counted(new, 'place')} there is a first report.")
    doubtful = [
        after.places[c.settlement] for c in changes if c.settlement in after.places
    ]
    only = sum(is_alleged(after, place) for place in doubtful)
    if only:
        found.append(f"{only} of them only by the claim of a party: {ALLEGED}.")
    if disputed := sum(place.disputed for place in doubtful):
        found.append(f"{disputed} of them disputed: sources differ.")
    when = "had been published" if clock == "published" else "this log held"
    then = day_words(before.on)
    many = counted(len(learned), "place")
    found.append(
        f"Of {then} we now say otherwise of {many} than what {when} by then."
        if learned
        else f"Of {then} we say nothing otherwise than by then."
    )
    return found
