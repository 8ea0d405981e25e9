"""What a careful reader would ask about a record: `chronicle check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from chronicle.domain.displacement import place_of
from chronicle.domain.events import (
    Claim,
    ControlReported,
    DisplacementReported,
    ImportFinished,
    IncidentReported,
    Redacted,
    Report,
)
from chronicle.domain.lenses import control_of
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent, order

__all__ = ["STALE_DAYS", "check_table"]

STALE_DAYS = 7
COLUMNS = ("finding", "about", "says")

Finding = tuple[str, str, str]


# Worst first; each with what to do about it.
KINDS = {
    "broken reference": "register what is missing, or amend the report that names it",
    "import problem": "mend the file and import it again",
    "disputed": "chronicle why tells the reports for and against",
    "drift": "a flow may be missing, or a figure wrong",
    "unlocated": "give these places coordinates to have them on maps",
    "never mentioned": "nothing is known of these places",
    "stale": "silence is not quiet: look for newer reports",
}
FEW = 20  # places that were last heard of on one day, and are still told one by one


def check_table(state: State, log: Iterable[RecordedEvent], stale_days: int) -> Table:
    """Findings by kind, worst first; all of it wants a person's eye.

    Places that are stale since one and the same day are told together where they are
    many. A place of which no report ever spoke is told as that alone.
    """
    events = list(log)
    findings: list[Finding] = [
        *_disputes(state),
        *_stale(state, stale_days),
        *_imports(events),
        *_drift(state),
        *_broken(state, events),
        *_unmentioned(state, events),
    ]
    ranks = list(KINDS)
    findings.sort(key=lambda finding: ranks.index(finding[0]))  # stable
    counts = {kind: 0 for kind, _, _ in findings}
    for kind, _, _ in findings:
        counts[kind] += 1
    notes = [f"{number} {kind}: {KINDS[kind]}" for kind, number in counts.items()]
    if not events:
        notes = ["this record is empty; chronicle import puts reports in"]
    on = f", on {state.on}" if events and state.on != date.min else ""
    return Table(COLUMNS, list(findings), f"Check of {len(events):,} events{on}", notes)


def _disputes(state: State) -> Iterator[Finding]:
    for id_, place in sorted(state.places.items()):
        if place.disputed:
            yield "disputed", id_, place.verdict.reason
    standing = {
        control_of(one).report_id
        for reports in state.heard.control.values()
        for one in reports
    }
    for link in state.links:
        if link.relation == "disputes" and {link.report, link.other} <= standing:
            yield "disputed", link.report, f"disputes {link.other}; both stand"


def _stale(state: State, days: int) -> Iterator[Finding]:
    """Places that nobody spoke of lately; an empty place is not a quiet one."""
    limit = state.on - timedelta(days=days) if state.on.toordinal() > days else date.min
    since: dict[date | None, list[str]] = {}
    for id_, place in sorted(state.places.items()):
        if place.last_heard is None:
            if state.heard.control.get(id_):
                since.setdefault(None, []).append(id_)
        elif place.last_heard < limit:
            since.setdefault(place.last_heard, []).append(id_)
    for day in sorted(since, key=lambda day: day or date.min):
        ids = since[day]
        says = f"last heard of on {day}" if day else "only the baseline speaks of it"
        if len(ids) <= FEW:
            yield from (("stale", id_, says) for id_ in ids)
        else:
            listed = ", ".join(ids[:5])
            yield "stale", f"{len(ids)} places", f"{says}: {listed}, …"


def _imports(events: list[RecordedEvent]) -> Iterator[Finding]:
    """The problems that the last import of each file left behind."""
    last: dict[tuple[str, str], ImportFinished] = {}
    for recorded in events:
        if isinstance(recorded.event, ImportFinished):
            last[recorded.event.dataset, recorded.event.file] = recorded.event
    for finished in last.values():
        for line in finished.note.splitlines() if finished.problems else ():
            kind = "unlocated" if "not located" in line else "import problem"
            yield kind, finished.dataset, line


def _drift(state: State) -> Iterator[Finding]:
    """Stocks of one counter that changed by what no flow in between explains.

    Several of one day may be parts of one figure: they are compared with nothing.
    """
    series: dict[tuple[str, str, str], list[DisplacementReported]] = {}
    flows: list[DisplacementReported] = []
    for one in sorted(state.heard.figures, key=order):
        claim = one.claim
        assert isinstance(claim, DisplacementReported)
        if claim.measure == "stock" and claim.persons is not None:
            key = claim.counter, claim.category, place_of(claim)
            series.setdefault(key, []).append(claim)
        elif claim.measure == "flow":
            flows.append(claim)
    for (counter, category, area), stocks in series.items():
        times = Counter(stock.since_day for stock in stocks)
        for before, after in pairwise(stocks):
            if times[before.since_day] > 1 or times[after.since_day] > 1:
                continue
            moved = (after.persons or 0) - (before.persons or 0)
            if moved == 0:
                continue
            between = [
                flow.report_id
                for flow in flows
                if place_of(flow) == area
                and flow.since
                and flow.until
                and before.since_day <= flow.since
                and flow.until <= after.since_day + timedelta(days=1)
            ]
            told = " ".join(between) or "none"
            yield (
                "drift",
                after.report_id,
                f"{category}, {area}, {counter}: {moved:+,} since {before.report_id} "
                f"of {before.since_day}; flows reported inside that span: {told}",
            )


def _broken(state: State, events: list[RecordedEvent]) -> Iterator[Finding]:
    """Names that nothing stands behind."""
    told = {
        recorded.event.report_id
        for recorded in events
        if isinstance(recorded.event, Report | Redacted)
    }
    unknown: dict[str, int] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, Claim) and event.source not in state.references.sources:
            unknown[event.source] = unknown.get(event.source, 0) + 1
        if isinstance(event, DisplacementReported):
            for other in event.includes:
                if other not in told:
                    yield "broken reference", event.report_id, f"includes {other}"
    for source, number in sorted(unknown.items()):
        yield (
            "broken reference",
            source,
            f"{number} reports by a source that is not registered",
        )


def _unmentioned(state: State, events: list[RecordedEvent]) -> Iterator[Finding]:
    """Registered settlements of which no report ever spoke."""
    spoken: set[object] = set()
    for recorded in events:
        event = recorded.event
        if isinstance(event, ControlReported | IncidentReported | DisplacementReported):
            spoken.add(event.settlement)
    for id_ in sorted(state.references.settlements.keys() - spoken):
        yield "never mentioned", id_, "registered, and no report speaks of it"
