"""What can be entered on the page, field by field: the domain's own rules, told."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, Final

from chronicle.api.by_hand import KINDS
from chronicle.domain.base import ACTOR_FIELDS, PLACE_FIELDS, Event, rules_of
from chronicle.domain.corrections import FIXED
from chronicle.domain.events import (
    Claim,
    Reference,
    ReportAmended,
    ReportRetracted,
    ReportsLinked,
    SettlementRegistered,
    SourceRegistered,
)

__all__ = ["DEEDS", "entry_form"]

DEEDS: Final[dict[str, type[Event]]] = {
    **KINDS,
    "amend": ReportAmended,
    "retract": ReportRetracted,
    "link": ReportsLinked,
}
_FIRST: Final[dict[str, tuple[str, ...]]] = {  # shown at once; the others when asked
    "control": ("settlement", "status", "controller", "valid_from"),
    "displacement": (
        *("measure", "category", "persons", "settlement", "area", "counter"),
        *("valid_on", "since", "until"),
    ),
    "incident": (
        *("kind", "settlement", "area", "valid_from", "alleged_actor"),
        *("killed_low", "killed", "killed_high"),
    ),
    "support": ("backer", "backed", "support", "valid_from"),
    "route-status": ("settlement_a", "settlement_b", "shut", "valid_from", "until"),
    "legend": ("legend", "colour", "means", "valid_from"),
    "settlement": ("name", "settlement", "lat", "lon", "aliases", "admin1"),
    "route": ("settlement_a", "settlement_b", "distance_km", "road_class"),
    "actor": ("name", "actor", "short", "side", "since"),
    "source": ("name", "source", "kind", "reliability"),
    "amend": ("report", "reason"),
    "retract": ("report", "reason"),
    "link": ("report", "relation", "other"),
}
_SAID: Final = ("source", "published", "reliability", "credibility", "note", "ref")
_LEFT_OUT: Final = frozenset({"dataset", "changes", "baseline", "basis"})


def entry_form() -> dict[str, Any]:
    """Each kind of entry with its fields, in the order in which they are asked.

    A field says its shape and rule in words, whether it is needed, whether an
    amendment may change it, what completes it (`place`, `actor`, `source`, `report`),
    and whether it is the id of what is registered, which a name proposes.
    """
    return {name: _fields(name, cls) for name, cls in DEEDS.items()}


def _fields(name: str, cls: type[Event]) -> list[dict[str, Any]]:
    rules = rules_of(cls)
    defaults = {f.name: f.default for f in fields(cls)}
    first = [*_FIRST[name], *(_SAID if issubclass(cls, Claim) else ())]
    rest = [one for one in rules if one not in first and one not in _LEFT_OUT]
    found = []
    for field in (*first, *rest):
        default = defaults[field]
        rule = rules[field]
        found.append(
            {
                "name": field,
                "shape": rule.shape,
                "rule": rule.words,
                "allowed": list(rule.allowed),
                "needed": default is MISSING and field != "report_id",  # one is given
                "default": default if isinstance(default, str) else "",
                "first": field in first,
                "fixed": field in FIXED,
                "completes": _completes(cls, field),
                "own": issubclass(cls, Reference) and field == name,
            }
        )
    return found


def _completes(cls: type[Event], field: str) -> str:
    if field in PLACE_FIELDS and cls is not SettlementRegistered:
        return "place"
    if field in ACTOR_FIELDS:
        return "actor"
    if field == "source" and cls is not SourceRegistered:
        return "source"
    return "report" if field in ("report", "other") else ""
