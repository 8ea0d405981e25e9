"""The history of a conflict as an append-only log of sourced claims.

    import chronicle as ch
    log = ch.open("syria.chronicle")
    log.state(on="2024-11-30", known_at="2024-12-01").control["aleppo"]

Names are loaded when they are first used, so that a command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from chronicle.events import ControlReported as ControlReported

_EVENTS = (
    "ActorRegistered",
    "ControlReported",
    "DisplacementReported",
    "ImportFinished",
    "IncidentReported",
    "LegendReported",
    "ReportAmended",
    "ReportRedacted",
    "ReportRetracted",
    "ReportsLinked",
    "RouteRegistered",
    "RouteStatusReported",
    "SettlementRegistered",
    "SourceRegistered",
    "SupportReported",
)
_HOMES = dict.fromkeys(_EVENTS, "chronicle.events")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'chronicle' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
