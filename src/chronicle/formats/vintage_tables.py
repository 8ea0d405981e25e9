"""What came in when, and what one import said anew: tables over the log."""

from __future__ import annotations

from collections.abc import Iterable

from chronicle.domain.events import (
    Claim,
    ImportFinished,
    Reference,
    Report,
    ReportAmended,
    ReportRetracted,
)
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import InputError

__all__ = ["CHANGES", "VINTAGES", "changes_table", "vintages_table"]

VINTAGES = (
    "position",
    "recorded_at",
    "dataset",
    "file",
    "new",
    "changed",
    "gone",
    "problems",
    "digest",
)
CHANGES = ("report", "what", "field", "before", "after")


def vintages_table(log: Iterable[RecordedEvent]) -> Table:
    """A row for each import of a file, in the order in which they came in.

    *position* is that of its `ImportFinished`: what `--known-at @POSITION`, `--undo`
    and `--known-from @POSITION` take. *digest* is SHA-256 of the file.
    """
    rows = [
        (
            one.position,
            one.recorded_at,
            one.event.dataset,
            one.event.file,
            one.event.new,
            one.event.changed,
            one.event.gone,
            one.event.problems,
            one.event.digest,
        )
        for one in log
        if isinstance(one.event, ImportFinished)
    ]
    return Table(VINTAGES, rows, "Imports, oldest first")


def changes_table(log: Iterable[RecordedEvent], position: int) -> Table:
    """What one import changed of what was told before, a field a row.

    *what* is `changed`, `gone` or `back`; new reports are counted in the notes. Raises
    `InputError` where no import was closed at *position*.
    """
    events = list(log)
    closing = events[position - 1] if 0 < position <= len(events) else None
    if closing is None or not isinstance(closing.event, ImportFinished):
        raise InputError(
            f"no import was closed at position {position}; "
            "chronicle vintages lists them"
        )
    after = max(
        (
            one.position
            for one in events[: position - 1]
            if isinstance(one.event, ImportFinished)
        ),
        default=0,
    )
    said: dict[str, dict[str, object]] = {}  # of each report, what was amended so far
    told: dict[str, Report] = {}
    rows: list[tuple[object, ...]] = []
    new = 0
    for one in events[:position]:
        event = one.event
        mine = one.position > after and one.recorded_at == closing.recorded_at
        if isinstance(event, Reference):
            continue
        if isinstance(event, Claim):
            new += mine
        elif isinstance(event, ReportAmended):
            now = said.setdefault(event.report, {})
            for name, value in event.changes:
                if mine:
                    first = getattr(told.get(event.report), name, None)
                    before = _shown(now.get(name, first))
                    rows.append((event.report, "changed", name, before, _shown(value)))
                now[name] = value
        elif isinstance(event, ReportRetracted) and mine:
            target = told.get(event.report)
            if isinstance(target, ReportRetracted):
                rows.append((target.report, "back", "", "", event.reason))
            else:
                rows.append((event.report, "gone", "", "", event.reason))
        if isinstance(event, Report):
            told[event.report_id] = event
    found = closing.event
    header = f"What {found.file} ({found.dataset}) said anew, closed at {position}"
    changed = len({row[0] for row in rows if row[1] == "changed"})
    return Table(CHANGES, rows, header, [f"{new:,} new, {changed:,} changed"])


def _shown(value: object) -> str:
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
