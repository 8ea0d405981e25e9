"""What every event has in common: fields that are checked, each by one rule.

The rule of a field stands in its type. What decides and what `help` tells are made of
it, so they are the same. `EVENTS` is all that the log may hold.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from typing import Annotated, Any, ClassVar, TypeVar

from chronicle.domain.fields import (
    Check,
    Credibility,
    Day,
    Id,
    Name,
    Note,
    Rule,
    choice,
    rule_of,
    text,
)
from chronicle.domain.vocabulary import PRECISIONS, RELIABILITIES, TIMES_OF_DAY
from chronicle.errors import BadField

__all__ = [
    "ACTOR_FIELDS",
    "EVENTS",
    "FIELD_NAMES",
    "PLACE_FIELDS",
    "Claim",
    "Event",
    "Precision",
    "Reference",
    "Reliability",
    "Remark",
    "Report",
    "TimeOfDay",
    "half_open",
    "rules_of",
    "stored",
]

TimeOfDay = Annotated[str, choice(*TIMES_OF_DAY)]
Precision = Annotated[str, choice(*PRECISIONS)]
Reliability = Annotated[str, choice(*RELIABILITIES)]

# The fields that name settlements, and those that name actors, whatever the event.
PLACE_FIELDS = ("settlement", "settlement_a", "settlement_b", "origin", "destination")
ACTOR_FIELDS = ("controller", "from_actor", "alleged_actor", "backed")

E = TypeVar("E", bound="type[Event]")
EVENTS: dict[str, type["Event"]] = {}  # what the log may hold, by TYPE; nothing else
FIELD_NAMES: set[str] = set()  # of all events; one name means one thing
_RULES: dict[type, dict[str, Rule]] = {}
_CHECKS: dict[type, list[tuple[str, Check, Any]]] = {}  # field, check, default
_VALUES: dict[type, Callable[[Any], tuple[object, ...]]] = {}  # all fields at once


def stored(cls: E) -> E:
    """Enter *cls* among the events that the log may hold; its docstring tells how."""
    EVENTS[cls.TYPE] = cls
    rules = _RULES[cls] = {f.name: rule_of(f.type) for f in fields(cls)}
    FIELD_NAMES.update(rules)
    _CHECKS[cls] = [(f.name, rules[f.name].check, f.default) for f in fields(cls)]
    _VALUES[cls] = attrgetter(*rules)
    told = "\n".join(f"        {name}: {rule.words}" for name, rule in rules.items())
    cls.__doc__ = f"{cls.__doc__ or ''}\n    Fields:\n{told}\n    "
    return cls


def rules_of(kind: type["Event"]) -> dict[str, Rule]:
    """The fields of a kind of event, each with its rule."""
    return dict(_RULES[kind])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has in common: the data set that it came through, if any."""

    TYPE: ClassVar[str] = ""

    dataset: Name = ""

    def __post_init__(self) -> None:
        checks = _CHECKS.get(type(self))
        if checks is None:
            raise TypeError(f"{type(self).__name__} is no event that the log holds")
        values = _VALUES[type(self)](self)
        for value, (name, check, default) in zip(values, checks, strict=True):
            if value is default:  # a default keeps its rule; most fields are left out
                continue
            try:
                checked = check(value)
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

    report_id: Id
    source: Id
    published: Day | None = None
    reliability: Reliability | None = None
    credibility: Credibility | None = None
    note: Note = ""
    ref: Annotated[str, text(2_000)] = ""
    basis: Name = ""


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
    report: Id


def half_open(event: Any) -> None:
    """Refuse an *event* whose span `[since, until)` holds no day."""
    if event.since and event.until and not event.since < event.until:
        raise event._refuse("until", "must be later than 'since': spans are half-open")
