"""`chronicle incidents`: what happened, and which people hurt may be added up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chronicle.domain.events import IncidentReported
from chronicle.domain.state import State
from chronicle.domain.table import Table
from chronicle.domain.views import clocks

__all__ = ["incidents_table"]

INCIDENT_COLUMNS = (
    *("report", "valid_from", "settlement", "kind", "alleged_actor"),
    *("killed", "killed_low", "killed_high"),
    *("injured", "injured_low", "injured_high"),
    *("civilians", "disputed", "aggregate", "claimed_by"),
    *("published", "source", "reliability", "credibility", "note"),
)
_FIELDS = {"report": "report_id"}


def incidents_table(
    state: State, since: date | None, settlement: str | None, kind: str | None
) -> Table:
    """`chronicle incidents`: what happened up to a day, the newest first.

    The author of an incident is alleged, never known. People are added up only where
    no report is an aggregate and no two may tell of one incident: same day and place.
    """
    claims = [
        claim
        for one in state.heard.incidents
        if isinstance(claim := one.claim, IncidentReported)
        and (since is None or claim.since_day >= since)
        and (settlement is None or claim.settlement == settlement)
        and (kind is None or claim.kind == kind)
    ]
    claims.sort(key=lambda claim: claim.since_day, reverse=True)
    rows = [
        tuple(
            getattr(claim, _FIELDS.get(name, name), None) for name in INCIDENT_COLUMNS
        )
        for claim in claims
    ]
    first = f"from {since} " if since else ""
    header = f"Incidents {first}to the {clocks(state).rpartition(', lens')[0]}"
    return Table(INCIDENT_COLUMNS, rows, header, _people_hurt(claims))


def _people_hurt(claims: Sequence[IncidentReported]) -> list[str]:
    if not claims:
        return ["no incident that counts was reported of these days"]
    seen: dict[tuple[date, str | None], str] = {}
    for claim in claims:
        if claim.aggregate:
            return [f"no total: {claim.report_id} is itself a total of several"]
        spot = claim.since_day, claim.settlement
        if claim.settlement and spot in seen:
            return [
                f"no total: {claim.report_id} and {seen[spot]} may tell of one "
                f"incident ({claim.settlement}, {claim.since_day})"
            ]
        seen[spot] = claim.report_id
    told = []
    for word in ("killed", "injured"):
        known = [n for c in claims if (n := getattr(c, word)) is not None]
        if known:
            told.append(f"{sum(known):,} {word} in {len(known)} of {len(claims)}")
    return ["; ".join(told) or "no report gives a number of people"]
