"""What was said: the events of the domain, plain, frozen and checked.

An event states a fact of the record in the past tense. Its `TYPE` is what the log
stores, so classes may be renamed freely; its fields are a closed set. Dates may be
given as `date` or as ISO text (`YYYY-MM-DD`); whatever else is given wrong raises
`BadField` with the field, the value and the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise
from typing import Any, ClassVar, TypeVar

from chronicle.errors import BadField
from chronicle.fields import (
    ID_LENGTH,
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

__all__ = [
    "CATEGORIES",
    "EDITOR",
    "EVENTS",
    "INCIDENT_KINDS",
    "STATUSES",
    "TIMES_OF_DAY",
    "ActorRegistered",
    "Claim",
    "ControlReported",
    "DisplacementReported",
    "Event",
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
    "route_id",
]

EDITOR = "editor"  # the source of a correction when nobody else is named

# What a report can say of a place; the first five have a controller's name to give.
STATUSES = (
    "held",
    "contested",
    "shared",
    "besieged",
    "presence",
    "vacated",
    "unknown",
)
NAMELESS = frozenset({"contested", "vacated", "unknown"})  # no controller is named

# In the order of a day; the unstated time stands between morning and evening.
TIMES_OF_DAY = ("morning", "", "evening", "night")

# ACLED's sub-event types, exact spelling (ACLED Codebook 2023, table 2).
TERRITORY_KINDS = (
    "Government regains territory",
    "Non-state actor overtakes territory",
    "Non-violent transfer of territory",
)
INCIDENT_KINDS = (
    *TERRITORY_KINDS,
    "Armed clash",
    "Chemical weapon",
    "Air/drone strike",
    "Suicide bomb",
    "Shelling/artillery/missile attack",
    "Remote explosive/landmine/IED",
    "Grenade",
    "Sexual violence",
    "Attack",
    "Abduction/forced disappearance",
    "Peaceful protest",
    "Protest with intervention",
    "Excessive force against protesters",
    "Violent demonstration",
    "Mob violence",
    "Agreement",
    "Arrests",
    "Change to group/activity",
    "Disrupted weapons use",
    "Headquarters or base established",
    "Looting/property destruction",
    "Other",
)

MEASURES = ("stock", "flow")
QUALIFIERS = ("", "exact", "about", "over", "under", "range")
CATEGORIES = (
    "displaced",
    "newly displaced",
    "displaced again",
    "displaced, new and again",
    "returned within Syria",
    "returned within the country",
    "returned from abroad",
    "in reception centres",
    "left the country",
)
PRECISIONS = ("day", "week", "month", "span")
ROAD_CLASSES = ("motorway", "primary", "secondary", "local")
SENSITIVITIES = ("low", "moderate", "high", "severe")  # OCHA's four levels
RELATIONS = ("same-change", "disputes")


# --- which rule each field keeps ---------------------------------------------------

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_name = text(NAME_LENGTH)
_title = text(NAME_LENGTH, needed=True)
_note = text(TEXT_LENGTH, lines=True)
_reliability = choice("A", "B", "C", "D", "E", "F")

# Every field name means one thing in the whole program, so it has one rule.
RULES: dict[str, Rule] = {
    "actor": ident,
    "admin1": _name,
    "admin1_pcode": _name,
    "affiliation": _name,
    "aggregate": flag,
    "aliases": several(_title, 200),
    "alleged_actor": optional(ident),
    "area": _name,
    "backed": ident,
    "backer": _title,
    "baseline": flag,
    "basis": _name,
    "category": choice(*CATEGORIES),
    "changed": count,
    "changes": lambda value: value,  # checked against the report that it amends
    "civilians": choice("", "yes", "no", "mixed"),
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
    "file": _title,
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
    "lat": number(-90.0, 90.0),
    "legend": _title,
    "lon": number(-180.0, 180.0),
    "low": optional(count),
    "means": _title,
    "measure": choice(*MEASURES),
    "name": _title,
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
    "reliability": optional(_reliability),
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


def _stored(cls: E) -> E:
    """Enter *cls* among the events that the log may hold."""
    EVENTS[cls.TYPE] = cls
    _CHECKS[cls] = [
        (f.name, cls.OWN.get(f.name, RULES[f.name]), f.default) for f in fields(cls)
    ]
    return cls


# --- the events ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has in common: the data set that it came through, if any."""

    TYPE: ClassVar[str] = ""
    OWN: ClassVar[Mapping[str, Rule]] = {}  # rules that differ from RULES here

    dataset: str = ""

    def __post_init__(self) -> None:
        for name, rule, default in _CHECKS[type(self)]:
            value = getattr(self, name)
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


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRegistered(Reference):
    """A populated or strategic place exists at *lat*, *lon* (WGS 84, degrees)."""

    TYPE: ClassVar[str] = "settlement-registered"

    settlement: str
    name: str
    lat: float
    lon: float
    aliases: tuple[str, ...] = ()
    kind: str = ""
    admin1: str = ""
    admin1_pcode: str = ""
    pcode: str = ""
    geonames_id: str = ""
    population: int | None = None
    sensitivity: str = "low"
    basis: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        return self.settlement


def route_id(settlement_a: str, settlement_b: str) -> str:
    """The id of the undirected edge between two settlements, whichever comes first."""
    first, second = sorted((settlement_a, settlement_b))
    return f"{first}--{second}"


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRegistered(Reference):
    """An undirected road of *distance_km* joins two settlements."""

    TYPE: ClassVar[str] = "route-registered"

    settlement_a: str
    settlement_b: str
    distance_km: float
    road_class: str = "local"
    road: str = ""
    basis: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        return route_id(self.settlement_a, self.settlement_b)

    def _agree(self) -> None:
        if self.settlement_a == self.settlement_b:
            raise self._refuse("settlement_b", "must be another settlement")


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRegistered(Reference):
    """A party exists, in being over `[since, until)` where known."""

    TYPE: ClassVar[str] = "actor-registered"

    actor: str
    name: str
    short: str = ""
    side: str = ""
    kind: str = ""  # ACLED's actor type, as it was in `since`
    colour: str = ""
    since: date | None = None
    until: date | None = None
    note: str = ""

    @property
    def key(self) -> str:
        return self.actor

    def _agree(self) -> None:
        _ordered(self)


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRegistered(Reference):
    """Somebody who says things exists; *reliability* is the default of its reports."""

    TYPE: ClassVar[str] = "source-registered"

    source: str
    name: str
    kind: str = ""
    affiliation: str = ""
    reliability: str | None = None
    since: date | None = None  # the first day on which it published
    note: str = ""

    @property
    def key(self) -> str:
        return self.source


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


def _ordered(event: Any) -> None:
    if event.since and event.until and not event.since < event.until:
        raise event._refuse("until", "must be later than 'since': spans are half-open")


def _graded(event: Any, stem: str) -> None:
    """Low, best and high of one figure must not contradict each other."""
    names = (
        (f"{stem}_low", stem, f"{stem}_high") if stem else ("low", "persons", "high")
    )
    known = [(name, getattr(event, name)) for name in names]
    known = [(name, value) for name, value in known if value is not None]
    for (_, smaller), (name, larger) in pairwise(known):
        if smaller > larger:
            raise event._refuse(name, "low, best and high must not decrease")


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ControlReported(Claim):
    """From *valid_from* on, *settlement* was under *controller* in the way of *status*.

    `contested`, `vacated` and `unknown` name no controller, the others must. A night
    is dated by the day that it follows. `since` and `until` bound the true day with
    precision *span*. A *baseline* is assumed at the start, and nobody reported it.
    """

    TYPE: ClassVar[str] = "control-reported"
    OWN: ClassVar[Mapping[str, Rule]] = {"kind": choice("", *INCIDENT_KINDS)}

    settlement: str
    controller: str | None = None
    status: str = "held"
    valid_from: date
    time_of_day: str = ""
    precision: str = "day"
    since: date | None = None
    until: date | None = None
    from_actor: str | None = None
    kind: str = ""
    claimed_by: str = ""
    baseline: bool = False

    @property
    def since_day(self) -> date:
        return self.valid_from

    def _agree(self) -> None:
        if (self.controller is None) != (self.status in NAMELESS):
            has = "no controller" if self.status in NAMELESS else "a controller"
            raise self._refuse("controller", f"status {self.status!r} has {has}")
        _ordered(self)


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacementReported(Claim):
    """*counter* counted *persons* displaced: a stock on *valid_on*, or a flow.

    A flow happened over `[since, until)`; where the source gives no span, *valid_on*
    is the day as of which it counted. `includes` names reports whose people are
    counted here too. `persons` None: the source gave no number of persons.
    """

    TYPE: ClassVar[str] = "displacement-reported"

    measure: str
    category: str
    persons: int | None = None
    low: int | None = None
    high: int | None = None
    qualifier: str = ""
    area: str = ""
    settlement: str | None = None
    origin: str | None = None
    destination: str | None = None
    counter: str = ""
    valid_on: date | None = None
    since: date | None = None
    until: date | None = None
    includes: tuple[str, ...] = ()

    OWN: ClassVar[Mapping[str, Rule]] = {"settlement": optional(ident)}

    @property
    def since_day(self) -> date:
        """A stock's day; for a flow the day as of which it was counted."""
        day_ = self.valid_on or self.until or self.since
        assert day_ is not None  # _agree saw to it
        return day_

    def _agree(self) -> None:
        _ordered(self)
        _graded(self, "")
        if self.measure == "stock" and self.valid_on is None:
            raise self._refuse("valid_on", "a stock is true on a day")
        if self.valid_on is None and (self.since is None or self.until is None):
            raise self._refuse("valid_on", "a flow needs a day or a span")


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported(Claim):
    """Something happened on *valid_from*; who did it is alleged, never known.

    An *aggregate* counts several incidents and may not be added to them.
    """

    TYPE: ClassVar[str] = "incident-reported"
    OWN: ClassVar[Mapping[str, Rule]] = {
        "kind": choice(*INCIDENT_KINDS),
        "settlement": optional(ident),
    }

    kind: str
    valid_from: date
    settlement: str | None = None
    area: str = ""
    time_of_day: str = ""
    precision: str = "day"
    since: date | None = None
    until: date | None = None
    alleged_actor: str | None = None
    claimed_by: str = ""
    killed: int | None = None
    killed_low: int | None = None
    killed_high: int | None = None
    injured: int | None = None
    injured_low: int | None = None
    injured_high: int | None = None
    civilians: str = ""
    disputed: bool = False
    aggregate: bool = False

    @property
    def since_day(self) -> date:
        return self.valid_from

    def _agree(self) -> None:
        _ordered(self)
        _graded(self, "killed")
        _graded(self, "injured")


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class SupportReported(Claim):
    """*backer* is said to back the actor *backed* with *support* from *valid_from*."""

    TYPE: ClassVar[str] = "support-reported"

    backer: str  # as the source calls it: a state, an alliance, a group
    backed: str
    support: str = ""
    valid_from: date

    @property
    def since_day(self) -> date:
        return self.valid_from


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatusReported(Claim):
    """From *valid_from* until *until* (if known) a route was shut, or open again."""

    TYPE: ClassVar[str] = "route-status-reported"

    settlement_a: str
    settlement_b: str
    shut: bool
    valid_from: date
    time_of_day: str = ""
    until: date | None = None

    @property
    def since_day(self) -> date:
        return self.valid_from

    @property
    def route(self) -> str:
        """The id of the route."""
        return route_id(self.settlement_a, self.settlement_b)

    def _agree(self) -> None:
        if self.until is not None and not self.valid_from < self.until:
            raise self._refuse("until", "must be later than 'valid_from'")


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class LegendReported(Claim):
    """On the map *legend*, from *valid_from* on, *colour* (a word) *means* that side.

    Colours change meaning from map to map and from year to year, so a colour names
    nobody without the map and the date.
    """

    TYPE: ClassVar[str] = "legend-reported"
    OWN: ClassVar[Mapping[str, Rule]] = {"colour": _title}

    legend: str
    colour: str
    means: str
    valid_from: date

    @property
    def since_day(self) -> date:
        return self.valid_from


_unnamed = text(ID_LENGTH)


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsLinked(Remark):
    """*report* and *other* tell of the same change, or cannot both be so."""

    TYPE: ClassVar[str] = "reports-linked"
    OWN: ClassVar[Mapping[str, Rule]] = {"report_id": _unnamed}

    report_id: str = ""
    source: str = EDITOR
    report: str
    other: str
    relation: str

    def _agree(self) -> None:
        if self.report == self.other:
            raise self._refuse("other", "must be another report")


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRetracted(Remark):
    """*report* is wrong: from now on it does not count; `reason` says why."""

    TYPE: ClassVar[str] = "report-retracted"
    OWN: ClassVar[Mapping[str, Rule]] = {"report_id": _unnamed}

    report_id: str = ""
    source: str = EDITOR
    report: str
    reason: str = ""


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAmended(Remark):
    """The fields named in `changes` replace those of *report*, which keeps its place.

    `changes` may be given as a mapping; it is kept as pairs in order of the names.
    """

    TYPE: ClassVar[str] = "report-amended"

    report_id: str = ""
    source: str = EDITOR
    report: str
    changes: tuple[tuple[str, Any], ...]
    reason: str = ""

    OWN: ClassVar[Mapping[str, Rule]] = {
        "report_id": _unnamed,
        "changes": lambda value: _changes(value),
    }


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRedacted(Remark):
    """*report* is harmful: its payload is gone, its *digest* (SHA-256) stays."""

    TYPE: ClassVar[str] = "report-redacted"
    OWN: ClassVar[Mapping[str, Rule]] = {"report_id": _unnamed}

    report_id: str = ""
    source: str = EDITOR
    report: str
    reason: str = ""
    digest: str = ""  # filled in by the log, from the bytes that it removes
    was: str = ""  # the TYPE of what was removed


@_stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinished(Event):
    """A file was read: its digest, and how many reports were new, changed, gone."""

    TYPE: ClassVar[str] = "import-finished"

    file: str
    digest: str
    new: int = 0
    changed: int = 0
    gone: int = 0
    problems: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What is left of a report whose payload was removed; the log cannot store it."""

    report_id: str
    source: str


# Fields that an amendment may not touch: they say which report it is.
FIXED = frozenset({"report_id", "source", "dataset", "baseline"})


def _plain_value(new: Any) -> Any:
    """The value as the log can store it: a day as ISO text, a list as a tuple."""
    if type(new) is date:
        return new.isoformat()
    return tuple(new) if isinstance(new, list) else new


def _changes(value: Any) -> tuple[tuple[str, Any], ...]:
    pairs: Iterable[Any] = value.items() if isinstance(value, Mapping) else value
    checked: dict[str, Any] = {}
    try:
        listed = [(name, new) for name, new in pairs]
    except (TypeError, ValueError):
        raise ValueError("must be fields and their new values") from None
    for name, new in listed:
        if type(name) is not str or name not in RULES or name in FIXED:
            raise ValueError(f"cannot amend {name!r}")
        if name in checked:
            raise ValueError(f"amends {name!r} twice")
        checked[name] = _plain_value(new)
    if not checked:
        raise ValueError("must amend something")
    return tuple(sorted(checked.items()))


def _rules(claim: Claim) -> dict[str, Rule]:
    return {name: rule for name, rule, _ in _CHECKS[type(claim)]}


def amended(claim: Claim, changes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of *changes* in their one form, checked by the rules of *claim*.

    Raises `BadField` for a field that a claim of this kind does not have, or for a
    value that the field may not hold. Fields that contradict each other are not
    looked at: an amendment may be retracted, and the rest must still be readable.
    """
    rules = _rules(claim)
    values: dict[str, Any] = {}
    for name, new in changes:
        if name not in rules or name in FIXED:
            raise BadField(claim.TYPE, name, new, "is no field that can be amended")
        try:
            values[name] = rules[name](new)
        except ValueError as broken:
            raise BadField(claim.TYPE, name, new, str(broken)) from None
    return values


def with_changes(claim: Claim, changes: Iterable[tuple[str, Any]]) -> Claim:
    """*claim* with *changes* in place; believes them, as a fold does."""
    new = object.__new__(type(claim))
    for f in fields(claim):
        object.__setattr__(new, f.name, getattr(claim, f.name))
    rules = _rules(claim)
    for name, value in changes:
        object.__setattr__(new, name, rules[name](value))
    return new
