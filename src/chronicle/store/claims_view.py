"""All claims as one flat SQL table, in their amended form, with whether they count."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from chronicle.domain.events import Claim, Remark, ReportRedacted
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.errors import UnknownReport
from chronicle.store.log import EventLog
from chronicle.store.register import recorded_of

__all__ = ["ClaimsView"]

COLUMNS = (
    *("report", "position", "type", "source", "published", "valid_from"),
    *("settlement", "controller", "status", "counts"),
)


class ClaimsView:
    """A `Projection`: table `claims`, one row a claim, for SQL and other tools.

    *counts* is 1 for a claim that stands now, 0 for a retracted one. A redacted claim
    has no row: its payload leaves the views too.
    """

    name = "claims.1"

    def create(self, view: sqlite3.Cursor) -> None:
        view.execute(
            "CREATE TABLE IF NOT EXISTS claims (report TEXT PRIMARY KEY, "
            "position INTEGER NOT NULL, type TEXT NOT NULL, source TEXT NOT NULL, "
            "published TEXT, valid_from TEXT NOT NULL, settlement TEXT, "
            "controller TEXT, status TEXT, counts INTEGER NOT NULL) STRICT"
        )

    def apply(
        self, view: sqlite3.Cursor, batch: Sequence[RecordedEvent], log: EventLog
    ) -> None:
        rows = [claim_row(one, one.event, 1) for one in batch if _told(one)]
        marks = ",".join("?" * len(COLUMNS))
        view.executemany(f"INSERT OR REPLACE INTO claims VALUES ({marks})", rows)
        upto = batch[-1].position
        remarks = [one.event for one in batch if isinstance(one.event, Remark)]
        for report in dict.fromkeys(_root(remark, log) for remark in remarks):
            self._again(view, report, log, upto)

    def _again(
        self, view: sqlite3.Cursor, report: str, log: EventLog, upto: int
    ) -> None:
        """Tell one claim anew, as the remarks up to a position leave it."""
        family = _family(report, log, upto)
        first = family[0]
        if not isinstance(first.event, Claim):
            view.execute("DELETE FROM claims WHERE report = ?", (report,))
            return
        found = effective_claims(family)
        standing = next(
            (s for s in found.standing if s.position == first.position), None
        )
        claim = standing.claim if standing else first.event
        marks = ",".join("?" * len(COLUMNS))
        view.execute(
            f"INSERT OR REPLACE INTO claims VALUES ({marks})",
            claim_row(first, claim, int(standing is not None)),
        )


def _told(one: RecordedEvent) -> bool:
    return isinstance(one.event, Claim)


def claim_row(one: RecordedEvent, claim: Any, counts: int) -> tuple[Any, ...]:
    """The row of a claim in the view."""
    published = claim.published
    return (
        claim.report_id,
        one.position,
        claim.TYPE,
        claim.source,
        published.isoformat() if published else None,
        claim.since_day.isoformat(),
        getattr(claim, "settlement", None),
        getattr(claim, "controller", None),
        getattr(claim, "status", None),
        counts,
    )


def _root(remark: Any, log: EventLog) -> str:
    """The claim that a remark, or a remark on it, is about in the end."""
    report: str = remark.report
    while True:
        found = log.report(report)
        if found is None:
            raise UnknownReport(report)
        if isinstance(found.event, Remark) and not isinstance(
            found.event, ReportRedacted
        ):
            report = found.event.report
        else:
            return report


def _family(report: str, log: EventLog, upto: int) -> list[RecordedEvent]:
    """A claim, the remarks on it and those on them, in order, up to a position."""
    rows = {row.position: row for row in log.store.reports([report]).values()}
    todo = [report]
    while todo:
        about = [row for row in log.store.remarks_on(todo) if row.position <= upto]
        todo = [r.report for r in about if r.report and r.position not in rows]
        rows |= {row.position: row for row in about}
    return [recorded_of(rows[position]) for position in sorted(rows)]
