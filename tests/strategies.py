"""What Hypothesis invents: single events with any fields, and whole logs.

    logs()             lists of events as they are asked for, each valid in its turn
    recorded(events)   the same in a log, decided on and recorded the plain way
    any_event(kind)    one event of a class with whatever its fields may hold
    steady             settings under which a run finds the same examples every time

Places, actors, sources and days are few, so that ties, rivals and corrections of
corrections are common. An event of `logs` may add nothing; a remark may have no id yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from chronicle.domain.events import (
    CATEGORIES,
    CIVILIANS,
    INCIDENT_KINDS,
    MEASURES,
    NAMELESS,
    PRECISIONS,
    QUALIFIERS,
    RELATIONS,
    RELIABILITIES,
    ROAD_CLASSES,
    SENSITIVITIES,
    STATUSES,
    TIMES_OF_DAY,
    ActorRegistered,
    Claim,
    ControlReported,
    DisplacementReported,
    Event,
    ImportFinished,
    IncidentReported,
    LegendReported,
    Report,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import Conflict, InputError
from plain_log import PlainLog

steady = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SETTLEMENTS = ("alder", "birch", "cedar")
ACTORS = ("red", "blue", "green")
SOURCES = ("radio", "paper", "agency")
FIRST = date(2024, 11, 25)
DAYS = [FIRST + timedelta(days) for days in range(8)]
FAR_DAYS = [date(2011, 3, 15), date(2025, 3, 1), date(2031, 1, 1)]  # old, and to come

place = st.sampled_from(SETTLEMENTS)
actor = st.sampled_from(ACTORS)
source = st.sampled_from(SOURCES)
day = st.sampled_from(DAYS) | st.sampled_from([*DAYS, *FAR_DAYS])
time_of_day = st.sampled_from(TIMES_OF_DAY)
published = st.none() | day


# --- one event, any fields -------------------------------------------------------

_letters = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
)
_words = st.sampled_from(["Aleppo", "حلب", "Ḥimṣ", "al-Bāb", "x", "1", "NA", "a b"])
idents = st.sampled_from(["alder", "birch-2", "حلب", "0042", "a:b"]) | st.text(
    _letters, min_size=1, max_size=12
).filter(lambda word: bool(word.strip()))
names = st.just("") | _words | st.text(_letters, max_size=40)
titles = _words | idents
notes = names | st.just("first line\nsecond line\twith a tab")
counts = st.integers(0, 10_000_000_000)
dates = st.dates(date(1900, 1, 1), date(2100, 1, 1))


def _number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high) | st.sampled_from([low, high, 0.0])


def _one(words: Sequence[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(words)


_ANY: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(
        ["actor", "backed", "other", "report", "report_id", "settlement"], idents
    ),
    **dict.fromkeys(["settlement_a", "settlement_b", "source"], idents),
    **dict.fromkeys(
        ["alleged_actor", "controller", "destination", "from_actor", "origin"],
        st.none() | idents,
    ),
    **dict.fromkeys(["admin1", "admin1_pcode", "affiliation", "area", "basis"], names),
    **dict.fromkeys(["claimed_by", "counter", "dataset", "geonames_id"], names),
    **dict.fromkeys(["kind", "pcode", "road", "short", "side", "was"], names),
    **dict.fromkeys(["ref", "support"], names),
    **dict.fromkeys(["backer", "file", "legend", "means", "name"], titles),
    **dict.fromkeys(["note", "reason"], notes),
    **dict.fromkeys(
        ["changed", "events", "gone", "new", "problems", "reports"], counts
    ),
    **dict.fromkeys(["high", "injured", "injured_high"], st.none() | counts),
    **dict.fromkeys(["injured_low", "killed", "killed_high"], st.none() | counts),
    **dict.fromkeys(["killed_low", "low", "persons"], st.none() | counts),
    "population": st.none() | counts,
    **dict.fromkeys(["aggregate", "baseline", "disputed", "shut"], st.booleans()),
    **dict.fromkeys(
        ["population_published", "published", "since", "until", "valid_on"],
        st.none() | dates,
    ),
    "valid_from": dates,
    "aliases": st.lists(titles, max_size=3).map(tuple),
    "includes": st.lists(idents, max_size=3).map(tuple),
    "category": _one(CATEGORIES),
    "civilians": _one(CIVILIANS),
    "colour": st.sampled_from(["", "#00ff00", "#A0b1C2"]),
    "credibility": st.none() | st.integers(1, 6),
    **dict.fromkeys(
        ["digest", "root"], st.text("0123456789abcdef", min_size=64, max_size=64)
    ),
    "distance_km": _number(0.0, 25_000.0),
    "lat": _number(-90.0, 90.0),
    "lon": _number(-180.0, 180.0),
    "measure": _one(MEASURES),
    "precision": _one(PRECISIONS),
    "qualifier": _one(QUALIFIERS),
    "relation": _one(RELATIONS),
    "reliability": st.none() | _one(RELIABILITIES),
    "road_class": _one(ROAD_CLASSES),
    "sensitivity": _one(SENSITIVITIES),
    "status": _one(STATUSES),
    "time_of_day": time_of_day,
    "changes": st.dictionaries(
        st.sampled_from(["note", "ref", "basis"]), names, min_size=1
    ),
}
_OWN: dict[tuple[type[Event], str], st.SearchStrategy[Any]] = {
    (ControlReported, "kind"): _one(("", *INCIDENT_KINDS)),
    (IncidentReported, "kind"): _one(INCIDENT_KINDS),
    (IncidentReported, "settlement"): st.none() | idents,
    (DisplacementReported, "settlement"): st.none() | idents,
    (LegendReported, "colour"): titles,
    **{
        (kind, "report_id"): st.just("") | idents
        for kind in (ReportsLinked, ReportRetracted, ReportAmended, ReportRedacted)
    },
}
_FIGURES = (
    ("low", "persons", "high"),
    ("killed_low", "killed", "killed_high"),
    ("injured_low", "injured", "injured_high"),
)


def _agreed(kind: type[Event], values: dict[str, Any]) -> dict[str, Any]:
    """*values*, changed where they contradict each other."""
    first = values.get("valid_from") if kind is RouteStatusReported else None
    first = first or values.get("since")
    if first and values.get("until") and values["until"] <= first:
        values["until"] = first + timedelta(days=1)
    for triple in _FIGURES:
        given = [name for name in triple if values.get(name) is not None]
        rising = sorted(values[name] for name in given)
        values.update(zip(given, rising, strict=True))
    for one, other in (("settlement_a", "settlement_b"), ("report", "other")):
        if other in values and values[one] == values[other]:
            values[other] = "elsewhere" if values[one] != "elsewhere" else "alder"
    if kind is ControlReported:
        held = values["status"] not in NAMELESS
        values["controller"] = (values["controller"] or "red") if held else None
    if kind is DisplacementReported and values["valid_on"] is None:
        whole = values["since"] and values["until"]
        if values["measure"] == "stock" or not whole:
            values["valid_on"] = FIRST
    return values


def fields_of(kind: type[Event]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments with which *kind* can be made."""
    given = {f.name: _OWN.get((kind, f.name), _ANY[f.name]) for f in fields(kind)}
    return st.fixed_dictionaries(given).map(lambda values: _agreed(kind, values))


def any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Events of class *kind* with whatever their fields may hold."""
    return fields_of(kind).map(lambda values: kind(**values))


# --- whole logs ------------------------------------------------------------------


def opening() -> list[Event]:
    """What a log needs before anybody can say anything."""
    return [
        *(
            SettlementRegistered(settlement=id_, name=id_.title(), lat=36.0, lon=37.0)
            for id_ in SETTLEMENTS
        ),
        *(ActorRegistered(actor=id_, name=id_.title()) for id_ in ACTORS),
        SourceRegistered(source="radio", name="Radio", reliability="B"),
        SourceRegistered(source="paper", name="Paper", reliability="E"),
        RouteRegistered(settlement_a="alder", settlement_b="birch", distance_km=10.0),
    ]


Draw = Callable[[st.SearchStrategy[Any]], Any]


def _grades(draw: Draw) -> dict[str, Any]:
    return {
        "published": draw(published),
        "reliability": draw(st.none() | st.sampled_from("ABCDEF")),
        "credibility": draw(st.none() | st.integers(1, 6)),
    }


def _side(draw: Draw) -> dict[str, Any]:
    status = draw(st.sampled_from([*STATUSES, "held", "held", "held", "contested"]))
    return {
        "status": status,
        "controller": None if status in NAMELESS else draw(actor),
    }


def _control(draw: Draw, log: PlainLog, new: str) -> Event:
    return ControlReported(
        report_id=new,
        source=draw(source),
        settlement=draw(place),
        valid_from=draw(day),
        time_of_day=draw(time_of_day),
        baseline=draw(st.sampled_from([False, False, False, True])),
        **_side(draw),
        **_grades(draw),
    )


def _displacement(draw: Draw, log: PlainLog, new: str) -> Event:
    since, until = sorted(draw(st.lists(day, min_size=2, max_size=2, unique=True)))
    measure = draw(st.sampled_from(MEASURES))
    spanned = measure == "flow" and draw(st.booleans())
    return DisplacementReported(
        report_id=new,
        source=draw(source),
        measure=measure,
        category=draw(st.sampled_from(CATEGORIES[:2])),
        persons=draw(st.none() | st.integers(0, 5_000)),
        area=draw(st.sampled_from(["", "SY02", "SY0201", "north"])),
        settlement=draw(st.none() | place),
        destination=draw(st.none() | place),
        counter=draw(st.sampled_from(["", "ocha", "iom"])),
        valid_on=None if spanned else draw(day),
        since=since if spanned else None,
        until=until if spanned else None,
        includes=draw(st.sampled_from([(), ("r1",)])),
        **_grades(draw),
    )


def _incident(draw: Draw, log: PlainLog, new: str) -> Event:
    return IncidentReported(
        report_id=new,
        source=draw(source),
        kind=draw(st.sampled_from(INCIDENT_KINDS[3:6])),
        valid_from=draw(day),
        settlement=draw(st.none() | place),
        time_of_day=draw(time_of_day),
        alleged_actor=draw(st.none() | actor),
        killed=draw(st.none() | st.integers(0, 50)),
        **_grades(draw),
    )


def _closure(draw: Draw, log: PlainLog, new: str) -> Event:
    shut_on = draw(day)
    return RouteStatusReported(
        report_id=new,
        source=draw(source),
        settlement_a="birch",
        settlement_b="alder",
        shut=draw(st.booleans()),
        valid_from=shut_on,
        time_of_day=draw(time_of_day),
        until=draw(st.sampled_from([None, shut_on + timedelta(days=2)])),
        **_grades(draw),
    )


def _other_claim(draw: Draw, log: PlainLog, new: str) -> Event:
    told = {"report_id": new, "source": draw(source), "valid_from": draw(day)}
    if draw(st.booleans()):
        return SupportReported(backer="A state", backed=draw(actor), **told)
    return LegendReported(legend="The map", colour="green", means="a side", **told)


def _own(draw: Draw, new: str) -> dict[str, Any]:
    """What a remark may carry of its own: an id, a source, a day."""
    return {
        "report_id": draw(st.sampled_from(["", "", new])),
        "source": draw(st.sampled_from(["editor", "radio"])),
        "published": draw(st.none() | published),
    }


def _ids(log: PlainLog, kind: type[Report]) -> list[str]:
    return [row.event.report_id for row in log.rows if isinstance(row.event, kind)]


def _retraction(draw: Draw, log: PlainLog, new: str) -> Event | None:
    ids = _ids(log, Report)
    if not ids:
        return None
    # The last ones are often retractions themselves.
    report = draw(st.sampled_from(ids) | st.sampled_from(ids[-2:]))
    return ReportRetracted(report=report, **_own(draw, new))


def _amendment(draw: Draw, log: PlainLog, new: str) -> Event | None:
    claims = [row.event for row in log.rows if isinstance(row.event, Claim)]
    if not claims:
        return None
    claim = draw(st.sampled_from(claims) | st.sampled_from(claims[-2:]))
    some: list[dict[str, Any]] = [
        {"note": draw(st.sampled_from(["mended", "مصحح"]))},
        {"published": draw(published)},
        {"credibility": draw(st.none() | st.integers(1, 6))},
    ]
    if isinstance(claim, DisplacementReported):
        some += [
            {"persons": draw(st.none() | st.integers(0, 5_000))},
            {"valid_on": draw(published)},
            {"since": DAYS[1], "until": DAYS[4]},
            {"settlement": draw(place)},
        ]
    else:
        some.append({"valid_from": draw(day)})
    if isinstance(claim, ControlReported):
        some += [_side(draw), {"settlement": draw(place)}]
        some += [{"time_of_day": draw(time_of_day)}]
    picked = draw(st.lists(st.sampled_from(some), min_size=1, max_size=2))
    changes = {name: value for one in picked for name, value in one.items()}
    return ReportAmended(report=claim.report_id, changes=changes, **_own(draw, new))


def _link(draw: Draw, log: PlainLog, new: str) -> Event | None:
    ids = _ids(log, Claim)
    if len(ids) < 2:
        return None
    report, other = draw(st.permutations(ids))[:2]
    relation = draw(st.sampled_from(RELATIONS))
    return ReportsLinked(
        report=report, other=other, relation=relation, **_own(draw, new)
    )


def _redaction(draw: Draw, log: PlainLog, new: str) -> Event | None:
    ids = _ids(log, Claim)
    if not ids:
        return None
    return ReportRedacted(report=draw(st.sampled_from(ids)), **_own(draw, new))


def _registration(draw: Draw, log: PlainLog, new: str) -> Event:
    """Reference data once more: the same again, or amended, or a party with dates."""
    again = SettlementRegistered(
        settlement=draw(place), name=draw(_words), lat=36.0, lon=37.0
    )
    graded = SourceRegistered(
        source=draw(source), name="A source", reliability=draw(_ANY["reliability"])
    )
    dated = ActorRegistered(actor=draw(actor), name="A party", since=draw(published))
    finished = ImportFinished(file="control.csv", digest="0" * 64, new=1)
    return draw(st.sampled_from([*opening(), again, graded, dated, finished]))  # type: ignore[no-any-return]


def _again(draw: Draw, log: PlainLog, new: str) -> Event | None:
    """Something that the log holds already."""
    held = [row.event for row in log.rows if isinstance(row.event, Event)]
    return draw(st.sampled_from(held))  # type: ignore[no-any-return]


_STEPS: dict[str, tuple[Callable[[Draw, PlainLog, str], Event | None], int]] = {
    "control": (_control, 6),
    "retraction": (_retraction, 3),
    "amendment": (_amendment, 3),
    "displacement": (_displacement, 2),
    "incident": (_incident, 1),
    "closure": (_closure, 1),
    "other claim": (_other_claim, 1),
    "link": (_link, 1),
    "redaction": (_redaction, 1),
    "registration": (_registration, 1),
    "again": (_again, 1),
}


@st.composite
def logs(draw: Draw, max_steps: int = 30, without: Sequence[str] = ()) -> list[Event]:
    """Events in the order in which a log would take them, each valid in its turn.

    The first nine are the `opening`. *without* names steps to leave out: "redaction"
    for a store that wants its reports recorded before they can be redacted.
    """
    log = PlainLog(opening())
    asked = opening()
    names_ = [
        name
        for name, (_, weight) in _STEPS.items()
        if name not in without
        for _ in range(weight)
    ]
    for number in range(1, draw(st.integers(0, max_steps)) + 1):
        step, _ = _STEPS[draw(st.sampled_from(names_))]
        event = step(draw, log, f"r{number}")
        if event is None:
            continue
        try:
            log.append(event)
        except (Conflict, InputError):
            continue  # this log would refuse it
        asked.append(event)
    return asked


def recorded(events: Sequence[Event]) -> list[RecordedEvent]:
    """*events* in a log: decided on one by one, redacted payloads taken away."""
    return PlainLog(events).rows
