"""Events from words that a person typed, on a command line or in a form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Final

from chronicle.domain.base import ACTOR_FIELDS, PLACE_FIELDS, rules_of
from chronicle.domain.events import (
    ActorRegistered,
    Claim,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    LegendReported,
    Reference,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.domain.names import Gazetteer, did_you_mean
from chronicle.errors import (
    AmbiguousName,
    BadField,
    ChronicleError,
    UnknownId,
    UsageError,
)

if TYPE_CHECKING:
    from chronicle.api.base import OpenRecord

__all__ = ["KINDS", "changes_of", "event_of", "made_of", "read_fields", "required"]

KINDS: Final[dict[str, type[Event]]] = {
    "control": ControlReported,
    "displacement": DisplacementReported,
    "incident": IncidentReported,
    "support": SupportReported,
    "route-status": RouteStatusReported,
    "legend": LegendReported,
    "settlement": SettlementRegistered,
    "route": RouteRegistered,
    "actor": ActorRegistered,
    "source": SourceRegistered,
}
FLAGS = {"yes": True, "true": True, "no": False, "false": False}


def required(cls: type[Event]) -> list[str]:
    """The fields without which there is no event of that class, in their order."""
    return [f.name for f in fields(cls) if f.default is MISSING]


def event_of(chronicle: OpenRecord, cls: type[Event], given: Mapping[str, str]) -> Any:
    """The event with the fields that were given as words.

    Raises what `read_fields` finds, and what `made_of` raises.
    """
    values, faults = read_fields(chronicle, cls, given)
    for fault in faults.values():
        raise fault
    return made_of(cls, given, values)


def made_of(
    cls: type[Event], given: Mapping[str, str], values: Mapping[str, Any]
) -> Any:
    """The event of the *values* that `read_fields` made of what was *given*.

    A claim without an id gets one from its content, so that telling the same twice
    adds nothing. Raises `UsageError` for a field that is missing, `BadField` where
    fields contradict each other.
    """
    values = dict(values)
    known = [f.name for f in fields(cls)]
    if issubclass(cls, Claim) and "report_id" not in values:
        told = "\0".join(f"{k}={given[k]}" for k in sorted(given))
        digest = hashlib.sha256(f"{cls.TYPE}\0{told}".encode()).hexdigest()
        values["report_id"] = f"hand:{digest[:12]}"
    missing = [name for name in required(cls) if name not in values]
    if missing:
        raise UsageError(f"{cls.TYPE} also wants {', '.join(sorted(missing))}")
    return cls(**{name: values[name] for name in known if name in values})


def read_fields(
    chronicle: OpenRecord, cls: type[Event], given: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, ChronicleError]]:
    """The values of the words that can be read, and what is wrong with the others.

    Nothing is said of fields that are missing, or that contradict each other.
    """
    known = [f.name for f in fields(cls)]
    values: dict[str, Any] = {}
    faults: dict[str, ChronicleError] = {}
    for field, text in given.items():
        try:
            if field not in known:
                raise UsageError(_no_field(field, cls, known))
            values[field] = _value(chronicle, cls, field, text)
        except ChronicleError as fault:
            faults[field] = fault
    return values, faults


def changes_of(
    chronicle: Any, report: str, given: Mapping[str, str]
) -> tuple[tuple[str, Any], ...]:
    """The changes of an amendment from words; the report has the fields."""
    if not given:
        raise UsageError("amend what? Give fields as name=value")
    recorded = chronicle.report(report)
    if recorded is None or not isinstance(recorded.event, Claim):
        return tuple(given.items())  # `decide` says what is wrong with the report
    values, faults = read_fields(chronicle, type(recorded.event), given)
    for fault in faults.values():
        raise fault
    return tuple(values.items())


def _no_field(field: str, cls: Any, known: list[str]) -> str:
    hint = did_you_mean(field, known, f"there are {', '.join(known)}")
    return f"{cls.TYPE} has no field {field!r}{hint}"


def _value(chronicle: Any, cls: Any, field: str, text: str) -> Any:
    """The first reading of *text* that the rule takes: text, number, flag, list.

    Empty is unknown, where the field may be unknown.
    """
    rule = rules_of(cls)[field]
    if field in PLACE_FIELDS and text and cls is not SettlementRegistered:
        return chronicle.find(text)
    if field in ACTOR_FIELDS and text:
        return _actor(chronicle, text)
    if field == "source" and not issubclass(cls, Reference):
        text = _source(chronicle, text)
    readings: list[Any] = [None, ""] if text == "" else [text]
    if text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 19:
        readings.append(int(text))
    with suppress(ValueError):
        readings.append(float(text))
    if text.lower() in FLAGS:
        readings.append(FLAGS[text.lower()])
    parts = text.split("|") if "|" in text or field == "aliases" else text.split()
    readings.append([part.strip() for part in parts if part.strip()])
    said = ""
    for reading in readings:
        try:
            rule(reading)
        except ValueError as broken:
            said = said or str(broken)
        else:
            return reading
    raise BadField(cls.TYPE, field, text, said)


def _actor(chronicle: Any, text: str) -> str:
    """The id of the actor of that name; raises `UnknownId` with candidates."""
    actors = chronicle.references().actors
    names = {id_: (actor.name, actor.short) for id_, actor in actors.items()}
    gazetteer = Gazetteer(
        {id_: [n for n in given if n] for id_, given in names.items()}
    )
    found = gazetteer.find(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousName("actor", text, found)
    raise UnknownId("actor", text, gazetteer.like(text))


def _source(chronicle: Any, text: str) -> str:
    """The id of the one source of that name; else *text*, as sources need no entry."""
    sources = chronicle.references().sources
    if text in sources:
        return text
    found = Gazetteer({id_: [one.name] for id_, one in sources.items()}).find(text)
    return found[0] if len(found) == 1 else text
