"""Fields of events from words on a command line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from typing import Any

from chronicle.domain import events
from chronicle.domain.base import ACTOR_FIELDS, PLACE_FIELDS, rules_of
from chronicle.domain.events import Claim, Event
from chronicle.domain.names import Gazetteer, did_you_mean
from chronicle.errors import AmbiguousName, BadField, UnknownId, UsageError

__all__ = ["changes_of", "event_of"]

FLAGS = {"yes": True, "true": True, "no": False, "false": False}


def event_of(chronicle: Any, name: str, given: Mapping[str, str]) -> Event:
    """The event class *name* with the fields that were given as words.

    A report without an id gets one from its content, so that telling the same twice
    adds nothing. Raises `UsageError` for a field that there is not, or that is missing.
    """
    cls: Any = getattr(events, name)
    known = {f.name: f for f in fields(cls)}
    values = {}
    for field, text in given.items():
        if field not in known:
            raise UsageError(_no_field(field, cls, list(known)))
        values[field] = _value(chronicle, cls, field, text)
    if "report_id" in known and "report_id" not in values:
        told = "\0".join(f"{k}={given[k]}" for k in sorted(given))
        digest = hashlib.sha256(f"{cls.TYPE}\0{told}".encode()).hexdigest()
        values["report_id"] = f"hand:{digest[:12]}"
    missing = [
        f.name for f in known.values() if f.default is MISSING and f.name not in values
    ]
    if missing:
        raise UsageError(f"{cls.TYPE} also wants {', '.join(sorted(missing))}")
    event: Event = cls(**values)
    return event


def changes_of(chronicle: Any, report: str, given: Mapping[str, str]) -> Any:
    """The changes of an amendment from words; the report has the fields."""
    if not given:
        raise UsageError("amend what? Give fields as name=value")
    recorded = chronicle.report(report)
    if recorded is None or not isinstance(recorded.event, Claim):
        return tuple(given.items())  # `decide` says what is wrong with the report
    cls: Any = type(recorded.event)
    known = [f.name for f in fields(cls)]
    changes = []
    for field, text in given.items():
        if field not in known:
            raise UsageError(_no_field(field, cls, known))
        changes.append((field, _value(chronicle, cls, field, text)))
    return tuple(changes)


def _no_field(field: str, cls: Any, known: list[str]) -> str:
    hint = did_you_mean(field, known, f"there are {', '.join(known)}")
    return f"{cls.TYPE} has no field {field!r}{hint}"


def _value(chronicle: Any, cls: Any, field: str, text: str) -> Any:
    """The first reading of *text* that the rule takes: text, number, flag, list.

    Empty is unknown, where the field may be unknown.
    """
    rule = rules_of(cls)[field]
    if field in PLACE_FIELDS and text and cls.TYPE != "settlement-registered":
        return chronicle.find(text)
    if field in ACTOR_FIELDS and text:
        return _actor(chronicle, text)
    readings: list[Any] = [None, ""] if text == "" else [text]
    if text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 19:
        readings.append(int(text))
    with suppress(ValueError):
        readings.append(float(text))
    if text.lower() in FLAGS:
        readings.append(FLAGS[text.lower()])
    readings.append([part for part in text.replace("|", " ").split() if part])
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
