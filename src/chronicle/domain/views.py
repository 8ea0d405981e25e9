"""Answers from states and reports: the columns that commands and frames share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chronicle.domain.describe import side_text
from chronicle.domain.displacement import place_of, reasons_not_added, relation
from chronicle.domain.events import (
    ControlReported,
    DisplacementReported,
)
from chronicle.domain.lenses import control_of, side
from chronicle.domain.outline import Outline
from chronicle.domain.state import ControlChange, State
from chronicle.domain.table import Table
from chronicle.domain.timeline import (
    EffectiveClaim,
    EffectiveClaims,
    RecordedEvent,
    order,
)

__all__ = [
    "STATE_COLUMNS",
    "diff_table",
    "displaced_table",
    "history_table",
    "marked",
    "state_table",
    "why_table",
]

STATE_COLUMNS = (
    "settlement",
    "name",
    "lat",
    "lon",
    "control",
    "status",
    "since",
    "reports",
    "grade",
    "sources",
    "disputed",
    "last_heard",
)
HISTORY_COLUMNS = (
    "position",
    "valid_from",
    "time_of_day",
    "control",
    "status",
    "source",
    "reliability",
    "credibility",
    "published",
    "recorded_at",
    "report",
    "counts",
    "note",
)


def marked(table: Table, what_if: str) -> Table:
    """*table* of a branch, which says so on its face; of the record as it is."""
    if not what_if:
        return table
    mark = f"WHAT-IF, not what happened: branch {what_if}"
    return replace(table, header=f"{mark}\n{table.header}")


def clocks(state: State | Outline) -> str:
    """The question that a state answers, in words."""
    clock = f"as known at position {state.position}"
    if state.published_by is not None:
        clock += f", as published by {state.published_by}"
    return f"end of {state.on} (UTC), {clock}, lens {state.lens}"


def state_table(state: Outline) -> Table:
    """`chronicle state`."""
    rows = []
    for id_ in sorted(state.places):
        place = state.places[id_]
        settlement = state.references.settlements[id_]
        where = coarse(settlement.lat, settlement.lon, settlement.sensitivity)
        rows.append((id_, settlement.name, *where, *place))
    header = f"State at the {clocks(state)}"
    return Table(STATE_COLUMNS, rows, header, list(state.cautions))


# Decimals of a degree that may be told: a hundredth is about 1 km, a tenth about 11 km.
_DECIMALS = {"low": 6, "moderate": 2, "high": 1}


def coarse(
    lat: float | None, lon: float | None, sensitivity: str
) -> tuple[float | None, float | None]:
    """Coordinates as they may leave the house; of a *severe* place none at all.

    A place that nobody has located has none either.

    The levels are those of OCHA's data responsibility guidelines (2021).
    """
    decimals = _DECIMALS.get(sensitivity)
    if decimals is None or lat is None or lon is None:
        return None, None
    return round(lat, decimals), round(lon, decimals)


def diff_table(
    changes: Sequence[ControlChange], after: State | Outline, header: str
) -> Table:
    """`chronicle diff`; a side without a controller is shown by its status."""
    names = after.references.settlements
    rows: list[tuple[object, ...]] = [
        (
            change.settlement,
            names[change.settlement].name if change.settlement in names else "",
            side_text(change.before),
            side_text(change.after),
            change.since,
            change.reports,
        )
        for change in changes
    ]
    columns = ("settlement", "name", "before", "after", "since", "reports")
    return Table(columns, rows, header, _in_all(changes))


def _in_all(changes: Sequence[ControlChange]) -> list[str]:
    """`63 changed hands: 62 from gov to hts, …`, and what was reported first."""
    hands: dict[tuple[str, str], int] = {}
    first = 0
    for change in changes:
        if change.before == (None, "unknown"):
            first += 1
        else:
            sides = side_text(change.before), side_text(change.after)
            hands[sides] = hands.get(sides, 0) + 1
    notes = []
    if hands:
        most = sorted(hands.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{n} from {old} to {new}" for (old, new), n in most)
        notes.append(f"{sum(hands.values())} changed hands: {told}")
    elif not first:
        notes.append("no settlement changed hands")
    if first:
        notes.append(f"{first} reported for the first time")
    return notes


def history_table(
    settlement: str, log: Iterable[RecordedEvent], found: EffectiveClaims, header: str
) -> Table:
    """`chronicle history`: every control report on a place, in `order`, as amended.

    *counts* is *yes*, or why not: *retracted by* what, *not published by then*. Of a
    redacted report nothing is left that names a place.
    """
    standing = {s.position: s for s in found.standing}
    rows = []
    for recorded in log:
        claim: object = recorded.event
        told = standing.get(recorded.position)
        if told is not None:
            claim = told.claim
        if not isinstance(claim, ControlReported) or claim.settlement != settlement:
            continue
        now = told or EffectiveClaim(recorded.position, recorded.recorded_at, claim)
        rows.append((order(now), _history_row(now, _counts(claim, told, found))))
    rows.sort(key=lambda row: row[0])
    return Table(HISTORY_COLUMNS, [row for _, row in rows], header)


def _counts(
    claim: ControlReported, told: EffectiveClaim | None, found: EffectiveClaims
) -> str:
    if told is not None:
        return "yes" if not told.amendments else "yes, amended"
    by = found.fallen.get(claim.report_id)
    return f"no, retracted by {by}" if by else "no, not published by then"


def _history_row(one: EffectiveClaim, counts: str) -> tuple[object, ...]:
    claim = control_of(one)
    return (
        one.position,
        claim.valid_from,
        claim.time_of_day,
        side(one)[0],
        claim.status,
        claim.source,
        claim.reliability,
        claim.credibility,
        claim.published,
        one.recorded_at,
        claim.report_id,
        counts,
        said_by(claim),
    )


def said_by(claim: ControlReported) -> str:
    """The note of a claim, after whose claim it is; a claim must read as one."""
    claimed = f"claimed by {claim.claimed_by}" if claim.claimed_by else ""
    return ": ".join(filter(None, (claimed, claim.note)))


def why_table(state: State, settlement: str, history: Table) -> Table:
    """`chronicle why`: what the lens saw, what it made of it, and what it left out."""
    place = state.places[settlement]
    verdict = place.verdict
    deciding = {control_of(one).report_id for one in verdict.deciding}
    against = {control_of(one).report_id for one in verdict.against}
    last = control_of(verdict.deciding[-1]).report_id if verdict.deciding else ""
    considered = {
        control_of(s).report_id for s in state.heard.control.get(settlement, ())
    }
    sources = {control_of(one).source for one in verdict.deciding}
    unseen = "left out" if state.lens.startswith("source:") else "superseded"
    rows = []
    for row in history:
        report = row["report"]
        if report == last:
            role = "decides"
        elif report in deciding:
            role = "agrees"
        elif report in against:
            role = "against"
        elif report in considered:
            role = "superseded" if row["source"] in sources else unseen
        else:
            role = "later" if row["counts"].startswith("yes") else "left out"
        rows.append((role, *(row[name] for name in HISTORY_COLUMNS)))
    name = state.references.settlements[settlement].name
    since = f" since {verdict.since}" if verdict.since else ""
    header = (
        f"{name} ({settlement}): {side_text((place.control, place.status))}{since}, "
        f"at the {clocks(state)}"
    )
    notes = [verdict.reason, *_grades(state, verdict.deciding)]
    if place.disputed:
        notes.append("disputed: another report that stands says otherwise")
    for link in state.links:
        if {link.report, link.other} & (deciding | against):
            word = (
                "tells of the same change as"
                if link.relation == "same-change"
                else ("disputes")
            )
            notes.append(f"{link.report} {word} {link.other}")
    return Table(("role", *HISTORY_COLUMNS), rows, header, notes)


def _grades(state: State, deciding: Sequence[EffectiveClaim]) -> list[str]:
    """Which reports are graded by their source's own reliability, not by one given."""
    defaults = state.references.reliabilities()
    reports: dict[str, list[str]] = {}
    for one in deciding:
        claim = control_of(one)
        if not claim.reliability and claim.source in defaults:
            reports.setdefault(claim.source, []).append(claim.report_id)
    return [
        f"graded {defaults[source]}, the reliability of source {source}: "
        + ", ".join(ids[:5])
        + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
        for source, ids in reports.items()
    ]


FIGURE_COLUMNS = (
    "report",
    "as_of",
    "measure",
    "category",
    "persons",
    "low",
    "high",
    "qualifier",
    "area",
    "counter",
    "since",
    "until",
    "published",
    "source",
    "reliability",
    "credibility",
    "overlap",
    "note",
)


def displaced_table(state: State, area: str | None) -> Table:
    """`chronicle displaced`: the figures of a day, and how each overlaps the others.

    Areas and their counters with the newest figures come first, and of each the newest.
    """
    claims: list[DisplacementReported] = []
    for one in state.figures:
        assert isinstance(one.claim, DisplacementReported)
        if area is None or area.casefold() in place_of(one.claim).casefold():
            claims.append(one.claim)
    groups: dict[tuple[str, str], list[DisplacementReported]] = {}
    for claim in claims:
        groups.setdefault((place_of(claim), claim.counter), []).append(claim)
    for group in groups.values():
        group.sort(key=lambda claim: claim.since_day, reverse=True)
    newest = sorted(groups.items(), key=lambda item: item[0])
    newest.sort(key=lambda item: item[1][0].since_day, reverse=True)
    near = _including(claims)
    rows = [_figure_row(claim, near, state) for _, group in newest for claim in group]
    if not claims:
        figures = (one.claim for one in state.figures)
        held = sorted(
            {place_of(f) for f in figures if isinstance(f, DisplacementReported)} - {""}
        )
        there = f"; there are figures for {', '.join(held[:8])}" if held else ""
        notes = ["no figure of displaced people holds on this day" + there]
    elif reasons := reasons_not_added(claims):
        notes = [f"no total: {reason}" for reason in reasons[:REASONS]]
        if len(reasons) > REASONS:
            notes.append(f"no total: and {len(reasons) - REASONS} more reasons")
    else:
        notes = [f"total: {sum(c.persons or 0 for c in claims):,} persons"]
    where = f" in {area}" if area else ""
    header = f"Displaced{where} at the {clocks(state).rpartition(', lens')[0]}"
    return Table(FIGURE_COLUMNS, rows, header, notes)


REASONS = 5  # that are told of why figures may not be added


def _including(
    claims: Sequence[DisplacementReported],
) -> dict[str, list[DisplacementReported]]:
    """For each report those that it includes or that include it, in their order."""
    number = {claim.report_id: n for n, claim in enumerate(claims)}
    near: dict[str, set[int]] = {}
    for claim in claims:
        for other in claim.includes:
            if other in number and other != claim.report_id:
                near.setdefault(claim.report_id, set()).add(number[other])
                near.setdefault(other, set()).add(number[claim.report_id])
    return {id_: [claims[n] for n in sorted(of)] for id_, of in near.items()}


def _figure_row(
    claim: DisplacementReported,
    near: dict[str, list[DisplacementReported]],
    state: State,
) -> tuple[object, ...]:
    overlap = [relation(claim, other) for other in near.get(claim.report_id, ())]
    counter = claim.counter
    who = state.references.sources.get(counter)
    if counter in state.references.actors or (who and "belligerent" in who.kind):
        counter += " (a belligerent's claim)"
    return (
        claim.report_id,
        claim.since_day,
        claim.measure,
        claim.category,
        claim.persons,
        claim.low,
        claim.high,
        claim.qualifier,
        place_of(claim),
        counter,
        claim.since,
        claim.until,
        claim.published,
        claim.source,
        claim.reliability,
        claim.credibility,
        "; ".join(overlap),
        claim.note,
    )
