"""Remarks: what is said of reports, and of the files that they came in."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Annotated, Any, ClassVar

from chronicle.domain.base import FIELD_NAMES, Claim, Event, Remark, rules_of, stored
from chronicle.domain.fields import (
    Count,
    Id,
    Name,
    Note,
    Rule,
    Title,
    choice,
    ident,
    matching,
)
from chronicle.domain.vocabulary import EDITOR, RELATIONS
from chronicle.errors import BadField, Untrusted

__all__ = [
    "FIXED",
    "EvidenceExported",
    "ImportFinished",
    "Redacted",
    "ReportAmended",
    "ReportRedacted",
    "ReportRetracted",
    "ReportsLinked",
    "amended",
    "with_changes",
]


def _own_id(value: Any) -> str:
    """An id, or nothing: then `decide` gives one."""
    return "" if value == "" else ident(value)


# Fields that an amendment may not touch: they say which report it is.
FIXED = frozenset({"report_id", "source", "dataset", "baseline"})


_PLAIN = (str, int, float, bool, type(None))


def _plain_value(name: str, new: Any) -> Any:
    """The value as the log can store it: a day as ISO text, a list as a tuple."""
    if type(new) is date:
        return new.isoformat()
    if isinstance(new, list | tuple) and all(type(one) is str for one in new):
        return tuple(new)
    if type(new) not in _PLAIN:
        raise ValueError(f"{name!r} must get text, a number, a day, a list of texts, …")
    return new


def _changes(value: Any) -> tuple[tuple[str, Any], ...]:
    pairs: Iterable[Any] = value.items() if isinstance(value, Mapping) else value
    checked: dict[str, Any] = {}
    try:
        listed = [(name, new) for name, new in pairs]
    except (TypeError, ValueError):
        raise ValueError("must be fields and their new values") from None
    for name, new in listed:
        if type(name) is not str or name not in FIELD_NAMES or name in FIXED:
            raise ValueError(f"cannot amend {name!r}")
        if name in checked:
            raise ValueError(f"amends {name!r} twice")
        checked[name] = _plain_value(name, new)
    if not checked:
        raise ValueError("must amend something")
    return tuple(sorted(checked.items()))


OwnId = Annotated[str, Rule(_own_id, "an id; empty, and one is given", "id")]
Changes = Annotated[
    tuple[tuple[str, Any], ...],
    Rule(_changes, "fields of the report, each with its new value"),
]
Digest = Annotated[
    str,
    matching(
        re.compile(r"[0-9a-f]{64}", re.ASCII),
        "a SHA-256 in lower-case hexadecimal",
    ),
]


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsLinked(Remark):
    """*report* and *other* tell of the same change, or cannot both be so."""

    TYPE: ClassVar[str] = "reports-linked"

    report_id: OwnId = ""
    source: Id = EDITOR
    report: Id
    other: Id
    relation: Annotated[str, choice(*RELATIONS)]

    def _agree(self) -> None:
        if self.report == self.other:
            raise self._refuse("other", "must be another report")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRetracted(Remark):
    """*report* is wrong: from now on it does not count; `reason` says why."""

    TYPE: ClassVar[str] = "report-retracted"

    report_id: OwnId = ""
    source: Id = EDITOR
    report: Id
    reason: Note = ""


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAmended(Remark):
    """The fields named in `changes` replace those of *report*, which keeps its place.

    `changes` may be given as a mapping; it is kept as pairs in order of the names.
    """

    TYPE: ClassVar[str] = "report-amended"

    report_id: OwnId = ""
    source: Id = EDITOR
    report: Id
    changes: Changes
    reason: Note = ""


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRedacted(Remark):
    """*report* is harmful: its payload is gone, its *digest* (SHA-256) stays."""

    TYPE: ClassVar[str] = "report-redacted"

    report_id: OwnId = ""
    source: Id = EDITOR
    report: Id
    reason: Note = ""
    digest: Digest = ""  # filled in by the log, from the bytes that it removes
    was: Name = ""  # the TYPE of what was removed


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinished(Event):
    """A file was read: its digest, and how many reports were new, changed, gone."""

    TYPE: ClassVar[str] = "import-finished"

    file: Title
    digest: Digest
    new: Count = 0
    changed: Count = 0
    gone: Count = 0
    problems: Count = 0
    note: Note = ""


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceExported(Event):
    """A folder that proves itself was made of the log when it had *events* events.

    *root* is their root hash, the head before this event; *digest* is that of the list
    of the folder's files. *reports* were chosen, 0 for the whole log.
    """

    TYPE: ClassVar[str] = "evidence-exported"

    file: Title
    digest: Digest
    events: Count
    root: Digest
    reports: Count = 0
    reason: Note = ""
    note: Note = ""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What is left of a report whose payload was removed; the log cannot store it."""

    report_id: str
    source: str


def amended(claim: Claim, changes: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of *changes* in their one form, checked by the rules of *claim*.

    Raises `BadField` for a field that a claim of this kind does not have, or for a
    value that the field may not hold. Fields that contradict each other are not
    looked at here; that is for who lays the changes on a claim.
    """
    rules = rules_of(type(claim))
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
    """*claim* with *changes* in place; believes them, as a fold does.

    Fields may then contradict each other: when one of several amendments is taken back,
    the others must still be readable. Raises `Untrusted` for a change that `decide`
    never lets in: somebody has written to the log from outside.
    """
    new = object.__new__(type(claim))
    for f in fields(claim):
        object.__setattr__(new, f.name, getattr(claim, f.name))
    rules = rules_of(type(claim))
    for name, value in changes:
        try:
            object.__setattr__(new, name, rules[name](value))
        except (KeyError, ValueError):
            raise Untrusted(
                f"an amendment of {claim.report_id!r} sets {name!r} as nobody could "
                "have: the log was changed from outside; nothing of it was run"
            ) from None
    return new
