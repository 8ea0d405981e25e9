"""What was said: the events of the domain, plain, frozen and checked.

An event states a fact of the record in the past tense. Its `TYPE` is what the log
stores, so classes may be renamed freely; its fields are a closed set. Dates may be
given as `date` or as ISO text (`YYYY-MM-DD`); whatever else is given wrong raises
`BadField` with the field, the value and the rule.

This is the one door to them; behind it are the closed words (`vocabulary`), the rules
of the fields (`checked`), and the events by kind (`registrations`, `claims`,
`remarks`).
"""

from __future__ import annotations

from chronicle.domain.base import (
    EVENTS,
    FIELD_NAMES,
    Claim,
    Event,
    Reference,
    Remark,
    Report,
)
from chronicle.domain.claims import (
    ControlReported,
    DisplacementReported,
    IncidentReported,
    LegendReported,
    RouteStatusReported,
    SupportReported,
)
from chronicle.domain.corrections import (
    FIXED,
    EvidenceExported,
    ImportFinished,
    Redacted,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    amended,
    with_changes,
)
from chronicle.domain.references import (
    ActorRegistered,
    RouteRegistered,
    SettlementRegistered,
    SourceRegistered,
    as_published,
    is_dated,
    route_id,
)
from chronicle.domain.vocabulary import (
    CATEGORIES,
    CIVILIANS,
    EDITOR,
    INCIDENT_KINDS,
    MEASURES,
    NAMELESS,
    PRECISIONS,
    QUALIFIERS,
    RELATIONS,
    RELIABILITIES,
    ROAD_CLASSES,
    SENSITIVITIES,
    STATUSES,
    TERRITORY_KINDS,
    TIMES_OF_DAY,
)

__all__ = [
    "CATEGORIES",
    "CIVILIANS",
    "EDITOR",
    "EVENTS",
    "FIELD_NAMES",
    "FIXED",
    "INCIDENT_KINDS",
    "MEASURES",
    "NAMELESS",
    "PRECISIONS",
    "QUALIFIERS",
    "RELATIONS",
    "RELIABILITIES",
    "ROAD_CLASSES",
    "SENSITIVITIES",
    "STATUSES",
    "TERRITORY_KINDS",
    "TIMES_OF_DAY",
    "ActorRegistered",
    "Claim",
    "ControlReported",
    "DisplacementReported",
    "Event",
    "EvidenceExported",
    "ImportFinished",
    "IncidentReported",
    "LegendReported",
    "Redacted",
    "Reference",
    "Remark",
    "Report",
    "ReportAmended",
    "ReportRedacted",
    "ReportRetracted",
    "ReportsLinked",
    "RouteRegistered",
    "RouteStatusReported",
    "SettlementRegistered",
    "SourceRegistered",
    "SupportReported",
    "amended",
    "as_published",
    "is_dated",
    "route_id",
    "with_changes",
]
