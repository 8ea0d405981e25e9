"""What was so: the fold over standing claims, and the state that a lens sees in it.

    state = judge(fold(as_of(as_known(log, known_at), on)), on, lens, …)

`fold` only gathers what was said of each place; it checks, raises and forgets nothing,
and folding in two parts is folding in one. `judge` asks the lens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from chronicle.domain.base import PLACE_FIELDS
from chronicle.domain.displacement import figures_on
from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    Redacted,
    Reference,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
    as_published,
)
from chronicle.domain.lenses import Lens, Ruling, control_of, grade_key, side
from chronicle.domain.timeline import (
    EffectiveClaim,
    RecordedEvent,
    as_known,
    effective_claims,
    order,
    until,
)

if TYPE_CHECKING:
    from os import PathLike

    import geopandas as gpd
    import pandas as pd

    from chronicle import Picture
    from chronicle.domain.table import Table

__all__ = [
    "ControlChange",
    "Evidence",
    "OtherEvidence",
    "Place",
    "References",
    "State",
    "diff",
    "fold",
    "grade_of",
    "judge",
    "places_of",
    "references",
    "state_of",
]


@dataclass(frozen=True, slots=True)
class References:
    """Settlements, routes, actors and sources as last registered, by id."""

    settlements: dict[str, SettlementRegistered] = field(default_factory=dict)
    routes: dict[str, RouteRegistered] = field(default_factory=dict)
    actors: dict[str, ActorRegistered] = field(default_factory=dict)
    sources: dict[str, SourceRegistered] = field(default_factory=dict)

    def add(self, event: Event | Redacted) -> None:
        """Take *event* in, if it is reference data."""
        match event:
            case SettlementRegistered():
                self.settlements[event.key] = event
            case RouteRegistered():
                self.routes[event.key] = event
            case ActorRegistered():
                self.actors[event.key] = event
            case SourceRegistered():
                self.sources[event.key] = event

    def of(self, event: Reference) -> Reference | None:
        """What is registered under the key of *event*, if anything is."""
        shelf: Mapping[str, Reference]
        match event:
            case SettlementRegistered():
                shelf = self.settlements
            case RouteRegistered():
                shelf = self.routes
            case ActorRegistered():
                shelf = self.actors
            case _:
                shelf = {**self.sources}
        return shelf.get(event.key)

    def reliabilities(self) -> dict[str, str]:
        """The default reliability of each source that has one."""
        return {s.source: s.reliability for s in self.sources.values() if s.reliability}


def references(
    log: Iterable[RecordedEvent], published_by: date | None = None
) -> References:
    """The reference data that *log* amounts to, as far as published by a day.

    Reference data without a date of publication is known on every day.
    """
    found = References()
    for recorded in log:
        event: Event | Redacted | None = recorded.event
        if published_by is not None and isinstance(event, Reference):
            event = as_published(event, found.of(event), published_by)
        if event is not None:
            found.add(event)
    return found


@dataclass(frozen=True, slots=True)
class OtherEvidence:
    """What was said of anything but control, in `order`; routes by id."""

    routes: dict[str, tuple[EffectiveClaim, ...]] = field(default_factory=dict)
    figures: tuple[EffectiveClaim, ...] = ()
    incidents: tuple[EffectiveClaim, ...] = ()
    support: tuple[EffectiveClaim, ...] = ()
    legends: tuple[EffectiveClaim, ...] = ()


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that was said, by what it was said of, in `order`.

    `control` and `last` (the last day of which anybody spoke) are by settlement id.
    `load` gives the rest when it is first asked for: a long log is not read for it.
    """

    control: Mapping[str, tuple[EffectiveClaim, ...]] = field(default_factory=dict)
    last: Mapping[str, date] = field(default_factory=dict)
    load: Callable[[], OtherEvidence] = field(default=OtherEvidence, repr=False)

    @cached_property
    def other(self) -> OtherEvidence:
        """What was said of anything but control."""
        return self.load()

    @property
    def routes(self) -> dict[str, tuple[EffectiveClaim, ...]]:
        """Reports on routes, by route id."""
        return self.other.routes

    @property
    def figures(self) -> tuple[EffectiveClaim, ...]:
        """Figures of displaced people."""
        return self.other.figures

    @property
    def incidents(self) -> tuple[EffectiveClaim, ...]:
        """Reports of incidents."""
        return self.other.incidents

    @property
    def support(self) -> tuple[EffectiveClaim, ...]:
        """Reports of who backs whom."""
        return self.other.support

    @property
    def legends(self) -> tuple[EffectiveClaim, ...]:
        """What colours of maps mean."""
        return self.other.legends

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Evidence):
            return NotImplemented
        mine, theirs = (self.control, self.last), (other.control, other.last)
        return mine == theirs and self.other == other.other

    __hash__ = None  # type: ignore[assignment]


def places_of(event: Event | Redacted) -> set[str]:
    """The settlements that an event itself names."""
    return {place for name in PLACE_FIELDS if (place := getattr(event, name, None))}


def fold(standing: Iterable[EffectiveClaim], start: Evidence | None = None) -> Evidence:
    """Gather claims, which come in `order`; *start* is what earlier ones came to."""
    start = start or Evidence()
    control: dict[str, list[EffectiveClaim]] = {}
    routes = {route: list(reports) for route, reports in start.routes.items()}
    figures, incidents = list(start.figures), list(start.incidents)
    support, legends = list(start.support), list(start.legends)
    last = dict(start.last)
    for one in standing:
        claim = one.claim
        places: tuple[str | None, ...] = ()
        match claim:
            case ControlReported():
                if claim.settlement not in control:
                    said = start.control.get(claim.settlement, ())
                    control[claim.settlement] = list(said)
                control[claim.settlement].append(one)
                places = () if claim.baseline else (claim.settlement,)
            case DisplacementReported():
                figures.append(one)
                places = (claim.settlement,)
            case IncidentReported():
                incidents.append(one)
                places = (claim.settlement,)
            case RouteStatusReported():
                routes.setdefault(claim.route, []).append(one)
                places = claim.settlement_a, claim.settlement_b
            case SupportReported():
                support.append(one)
            case _:  # a LegendReported
                legends.append(one)
        for place in places:
            if place is not None:
                last[place] = max(last.get(place, claim.since_day), claim.since_day)
    rest = OtherEvidence(
        {route: tuple(reports) for route, reports in routes.items()},
        tuple(figures),
        tuple(incidents),
        tuple(support),
        tuple(legends),
    )
    held = dict(start.control)  # the very tuples, of which nothing more was said
    held |= {place: tuple(reports) for place, reports in control.items()}
    return Evidence(held, last, lambda: rest)


@dataclass(frozen=True, slots=True)
class Place:
    """What is so of one settlement, says the lens, and how firmly it stands.

    *disputed*: another source says otherwise of the same day and time, or a report
    that stands is linked to a deciding one as *disputes*. *last_heard* is the last day
    of which anybody said anything: None means never, and is not quiet.
    """

    settlement: str
    verdict: Ruling
    disputed: bool
    last_heard: date | None

    @property
    def control(self) -> str | None:
        """The actor that holds it, or None."""
        return self.verdict.control

    @property
    def status(self) -> str:
        """One of `events.STATUSES`; `unknown` also where nothing was reported."""
        return self.verdict.status


@dataclass(frozen=True, slots=True)
class State:
    """What was so at the end of *on*, as known at *position*, seen by *lens*.

    *what_if* names the branch that it is a state of; empty for the record. *cautions*
    are sentences on what the answer lacks, and why. *digest* names the log up to
    *position*; it is empty for a state that no `Chronicle` gave.
    """

    on: date
    position: int
    published_by: date | None
    lens: str
    places: dict[str, Place]
    references: References
    heard: Evidence
    links: tuple[ReportsLinked, ...]
    what_if: str = ""
    cautions: tuple[str, ...] = ()
    digest: str = ""

    @property
    def control(self) -> dict[str, str | None]:
        """Settlement id to actor id, or None where nobody is said to hold it."""
        return {id_: place.control for id_, place in self.places.items()}

    @property
    def status(self) -> dict[str, str]:
        """Settlement id to control status."""
        return {id_: place.status for id_, place in self.places.items()}

    @property
    def figures(self) -> list[EffectiveClaim]:
        """The displacement figures that hold on the day."""
        return figures_on(self.heard.figures, self.on)

    @property
    def actors(self) -> list[ActorRegistered]:
        """The parties in being on the day: `[since, until)`."""
        return [
            actor
            for actor in self.references.actors.values()
            if (actor.since is None or actor.since <= self.on)
            and (actor.until is None or self.on < actor.until)
        ]

    @property
    def open_routes(self) -> list[RouteRegistered]:
        """The registered routes that no report has shut on the day."""
        return [
            route
            for id_, route in self.references.routes.items()
            if not _shut(self.heard.routes.get(id_, ()), self.on)
        ]

    def table(self) -> Table:
        """One row a settlement, by settlement id: the columns of `chronicle state`."""
        from chronicle.domain.outline import outline_of

        return outline_of(self).table()

    def _repr_html_(self) -> str:
        """`table`, as a notebook shows it."""
        return self.table()._repr_html_()

    def frame(self) -> pd.DataFrame:
        """`table` as a pandas frame; `attrs` say which question it answers.

        The dtypes are the same for every state, an empty one too; see `Table.frame`.
        """
        frame = self.table().frame()
        frame.attrs |= {
            "on": str(self.on),
            "position": self.position,
            "published_by": "" if self.published_by is None else str(self.published_by),
            "lens": self.lens,
            "digest": self.digest,
        }
        return frame

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """`frame` with points in WGS 84, as coarse as each place allows (extra `geo`).

        A place without coordinates that may be told has no geometry.
        """
        from chronicle import to_geodataframe

        return to_geodataframe(self)

    def map(
        self,
        out: str | PathLike[str] | None = None,
        *,
        place: str | None = None,
        km: float = 40.0,
        admin1: str | None = None,
        licence: str = "",
    ) -> Picture:
        """A map of the state: of all, about a *place*, or of a province.

        A notebook shows it; with *out* it is a file as well, of the format that its
        suffix says (.png, .svg, .pdf). Needs matplotlib (extra `plot`).
        """
        from chronicle import map_state

        return map_state(self, out, place=place, km=km, admin1=admin1, licence=licence)


def _shut(reports: tuple[EffectiveClaim, ...], on: date) -> bool:
    if not reports:
        return False
    claim = reports[-1].claim
    assert isinstance(claim, RouteStatusReported)
    return claim.shut and (claim.until is None or on < claim.until)


def _disputed(
    verdict: Ruling, reports: tuple[EffectiveClaim, ...], links: Mapping[str, set[str]]
) -> bool:
    """Whether a report that stands contradicts the last of the deciding ones."""
    if not verdict.deciding:
        return False
    if links:
        standing = {control_of(r).report_id for r in reports}
        if any(
            links.get(control_of(one).report_id, set()) & standing
            for one in verdict.deciding
        ):
            return True
    said = verdict.deciding[-1]
    claim, moment = control_of(said), order(said)[:2]
    for report in reversed(reports):
        if order(report)[:2] < moment:
            break  # they come in order: none before it is of that moment
        if (
            order(report)[:2] == moment
            and side(report) != side(said)
            and control_of(report).source != claim.source
            and not control_of(report).baseline
        ):
            return True
    return False


def judge(
    heard: Evidence,
    on: date,
    lens: Lens,
    refs: References,
    *,
    links: tuple[ReportsLinked, ...] = (),
    position: int = 0,
    published_by: date | None = None,
    before: State | None = None,
) -> State:
    """The state that *lens* sees in what was heard, for every registered settlement.

    *before* is an earlier state of the same lens, references and links, whose evidence
    *heard* goes on: what it says of places of which nothing was heard since is kept.
    """
    defaults = refs.reliabilities()
    rivals: dict[str, set[str]] = {}
    for link in links:
        if link.relation == "disputes":
            rivals.setdefault(link.report, set()).add(link.other)
            rivals.setdefault(link.other, set()).add(link.report)
    places = {}
    for id_ in refs.settlements:
        reports, last = heard.control.get(id_, ()), heard.last.get(id_)
        if before is not None and before.heard.control.get(id_, ()) is reports:
            known = before.places[id_]
            if known.last_heard == last:
                places[id_] = known
                continue
        verdict = lens(reports, defaults)
        doubtful = _disputed(verdict, reports, rivals)
        places[id_] = Place(id_, verdict, doubtful, last)
    return State(on, position, published_by, lens.name, places, refs, heard, links)


def state_of(
    log: Iterable[RecordedEvent],
    on: date,
    lens: Lens,
    *,
    known_at: int | None = None,
    published_by: date | None = None,
) -> State:
    """The meaning of `chronicle state`, said plainly; everything fast must equal it."""
    prefix = list(as_known(log, known_at))
    found = effective_claims(prefix, published_by)
    return judge(
        fold(until(found, on)),
        on,
        lens,
        references(prefix, published_by),
        links=found.links,
        position=prefix[-1].position if prefix else 0,
        published_by=published_by,
    )


def best_grade(place: Place, refs: References) -> str:
    """The best grade among the deciding reports, such as *B2*; empty without any."""
    return grade_of(place.verdict.deciding, refs.reliabilities())


def grade_of(deciding: Sequence[EffectiveClaim], defaults: Mapping[str, str]) -> str:
    """The best grade among reports; *defaults* are the reliabilities of sources."""
    if not deciding:
        return ""
    claims = [control_of(one) for one in deciding]
    best = min(claims, key=lambda claim: grade_key(claim, defaults))
    letter = best.reliability or defaults.get(best.source, "F")
    return f"{letter}{best.credibility or 6}"


@dataclass(frozen=True, slots=True)
class ControlChange:
    """One settlement on which two states differ; a side is `(control, status)`."""

    settlement: str
    before: tuple[str | None, str]
    after: tuple[str | None, str]
    since: date | None
    reports: tuple[str, ...]


def diff(before: State, after: State) -> list[ControlChange]:
    """Where two states differ in control or status, in order of the settlement ids.

    A settlement that only one of them knows was `unknown` in the other.
    """
    changes = []
    for id_ in sorted(before.places.keys() | after.places.keys()):
        old, new = (
            (state.places[id_].control, state.places[id_].status)
            if id_ in state.places
            else (None, "unknown")
            for state in (before, after)
        )
        if old == new:
            continue
        verdict = after.places[id_].verdict if id_ in after.places else None
        reports = (
            tuple(control_of(r).report_id for r in verdict.deciding) if verdict else ()
        )
        changes.append(
            ControlChange(id_, old, new, verdict.since if verdict else None, reports)
        )
    return changes
