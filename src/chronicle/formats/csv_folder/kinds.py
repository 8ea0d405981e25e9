"""What the columns of Chronicle's own CSV files mean, one `Kind` a file.

A kind names its columns, which of them a row cannot do without, and how the values of
a row become events. Empty cells are unknown and never reach a kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from chronicle.domain.events import (
    NAMELESS,
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    LegendReported,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
    route_id,
)
from chronicle.domain.fields import MAX_COUNT
from chronicle.formats import cells
from chronicle.formats.cells import Parse

__all__ = ["KINDS", "Column", "Kind"]

Values = dict[str, Any]


class Column(NamedTuple):
    """The value that a column gives, its parser (None: text), whether it is needed."""

    value: str
    parse: Parse | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file: its name, its columns, and what a row of it says.

    *present* are columns that must stand in the header, though their cells may be
    empty. *settlements* and *actors* name the fields of the first event that must be
    known. *located*: `lat` and `lon` only repeat where the settlement is.
    """

    file: str
    columns: Mapping[str, Column]
    build: Callable[[Values], tuple[Event, ...]] = lambda values: ()
    present: tuple[str, ...] = ()
    settlements: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    located: bool = False
    ignored: re.Pattern[str] | None = None

    @property
    def needed(self) -> list[str]:
        """The columns that the header must have, in the order of the format."""
        return [
            name
            for name, column in self.columns.items()
            if column.needed or name in self.present
        ]

    def ignores(self, column: str) -> bool:
        """Whether the format knows *column* and says that it is not read."""
        return self.ignored is not None and bool(self.ignored.fullmatch(column))


def _texts(*names: str, needed: bool = False) -> dict[str, Column]:
    return {name: Column(name, None, needed) for name in names}


_people = cells.whole(0, MAX_COUNT)
_latitude = cells.decimal(-90, 90)
_longitude = cells.decimal(-180, 180)
_error_km = cells.decimal(0, 20_000)

_GRADES = {
    **_texts("reliability"),
    "credibility": Column("credibility", cells.whole(1, 6)),
}
_REPORT = {
    "id": Column("report_id", None, needed=True),
    "source": Column("source", None, needed=True),
    "published": Column("published", cells.day),
    **_GRADES,
    **_texts("note", "ref", "basis"),
}
_SPAN = {"since": Column("since", cells.day), "until": Column("until", cells.day)}
_FROM = {"valid_from": Column("valid_from", cells.day, needed=True)}
_REPEATED_PLACE = _texts("lat", "lon")


def _add(values: Values, name: str, *parts: str | None) -> None:
    """Put what has no field of its own behind the text of a field that says it."""
    said = [part for part in (values.get(name), *parts) if part]
    if said:
        values[name] = "; ".join(said)


def _labelled(label: str, text: str | None) -> str | None:
    return f"{label}: {text}" if text else None


def _one(event: Callable[..., Event], values: Values) -> tuple[Event, ...]:
    return (event(**values),)


# --- reference data ----------------------------------------------------------------


def _settlement(values: Values) -> tuple[Event, ...]:
    where = values.pop("coordinates_basis", None)
    error_km = values.pop("coordinates_error_km", None)
    within = None if error_km is None else f"within {error_km:g} km"
    coordinates = ", ".join(filter(None, (where, within)))
    _add(
        values,
        "basis",
        _labelled("coordinates", coordinates),
        _labelled("population", values.pop("population_basis", None)),
    )
    return (SettlementRegistered(**values),)


def _actor(values: Values) -> tuple[Event, ...]:
    backers = {
        "backers (seed)": values.pop("backers_in_seed", ()),
        "backers (recollection)": values.pop("backers_recollection", ()),
    }
    acled_inter = values.pop("acled_inter", None)
    if acled_inter:
        values.setdefault("kind", acled_inter)
    if values["actor"] in NAMELESS:
        return ()  # how a map shows that status; nobody can be this actor
    listed = [_labelled(who, ", ".join(names)) for who, names in backers.items()]
    _add(values, "note", *listed)
    return (ActorRegistered(**values),)


def _source(values: Values) -> tuple[Event, ...]:
    _add(values, "note", _labelled("seen as", values.pop("seen_as", None)))
    return (SourceRegistered(**values),)


def _route(values: Values) -> tuple[Event, ...]:
    _add(values, "basis", _labelled("distance", values.pop("distance_basis", None)))
    return (RouteRegistered(**values),)


# --- reports -----------------------------------------------------------------------


def _graded(values: Values) -> None:
    """A bare `confidence` goes into the note; grades say the same and better."""
    confidence = values.pop("confidence", None)
    if "reliability" not in values and "credibility" not in values:
        _add(values, "note", _labelled("confidence", confidence))


_HELD = {"control": "held", "baseline": "held"}


def _control(values: Values) -> tuple[Event, ...]:
    same = values.pop("same_change_as", ())
    disputes = values.pop("disputes", ())
    said = values.get("status")
    if said is None:
        values["status"] = "held" if "controller" in values else "contested"
    elif said in _HELD:
        values["status"] = "held"
        if said == "baseline":
            values["baseline"] = True
    _graded(values)
    claim = ControlReported(**values)
    if not same and not disputes:
        return (claim,)
    return (
        claim,
        *_links(claim, "same-change", same),
        *_links(claim, "disputes", disputes),
    )


def _links(
    claim: ControlReported, relation: str, others: Iterable[str]
) -> Iterable[ReportsLinked]:
    """The links that a row makes, told by the source of the row on the same day."""
    for other in others:
        yield ReportsLinked(
            dataset=claim.dataset,
            report_id=f"{claim.report_id}:{relation}:{other}",
            source=claim.source,
            published=claim.published,
            report=claim.report_id,
            other=other,
            relation=relation,
        )


def _displacement(values: Values) -> tuple[Event, ...]:
    _graded(values)
    return (DisplacementReported(**values),)


_AGGREGATE = re.compile(r"\b(aggregate|cumulative)\b", re.IGNORECASE)


def _incident(values: Values) -> tuple[Event, ...]:
    _graded(values)
    if "aggregate" not in values and _AGGREGATE.search(values.get("note", "")):
        values["aggregate"] = True
    return (IncidentReported(**values),)


def _closure(values: Values) -> tuple[Event, ...]:
    values.setdefault("shut", True)
    if "report_id" not in values:
        route = route_id(values["settlement_a"], values["settlement_b"])
        values["report_id"] = (
            f"closure:{route}:{values['valid_from']}:{values['source']}"
        )
    return (RouteStatusReported(**values),)


# --- the files, in the order in which they are read --------------------------------

_ENDS = _texts("settlement_a", "settlement_b", needed=True)

KINDS: tuple[Kind, ...] = (
    Kind(
        file="settlements.csv",
        build=_settlement,
        columns={
            "id": Column("settlement", None, needed=True),
            **_texts("name", needed=True),
            "lat": Column("lat", _latitude),
            "lon": Column("lon", _longitude),
            "aliases": Column("aliases", cells.names),
            **_texts("kind", "admin1", "admin1_pcode", "pcode", "geonames_id"),
            "population": Column("population", _people),
            **_texts("population_basis", "coordinates_basis"),
            **_texts("sensitivity", "basis", "note"),
            "coordinates_error_km": Column("coordinates_error_km", _error_km),
            "published": Column("published", cells.day),
            "population_published": Column("population_published", cells.day),
        },
        # They repeat the baseline rows of control.csv, which is where control is told.
        ignored=re.compile(r"control_([0-9]{4}_[0-9]{2}_[0-9]{2}|basis)", re.ASCII),
    ),
    Kind(
        file="actors.csv",
        build=_actor,
        columns={
            "id": Column("actor", None, needed=True),
            **_texts("name", needed=True),
            **_texts("short", "side", "kind", "acled_inter", "colour", "note"),
            **_SPAN,
            "backers_in_seed": Column("backers_in_seed", cells.names),
            "backers_recollection": Column("backers_recollection", cells.names),
        },
    ),
    Kind(
        file="sources.csv",
        build=_source,
        columns={
            "id": Column("source", None, needed=True),
            **_texts("name", needed=True),
            **_texts("kind", "affiliation"),
            "default_reliability": Column("reliability"),
            "published_first": Column("since", cells.day),
            **_texts("seen_as", "note"),
        },
    ),
    Kind(
        file="routes.csv",
        build=_route,
        settlements=("settlement_a", "settlement_b"),
        columns={
            **_ENDS,
            "distance_km": Column("distance_km", cells.decimal(0, 25_000), needed=True),
            **_texts("road_class", "road", "basis", "distance_basis", "note"),
            "published": Column("published", cells.day),
        },
    ),
    Kind(
        file="legends.csv",
        build=partial(_one, LegendReported),
        columns={
            **_REPORT,
            **_texts("legend", "colour", "means", needed=True),
            **_FROM,
        },
    ),
    Kind(
        file="control.csv",
        build=_control,
        present=("to_actor",),
        settlements=("settlement",),
        actors=("controller", "from_actor"),
        located=True,
        columns={
            **_REPORT,
            **_FROM,
            **_texts("time_of_day", "precision"),
            **_SPAN,
            **_texts("settlement", needed=True),
            **_REPEATED_PLACE,
            "from_actor": Column("from_actor"),
            "to_actor": Column("controller"),
            **_texts("status", "kind", "confidence", "claimed_by"),
            "baseline": Column("baseline", cells.yes_no),
            "same_change_as": Column("same_change_as", cells.ids),
            "disputes": Column("disputes", cells.ids),
        },
    ),
    Kind(
        file="displacement.csv",
        build=_displacement,
        settlements=("settlement", "origin", "destination"),
        columns={
            **_REPORT,
            "valid_on": Column("valid_on", cells.day),
            **_SPAN,
            **_texts("measure", "category", needed=True),
            **{name: Column(name, _people) for name in ("persons", "low", "high")},
            **_texts("qualifier", "area", "settlement", "origin", "destination"),
            **_texts("counter", "confidence"),
            "includes": Column("includes", cells.ids),
        },
    ),
    Kind(
        file="incidents.csv",
        build=_incident,
        settlements=("settlement",),
        actors=("alleged_actor",),
        located=True,
        columns={
            **_REPORT,
            **_FROM,
            **_texts("time_of_day", "precision"),
            **_SPAN,
            **_texts("settlement", "area"),
            **_REPEATED_PLACE,
            **_texts("kind", needed=True),
            **_texts("alleged_actor", "claimed_by", "civilians", "confidence"),
            **{
                f"{what}{end}": Column(f"{what}{end}", _people)
                for what in ("killed", "injured")
                for end in ("", "_low", "_high")
            },
            "disputed": Column("disputed", cells.yes_no),
            "aggregate": Column("aggregate", cells.yes_no),
        },
    ),
    Kind(
        file="closures.csv",
        build=_closure,
        settlements=("settlement_a", "settlement_b"),
        columns={
            **_REPORT,
            "id": Column("report_id"),
            **_ENDS,
            "since": Column("valid_from", cells.day, needed=True),
            "until": Column("until", cells.day),
            **_texts("time_of_day"),
            "shut": Column("shut", cells.yes_no),
        },
    ),
    Kind(
        file="support.csv",
        build=partial(_one, SupportReported),
        actors=("backed",),
        columns={
            **_REPORT,
            **_texts("backer", "backed", needed=True),
            **_texts("support"),
            **_FROM,
        },
    ),
    Kind(
        file="unlocated.csv",
        present=("to_actor",),
        columns={
            **_texts("name", needed=True),
            **_texts("valid_from", "to_actor", "source", "note"),
        },
    ),
)
