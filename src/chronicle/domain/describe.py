"""What an event says, in a line: claims read as claims, the alleged as alleged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chronicle.domain.displacement import place_of
from chronicle.domain.events import Event, Redacted
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent

__all__ = ["id_of", "incident_text", "log_table", "says", "side_text"]


def side_text(said: tuple[str | None, str]) -> str:
    """A side in a word or two: `hts`, `contested`, `gov besieged`."""
    control, status = said
    if control is None:
        return status
    return control if status == "held" else f"{control} {status}"


LOG_COLUMNS = ("position", "recorded_at", "type", "source", "published", "id", "says")


def log_table(log: Iterable[RecordedEvent]) -> Table:
    """`chronicle log` for people; `--format jsonl` has every field."""
    rows: list[tuple[object, ...]] = []
    for position, recorded_at, event in log:
        if isinstance(event, Redacted):
            told: tuple[object, ...] = (
                "redacted",
                event.source,
                None,
                event.report_id,
                "",
            )
        else:
            source, published = (
                getattr(event, "source", ""),
                getattr(event, "published", None),
            )
            told = event.TYPE, source, published, id_of(event), says(event)
        rows.append((position, recorded_at, *told))
    return Table(LOG_COLUMNS, rows, "The log, in order of position")


def id_of(event: Event) -> str:
    """The id that an event goes by."""
    return str(getattr(event, "report_id", "") or getattr(event, "key", ""))


def says(event: Any) -> str:
    """What an event says, in a line; what is alleged reads as alleged."""
    match event.TYPE:
        case "control-reported":
            who = side_text((event.controller, event.status))
            claimed = f" (claimed by {event.claimed_by})" if event.claimed_by else ""
            return f"{event.settlement}: {who} from {event.valid_from}{claimed}"
        case "displacement-reported":
            number = "no number" if event.persons is None else f"{event.persons:,}"
            return (
                f"{event.qualifier} {number} {event.category} ({event.measure}), "
                f"{place_of(event)}, as of {event.since_day}, says {event.counter}"
            ).strip()
        case "incident-reported":
            return incident_text(event)
        case "support-reported":
            return f"{event.backer}: said to back {event.backed}"
        case "legend-reported":
            return f"on {event.legend}: {event.colour} means {event.means}"
        case "route-status-reported":
            word = "shut" if event.shut else "open"
            return f"{event.route}: {word} from {event.valid_from}"
        case "report-retracted":
            return f"{event.report} does not count: {event.reason or 'no reason given'}"
        case "report-amended":
            new = ", ".join(f"{name}={value}" for name, value in event.changes)
            return f"{event.report}: {new}"
        case "report-redacted":
            return f"{event.report}: payload removed"
        case "reports-linked":
            return f"{event.report} {event.relation} {event.other}"
        case "import-finished":
            return (
                f"{event.file}: {event.new} new, {event.changed} changed, "
                f"{event.gone} gone, {event.problems} problems"
            )
        case "evidence-exported":
            what = f"{event.reports:,} reports" if event.reports else "the whole log"
            return f"{event.file}: {what} as evidence, at position {event.events:,}"
    return str(getattr(event, "name", ""))


def incident_text(event: Any) -> str:
    """An incident in a line: the author is alleged, never known."""
    parts = [event.kind]
    if event.alleged_actor:
        parts.append(f"allegedly by {event.alleged_actor}")
    if event.settlement:
        parts.append(f"at {event.settlement}")
    for word, number in (("killed", event.killed), ("injured", event.injured)):
        if number is not None:
            parts.append(f"{number} {word}")
    if event.claimed_by:
        parts.append(f"claimed by {event.claimed_by}")
    if event.disputed:
        parts.append("disputed")
    if event.aggregate:
        parts.append("an aggregate: not to be added up")
    told = ", ".join(parts) + f" ({event.valid_from})"
    return f"{told}: {event.note}" if event.note else told
