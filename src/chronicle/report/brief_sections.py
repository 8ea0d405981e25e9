"""The chapters of a brief: what changed, was counted, happened, and who says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from chronicle.domain.displacement import place_of, why_not_added
from chronicle.domain.events import (
    ControlReported,
    DisplacementReported,
    IncidentReported,
    RouteStatusReported,
)
from chronicle.domain.lenses import control_of
from chronicle.domain.state import ControlChange, Place, State
from chronicle.report.drawing.words import day_words

__all__ = [
    "ALLEGED",
    "Section",
    "control_sections",
    "counted",
    "figure_sections",
    "incident_sections",
    "is_alleged",
    "knowledge_sections",
    "route_sections",
    "side_of",
    "silence_section",
    "sources_section",
]

STALE_DAYS = 7
NO_AREA = "Area not told"
ALLEGED = "alleged"
MOST_SOURCES = 4
CONFIRMED = 1  # credibility: confirmed by other sources
PLAIN = ("exact", "range")  # qualifiers that the figure itself shows


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, paragraphs, and a list; `level` 2 is a chapter, 3 an area in it."""

    heading: str
    level: int = 2
    paragraphs: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


def _who(state: State, actor: str | None) -> str:
    if actor is None:
        return "nobody named"
    known = state.references.actors.get(actor)
    return (known.short or known.name) if known else actor


def side_of(state: State, said: tuple[str | None, str]) -> str:
    actor, status = said
    if actor is None:
        return status
    return _who(state, actor) if status == "held" else f"{_who(state, actor)} {status}"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _areas(state: State, ids: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Settlements by province, both in order of their names."""
    known = state.references.settlements

    def area(id_: str) -> str:
        return known[id_].admin1 or NO_AREA

    def rank(id_: str) -> tuple[bool, str, str]:
        return area(id_) == NO_AREA, area(id_), known[id_].name

    ordered = sorted(ids, key=rank)
    return [(name, list(run)) for name, run in groupby(ordered, key=area)]


def control_sections(changes: Sequence[ControlChange], after: State) -> list[Section]:
    """What changed in the world, by area."""
    found = [Section("What changed in the world")]
    if not changes:
        found[0].paragraphs.append("No report says that a place changed hands.")
    by_place = {change.settlement: change for change in changes}
    for area, ids in _areas(after, by_place):
        items = [_change(after, by_place[id_]) for id_ in ids]
        found.append(Section(area, 3, items=items))
    return found


def _change(state: State, change: ControlChange) -> str:
    """One place: from whom to whom, since when, who says so, how sure."""
    name = state.references.settlements[change.settlement].name
    old, new = side_of(state, change.before), side_of(state, change.after)
    since = f" since {day_words(change.since)}" if change.since else ""
    place = state.places.get(change.settlement)
    first = change.before == (None, "unknown")
    told = f"{name}: {new}{since}" if first else f"{name}: {old} → {new}{since}"
    if place is None:
        return f"{told}."
    marks = [ALLEGED] if is_alleged(state, place) else []
    marks += ["disputed"] if place.disputed else []
    marks += ["first report"] if first else []
    mark = f", {', '.join(marks)}" if marks else ""
    return f"{told}{mark} ({_said(state, place)})."


def is_alleged(state: State, place: Place) -> bool:
    """Whether only parties to the conflict say so, and nobody has confirmed it."""
    claims = [control_of(one) for one in place.verdict.deciding]
    return bool(claims) and all(
        _by_party(state, claim) and claim.credibility != CONFIRMED for claim in claims
    )


def _by_party(state: State, claim: ControlReported) -> bool:
    source = state.references.sources.get(claim.source)
    return (
        bool(claim.claimed_by)
        or claim.source in state.references.actors
        or (source is not None and "belligerent" in source.kind)
    )


def _said(state: State, place: Place) -> str:
    """Sources with the grades of their reports, the last first."""
    defaults = state.references.reliabilities()
    found = []
    for one in reversed(place.verdict.deciding):
        claim = control_of(one)
        if claim.baseline:
            found.append("assumed at the start")
            continue
        letter = claim.reliability or defaults.get(claim.source, "F")
        by = f", claimed by {claim.claimed_by}" if claim.claimed_by else ""
        found.append(f"{claim.source} {letter}{claim.credibility or 6}{by}")
    named = list(dict.fromkeys(found))
    more = len(named) - MOST_SOURCES
    told = "; ".join(named[:MOST_SOURCES])
    return f"{told}; {more} more" if more > 0 else told or "no report"


def knowledge_sections(
    learned: Sequence[ControlChange], after: State, first: date, clock: str
) -> list[Section]:
    """What changed in our knowledge of the days up to *first*, by area."""
    when = "been published" if clock == "published" else "been recorded"
    found = [
        Section(
            "What changed in our knowledge",
            paragraphs=[
                f"Of the end of {day_words(first)}: what we say of it now, and had not "
                f"{when} by then."
                if learned
                else f"Nothing that we say of {day_words(first)} has changed since."
            ],
        )
    ]
    by_place = {
        change.settlement: change
        for change in learned
        if change.settlement in after.references.settlements
    }
    for area, ids in _areas(after, by_place):
        items = []
        for id_ in ids:
            change = by_place[id_]
            name = after.references.settlements[id_].name
            old, new = side_of(after, change.before), side_of(after, change.after)
            reports = ", ".join(change.reports[-MOST_SOURCES:])
            items.append(f"{name}: then {old}, now {new} ({reports or 'no report'}).")
        found.append(Section(area, 3, items=items))
    return found


def figure_sections(after: State, first: date) -> list[Section]:
    """Figures of displaced people as of the days, and which may be added."""
    figures = [
        one.claim
        for one in after.figures
        if isinstance(one.claim, DisplacementReported) and one.claim.since_day > first
    ]
    if not figures:
        return [Section("Displaced people", paragraphs=["No new figure."])]
    figures.sort(key=lambda figure: (-figure.since_day.toordinal(), figure.report_id))
    items = [_figure(figure) for figure in figures]
    return [Section("Displaced people", paragraphs=_sums(figures), items=items)]


def _figure(figure: DisplacementReported) -> str:
    """One figure with all that says whom it counts."""
    number = "no number" if figure.persons is None else f"{figure.persons:,}"
    span = f" ({figure.low or 0:,}–{figure.high:,})" if figure.high is not None else ""
    who = figure.counter or figure.source
    how = "" if figure.qualifier in PLAIN else figure.qualifier
    said = (
        f"{how} {number}{span} {figure.category} ({figure.measure}), "
        f"{place_of(figure)}, as of {figure.since_day}, says {who}"
    ).strip()
    return f"{said[:1].upper()}{said[1:]} [{figure.report_id}]."


def _sums(figures: Sequence[DisplacementReported]) -> list[str]:
    """For each counter's flows whether they may be added; stocks never are."""
    reason = why_not_added(figures)
    if not reason:
        total = sum(figure.persons or 0 for figure in figures)
        return [f"They may be added: {total:,} persons."]
    told = [f"They may not all be added: {reason}."]
    flows = sorted((f for f in figures if f.measure == "flow"), key=_by_counter)
    for (counter, category), run in groupby(flows, _by_counter):
        members = list(run)
        if len(members) > 1 and not why_not_added(members):
            total = sum(figure.persons or 0 for figure in members)
            ids = ", ".join(figure.report_id for figure in members)
            told.append(f"Those of {counter}, {category}, may: {total:,} ({ids}).")
    return told


def _by_counter(figure: DisplacementReported) -> tuple[str, str]:
    return figure.counter, figure.category


def incident_sections(after: State, first: date) -> list[Section]:
    """What happened, by day; who did it is alleged."""
    items = [
        _incident(after, one.claim)
        for one in after.heard.incidents
        if isinstance(one.claim, IncidentReported) and one.claim.since_day > first
    ]
    paragraphs = [] if items else ["No incident is on record."]
    return [Section("Incidents", items=items, paragraphs=paragraphs)]


def _incident(after: State, claim: IncidentReported) -> str:
    known = after.references.settlements
    named = claim.settlement in known
    where = known[claim.settlement or ""].name if named else claim.area
    alleged = claim.alleged_actor
    who = f", allegedly by {_who(after, alleged)}" if alleged else ""
    harm = "; ".join(filter(None, (_harm(claim, "killed"), _harm(claim, "injured"))))
    marks = ["disputed"] if claim.disputed else []
    marks += ["an aggregate: not to be added to others"] if claim.aggregate else []
    harm = f"; {harm}" if harm else ""
    mark = f" ({', '.join(marks)})" if marks else ""
    return (
        f"{day_words(claim.valid_from)}, {where or 'place not told'}: {claim.kind}{who}"
        f"{harm}{mark} [{claim.report_id}, {claim.source}]."
    )


def _harm(claim: IncidentReported, kind: str) -> str:
    """Killed or injured with bounds; empty where nobody says a number."""
    low, best, high = (
        getattr(claim, name) for name in (f"{kind}_low", kind, f"{kind}_high")
    )
    if best is None and low is None and high is None:
        return ""
    if low is not None and high is not None and low != high:
        middle = f"{best:,} " if best is not None else ""
        return f"{middle}{kind} ({low:,}–{high:,})"
    number = next(value for value in (best, low, high) if value is not None)
    return f"{number:,} {kind}"


def route_sections(after: State, first: date) -> list[Section]:
    """Routes that were reported shut, or open again."""
    known = after.references.settlements
    items = []
    for reports in after.heard.routes.values():
        for one in reports:
            claim = one.claim
            if not isinstance(claim, RouteStatusReported) or claim.since_day <= first:
                continue
            ends = [
                known[end].name if end in known else end
                for end in (claim.settlement_a, claim.settlement_b)
            ]
            until = f" until {claim.until}" if claim.until else ""
            word = "shut" if claim.shut else "open again"
            items.append(
                f"{' – '.join(ends)}: {word} from {day_words(claim.valid_from)}{until} "
                f"[{claim.report_id}, {claim.source}]."
            )
    if not items:
        return []
    return [Section("Routes", items=sorted(items))]


def silence_section(after: State) -> Section:
    """Of how many places nothing was heard lately."""
    quiet = [
        place
        for place in after.places.values()
        if place.last_heard is None or (after.on - place.last_heard).days > STALE_DAYS
    ]
    never = sum(place.last_heard is None for place in quiet)
    told = (
        f"Of {len(quiet):,} of {len(after.places):,} places nothing was reported in "
        f"the last {STALE_DAYS} days, of {never:,} never but for what was assumed."
    )
    return Section("Not heard of", paragraphs=[told])


def sources_section(after: State, first: date) -> Section:
    """Who was heard, how often, and how they are graded by default."""
    claims = [
        one.claim
        for reports in after.heard.control.values()
        for one in reports
        if one.claim.since_day > first
    ]
    claims += [
        one.claim
        for one in (*after.figures, *after.heard.incidents)
        if one.claim.since_day > first
    ]
    counts = Counter(claim.source for claim in claims)
    items = []
    for source, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        known = after.references.sources.get(source)
        name = known.name if known else source
        kind = f", {known.kind}" if known and known.kind else ""
        grade = (
            f", {known.reliability} by default" if known and known.reliability else ""
        )
        items.append(f"{source}: {name}{kind}{grade}; {counted(count, 'report')}.")
    refs = sorted({claim.ref for claim in claims if claim.ref})
    items += [f"Cited: {ref}" for ref in refs]
    words = (
        "Grades: reliability of the source A (best) to E, credibility 1 (best) to 5; "
    )
    return Section("Sources", paragraphs=[f"{words}F and 6 are unknown."], items=items)
