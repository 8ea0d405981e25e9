"""What every event has in common: fields that are checked, each by one rule.

A field name means one thing in the whole program, so it keeps one rule (`RULES`); the
few exceptions stand in `OWN` of the class. `EVENTS` is all that the log may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Any, ClassVar, TypeVar

from chronicle.domain.fields import (
    NAME_LENGTH,
    TEXT_LENGTH,
    Rule,
    choice,
    count,
    credibility,
    day,
    flag,
    ident,
    matching,
    number,
    optional,
    several,
    text,
)
from chronicle.domain.vocabulary import (
    CATEGORIES,
    CIVILIANS,
    MEASURES,
    PRECISIONS,
    QUALIFIERS,
    RELATIONS,
    RELIABILITIES,
    ROAD_CLASSES,
    SENSITIVITIES,
    STATUSES,
    TIMES_OF_DAY,
)
from chronicle.errors import BadField

__all__ = [
    "EVENTS",
    "RULES",
    "Claim",
    "Event",
    "Reference",
    "Remark",
    "Report",
    "half_open",
    "rules_of",
    "stored",
    "title",
]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_name = text(NAME_LENGTH)
title = text(NAME_LENGTH, needed=True)
_note = text(TEXT_LENGTH, lines=True)

RULES: dict[str, Rule] = {
    "actor": ident,
    "admin1": _name,
    "admin1_pcode": _name,
    "affiliation": _name,
    "aggregate": flag,
    "aliases": several(title, 200),
    "alleged_actor": optional(ident),
    "area": _name,
    "backed": ident,
    "backer": title,
    "baseline": flag,
    "basis": _name,
    "category": choice(*CATEGORIES),
    "changed": count,
    "changes": lambda value: value,  # `ReportAmended` has a rule of its own
    "civilians": choice(*CIVILIANS),
    "claimed_by": _name,
    "colour": matching(_COLOUR, "must be a colour, #rrggbb"),
    "controller": optional(ident),
    "counter": _name,
    "credibility": optional(credibility),
    "dataset": _name,
    "destination": optional(ident),
    "digest": matching(_DIGEST, "must be a SHA-256 in lower-case hexadecimal"),
    "disputed": flag,
    "distance_km": number(0.0, 25_000.0),
    "file": title,
    "from_actor": optional(ident),
    "geonames_id": _name,
    "gone": count,
    "high": optional(count),
    "includes": several(ident, 1_000),
    "injured": optional(count),
    "injured_high": optional(count),
    "injured_low": optional(count),
    "killed": optional(count),
    "killed_high": optional(count),
    "killed_low": optional(count),
    "kind": _name,
    "lat": optional(number(-90.0, 90.0)),
    "legend": title,
    "lon": optional(number(-180.0, 180.0)),
    "low": optional(count),
    "means": title,
    "measure": choice(*MEASURES),
    "name": title,
    "new": count,
    "note": _note,
    "origin": optional(ident),
    "other": ident,
    "pcode": _name,
    "persons": optional(count),
    "population": optional(count),
    "precision": choice(*PRECISIONS),
    "problems": count,
    "published": optional(day),
    "qualifier": choice(*QUALIFIERS),
    "reason": _note,
    "ref": text(2_000),
    "relation": choice(*RELATIONS),
    "reliability": optional(choice(*RELIABILITIES)),
    "report": ident,
    "report_id": ident,
    "road": _name,
    "road_class": choice(*ROAD_CLASSES),
    "sensitivity": choice(*SENSITIVITIES),
    "settlement": ident,
    "settlement_a": ident,
    "settlement_b": ident,
    "short": _name,
    "shut": flag,
    "side": _name,
    "since": optional(day),
    "source": ident,
    "status": choice(*STATUSES),
    "support": _name,
    "time_of_day": choice(*TIMES_OF_DAY),
    "until": optional(day),
    "valid_from": day,
    "valid_on": optional(day),
    "was": _name,
}

E = TypeVar("E", bound="type[Event]")
EVENTS: dict[str, type[Event]] = {}  # what the log may hold, by TYPE; nothing else
_CHECKS: dict[type, list[tuple[str, Rule, Any]]] = {}  # field, rule, default
_VALUES: dict[type, Callable[[Any], tuple[Any, ...]]] = {}  # all fields at once


def stored(cls: E) -> E:
    """Enter *cls* among the events that the log may hold."""
    EVENTS[cls.TYPE] = cls
    _CHECKS[cls] = [
        (f.name, cls.OWN.get(f.name, RULES[f.name]), f.default) for f in fields(cls)
    ]
    _VALUES[cls] = attrgetter(*(f.name for f in fields(cls)))
    return cls


def rules_of(kind: type[Event]) -> dict[str, Rule]:
    """The fields of a kind of event, each with its rule."""
    return {name: rule for name, rule, _ in _CHECKS[kind]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has in common: the data set that it came through, if any."""

    TYPE: ClassVar[str] = ""
    OWN: ClassVar[Mapping[str, Rule]] = {}  # rules that differ from RULES here

    dataset: str = ""

    def __post_init__(self) -> None:
        checks = _CHECKS.get(type(self))
        if checks is None:
            raise TypeError(f"{type(self).__name__} is no event that the log holds")
        values = _VALUES[type(self)](self)
        for value, (name, rule, default) in zip(values, checks, strict=True):
            if value is default:  # a default keeps its rule; most fields are left out
                continue
            try:
                checked = rule(value)
            except ValueError as broken:
                raise BadField(self.TYPE, name, value, str(broken)) from None
            if checked is not value:
                object.__setattr__(self, name, checked)
        self._agree()

    def _agree(self) -> None:
        """Raise `BadField` where fields that are right alone contradict each other."""

    def _refuse(self, name: str, rule: str) -> BadField:
        return BadField(self.TYPE, name, getattr(self, name), rule)


class Reference(Event):
    """Reference data: a second one with the same id amends from then on."""

    __slots__ = ()

    @property
    def key(self) -> str:
        """The id that a second registration amends."""
        raise TypeError("a kind of reference data says what its key is")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Event):
    """Somebody said something: what every report carries.

    `reliability` A–F is of the source, `credibility` 1–6 of the claim (Admiralty code,
    STANAG 2511); None is *not graded*. `basis` says how we have it, `ref` where.
    """

    report_id: str
    source: str
    published: date | None = None
    reliability: str | None = None
    credibility: int | None = None
    note: str = ""
    ref: str = ""
    basis: str = ""


class Claim(Report):
    """A report about the world; it can be amended, retracted, redacted, linked."""

    __slots__ = ()

    @property
    def since_day(self) -> date:
        """The day from which it is so, says the source."""
        raise TypeError("a kind of claim says from which day it holds")


class Remark(Report):
    """A report about a report; its id may be left to `decide` by leaving it empty."""

    __slots__ = ()
    report: str


def half_open(event: Any) -> None:
    """Refuse an *event* whose span `[since, until)` holds no day."""
    if event.since and event.until and not event.since < event.until:
        raise event._refuse("until", "must be later than 'since': spans are half-open")
