"""What may be added: every rule about the log as a whole is here.

`decide` may refuse, and asking twice adds nothing. It sees the log through a
`Register`, which answers for everything recorded so far, inside the same transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from chronicle.domain.base import ACTOR_FIELDS, PLACE_FIELDS, rules_of
from chronicle.domain.events import (
    EVENTS,
    FIXED,
    ActorRegistered,
    Claim,
    Event,
    EvidenceExported,
    ImportFinished,
    Redacted,
    Reference,
    Remark,
    Report,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    RouteRegistered,
    SettlementRegistered,
    amended,
    with_changes,
)
from chronicle.domain.fields import ID_LENGTH, seen
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.errors import BadField, Conflict, InputError, UnknownId, UnknownReport

__all__ = [
    "Pending",
    "Register",
    "as_seen",
    "changes_between",
    "decide",
    "parties_named",
    "places_named",
    "stands",
]


class Register(Protocol):
    """What the log holds, as far as a decision needs it."""

    def report(self, report: str) -> RecordedEvent | None:
        """The event with that report id, as it was first told."""
        ...

    def remarks_on(self, report: str) -> Sequence[RecordedEvent]:
        """The remarks on that report, in log order."""
        ...

    def registered(self, kind: type[Reference], key: str) -> Reference | None:
        """The reference data of that kind and id, as last registered."""
        ...

    def like(self, kind: type[Reference], key: str) -> Sequence[str]:
        """Ids of that kind that are spelt like *key*, the nearest first."""
        ...


_LATER = 1 << 60  # positions after all that are recorded, in order of the decisions
_NOT_YET = datetime.max.replace(tzinfo=UTC)


class Pending:
    """A register that also knows the events decided on, but not yet recorded."""

    def __init__(self, register: Register) -> None:
        self._under = register
        self._next = _LATER
        self._told: dict[str, RecordedEvent] = {}
        self._about: dict[str, list[RecordedEvent]] = {}
        self._registered: dict[tuple[type, str], Reference] = {}

    def add(self, event: Event) -> None:
        """Take *event* as the next one in the log."""
        recorded = RecordedEvent(self._next, _NOT_YET, event)
        self._next += 1
        if isinstance(event, Claim):  # nearly all are
            self._told[event.report_id] = recorded
            return
        if isinstance(event, Reference):
            self._registered[type(event), event.key] = event
        if isinstance(event, Report):
            self._told[event.report_id] = recorded
        if isinstance(event, ReportRedacted):
            self._empty(event.report)
        if isinstance(event, Remark):
            self._about.setdefault(event.report, []).append(recorded)

    def _empty(self, report: str) -> None:
        """A redaction takes away a report and what was said of it, as a store does."""
        for held in (self.report(report), *self.remarks_on(report)):
            if held is not None and isinstance(held.event, Report):
                gone = Redacted(held.event.report_id, held.event.source)
                self._told[gone.report_id] = held._replace(event=gone)

    def report(self, report: str) -> RecordedEvent | None:
        return self._told.get(report) or self._under.report(report)

    def remarks_on(self, report: str) -> Sequence[RecordedEvent]:
        remarks = [*self._under.remarks_on(report), *self._about.get(report, ())]
        return [self._told.get(_id(remark), remark) for remark in remarks]

    def registered(self, kind: type[Reference], key: str) -> Reference | None:
        found = self._registered.get((kind, key))
        if found is None and (found := self._under.registered(kind, key)) is not None:
            self._registered[kind, key] = found  # until `add` amends it
        return found

    def like(self, kind: type[Reference], key: str) -> Sequence[str]:
        return self._under.like(kind, key)


def _id(recorded: RecordedEvent) -> str:
    return str(getattr(recorded.event, "report_id", ""))


def decide(event: Event, register: Register) -> Event | None:
    """The event as it may be recorded, or None when it adds nothing.

    Asking twice adds nothing, but for `ImportFinished` and `EvidenceExported`: one file
    can be imported at several times, and whoever imports knows whether there was
    anything to finish.

    Raises `InputError` (a name or a report that is not there, an amendment that does
    not fit, a redaction that should be taken back) or `Conflict` (the report id was
    told with other content).
    """
    match event:
        case Claim():
            _known(register, SettlementRegistered, *_settlements(event))
            _known(register, ActorRegistered, *_actors(event))
            return event if _is_new(event, register) else None
        case RouteRegistered():
            _known(
                register, SettlementRegistered, event.settlement_a, event.settlement_b
            )
            if event.distance_km == 0:  # the rule of the field came too late for it
                raise BadField(event.TYPE, "distance_km", 0.0, "must be more than 0 km")
            return _news(event, register)
        case Reference():
            return _news(as_seen(event), register)
        case ReportRetracted():
            return _retraction(event, register)
        case ReportAmended():
            return _amendment(event, register)
        case ReportRedacted():
            return _redaction(event, register)
        case ReportsLinked():
            return _link(event, register)
        case ImportFinished() | EvidenceExported():
            return event
    raise InputError(f"{type(event).__name__} is no event that the log holds")


def as_seen(event: Reference) -> Reference:
    """*event*, as it may be recorded, with names that can be seen as they are.

    Joints without width, which come with text from the web, are left out; raises
    `BadField` for what hides in a name or is all of it.
    """
    changed: dict[str, Any] = {}
    for name in ("name", "aliases", "short"):
        value = getattr(event, name, "")
        try:
            plain = seen(value) if isinstance(value, str) else tuple(map(seen, value))
        except ValueError as broken:
            raise BadField(event.TYPE, name, value, str(broken)) from None
        if plain != value:
            changed[name] = plain
    return replace(event, **changed) if changed else event


def _news(event: Reference, register: Register) -> Event | None:
    return None if register.registered(type(event), event.key) == event else event


def _fields_of_claims(names: Iterable[str]) -> dict[type, tuple[str, ...]]:
    claims = [kind for kind in EVENTS.values() if issubclass(kind, Claim)]
    return {kind: tuple(n for n in names if n in rules_of(kind)) for kind in claims}


_PLACES = _fields_of_claims(PLACE_FIELDS)
_PARTIES = _fields_of_claims(ACTOR_FIELDS)


def _settlements(claim: Claim) -> list[str]:
    names = [getattr(claim, field) for field in _PLACES.get(type(claim), ())]
    return [name for name in names if name]


def _actors(claim: Claim) -> list[str]:
    names = [getattr(claim, field) for field in _PARTIES.get(type(claim), ())]
    return [name for name in names if name]


def places_named(claims: Iterable[Claim]) -> set[str]:
    """The settlements that claims name, all of which must be registered."""
    return _named_in(claims, _PLACES)


def parties_named(claims: Iterable[Claim]) -> set[str]:
    """The actors that claims name, all of which must be registered."""
    return _named_in(claims, _PARTIES)


def _named_in(
    claims: Iterable[Claim], fields_of: dict[type, tuple[str, ...]]
) -> set[str]:
    return {
        name
        for claim in claims
        for field in fields_of.get(type(claim), ())
        if (name := getattr(claim, field))
    }


_WORDS = {SettlementRegistered: "settlement", ActorRegistered: "actor"}


def _known(register: Register, kind: type[Reference], *keys: str) -> None:
    for key in keys:
        if register.registered(kind, key) is None:
            raise UnknownId(_WORDS[kind], key, register.like(kind, key))


def _is_new(event: Report, register: Register) -> bool:
    """Whether the report id is free; told with the same content, it adds nothing."""
    before = register.report(event.report_id)
    if before is None:
        return True
    if isinstance(before.event, Redacted) or before.event == event:
        return False
    raise Conflict(
        f"report {event.report_id!r} is in the log already, at position "
        f"{before.position}, and says something else; nothing was recorded: amend "
        "that report, or give this one an id of its own"
    )


def stands(report: str, register: Register) -> bool:
    """Whether *report* counts: told, and not felled by a remark that counts itself."""
    found = register.report(report)
    if found is None or isinstance(found.event, Redacted):
        return False
    if not register.remarks_on(report):
        return True  # as nearly all do
    remarks: dict[int, RecordedEvent] = {found.position: found}
    todo = [report]
    while todo:  # remarks on remarks on … the report, all that can bear on it
        for remark in register.remarks_on(todo.pop()):
            if remark.position not in remarks:
                remarks[remark.position] = remark
                todo += (
                    [remark.event.report_id] if isinstance(remark.event, Report) else []
                )
    log = [remarks[position] for position in sorted(remarks)]
    return report not in effective_claims(log).fallen


def _target(event: Any, register: Register) -> RecordedEvent:
    found = register.report(event.report)
    if found is None:
        raise UnknownReport(event.report)
    return found


def _claim(event: Any, register: Register, deed: str) -> Claim:
    found = _target(event, register)
    if isinstance(found.event, Redacted):
        raise InputError(f"report {event.report!r} was redacted: nothing to {deed}")
    if not isinstance(found.event, Claim):
        raise InputError(
            f"{event.report!r} is a remark on another report: {deed} the report itself"
        )
    return found.event


_LONGEST_STEM = ID_LENGTH - 8  # there is room for `.9999999` behind it


def _named(event: Any, register: Register, *words: str) -> Any:
    """*event* with an id: its own, or the first free one made from *words*.

    An id that would be too long is cut, and a digest of the whole tells it apart.
    """
    if event.report_id:
        return event if _is_new(event, register) else None
    stem = ":".join(words)
    if len(stem) > _LONGEST_STEM:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:16]
        stem = f"{stem[: _LONGEST_STEM - 17]}~{digest}"
    attempt, number = stem, 1
    while register.report(attempt) is not None:
        number += 1
        attempt = f"{stem}.{number}"
    return replace(event, report_id=attempt)


def _retraction(event: ReportRetracted, register: Register) -> Event | None:
    found = _target(event, register)
    if isinstance(found.event, Redacted):
        raise InputError(f"report {event.report!r} was redacted and counts no more")
    if isinstance(found.event, ReportRedacted):
        raise InputError(
            f"{event.report!r} is a redaction: what it took away is gone for good; "
            "tell the report again, under another id"
        )
    if event.report_id:
        return event if _is_new(event, register) else None
    if not stands(event.report, register):
        return None
    return _named(event, register, "retract", event.report)  # type: ignore[no-any-return]


def current(report: str, claim: Claim, register: Register) -> Claim:
    """*claim* with the amendments that count now."""
    changes: list[tuple[str, Any]] = []  # laid on at once: of a field the last holds
    for remark in register.remarks_on(report):
        change = remark.event
        if isinstance(change, ReportAmended) and stands(change.report_id, register):
            changes += change.changes
    return with_changes(claim, changes) if changes else claim


def _amendment(event: ReportAmended, register: Register) -> Event | None:
    claim = _claim(event, register, "amend")
    if event.report_id and not _is_new(event, register):
        return None
    values = amended(claim, event.changes)
    before = current(event.report, claim, register)
    after = replace(before, **values)  # raises BadField where fields contradict
    _known(register, SettlementRegistered, *_settlements(after))
    _known(register, ActorRegistered, *_actors(after))
    if after == before:
        return None
    return _named(event, register, "amend", event.report)  # type: ignore[no-any-return]


def _redaction(event: ReportRedacted, register: Register) -> Event | None:
    found = _target(event, register)
    if isinstance(found.event, Redacted):
        return None
    claim = _claim(event, register, "redact")
    named = _named(event, register, "redact", event.report)
    return None if named is None else replace(named, was=claim.TYPE)


def _link(event: ReportsLinked, register: Register) -> Event | None:
    _claim(event, register, "link")
    _claim(_Other(event.other), register, "link")
    if not event.report_id and _linked(event, register):
        return None
    words = event.report, event.relation, event.other
    return _named(event, register, *words)  # type: ignore[no-any-return]


def _linked(event: ReportsLinked, register: Register) -> bool:
    """Whether a link that counts says the same already."""
    return any(
        isinstance(link := remark.event, ReportsLinked)
        and (link.other, link.relation) == (event.other, event.relation)
        and stands(link.report_id, register)
        for remark in register.remarks_on(event.report)
    )


class _Other:
    def __init__(self, report: str) -> None:
        self.report = report


def changes_between(before: Claim, after: Claim) -> dict[str, Any]:
    """The fields in which two tellings of one report differ, with the new values.

    Dates come as ISO text, as an amendment stores them. Raises `Conflict` where they
    differ in what no amendment can change: the kind, the source, whether it is a
    baseline. The data set is left to the caller.
    """
    if type(before) is not type(after):
        raise Conflict(
            f"report {after.report_id!r} is a {before.TYPE} in the log and a "
            f"{after.TYPE} here; give it an id of its own"
        )
    changes: dict[str, Any] = {}
    for f in fields(after):
        old, new = getattr(before, f.name), getattr(after, f.name)
        if old == new or f.name == "dataset":
            continue
        if f.name in FIXED:
            raise Conflict(
                f"report {before.report_id!r} has the {f.name} {old!r} in the log and "
                f"{new!r} here; give it an id of its own"
            )
        changes[f.name] = new.isoformat() if isinstance(new, date) else new
    return changes
