"""What had been published by a day of places, routes and populations."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    Event,
    RouteRegistered,
    SettlementRegistered,
)
from chronicle.domain.lenses import parse_lens
from chronicle.domain.questions import Clocks
from chronicle.domain.state import State, state_of
from chronicle.domain.timeline import RecordedEvent
from chronicle.replay.frames import panel_frame
from chronicle.replay.questions import Questions
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.verification.observed import states_by_day

DAY = date(2030, 5, 1)
EARLY, LATE = date(2030, 4, 1), date(2030, 6, 1)


def place(name: str = "alder", **more: object) -> SettlementRegistered:
    return SettlementRegistered(settlement=name, name=name, **more)  # type: ignore[arg-type]


def road(**more: object) -> RouteRegistered:
    return RouteRegistered(
        settlement_a="alder",
        settlement_b="birch",
        distance_km=5.0,
        **more,  # type: ignore[arg-type]
    )


def log_of(*events: Event) -> list[RecordedEvent]:
    at = datetime(2031, 1, 1, tzinfo=UTC)
    return [RecordedEvent(n, at, event) for n, event in enumerate(events, 1)]


def seen(*events: Event, by: date | None = DAY) -> State:
    return state_of(log_of(*events), DAY, parse_lens("latest"), published_by=by)


def test_a_place_is_not_there_before_it_was_published() -> None:
    told = ControlReported(
        report_id="r",
        source="s",
        settlement="alder",
        controller="red",
        valid_from=EARLY,
        baseline=True,
    )
    late = place(published=LATE), told
    assert "alder" not in seen(*late).places
    assert seen(*late, by=LATE).control == {"alder": "red"}
    assert seen(*late, by=None).control == {"alder": "red"}
    assert [s.control for s in states_by_day(log_of(*late), DAY, DAY)] == [
        {"alder": "red"}
    ]
    (then,) = states_by_day(log_of(*late), DAY, DAY, published_by=DAY)
    assert then.places == {}


def test_a_place_without_a_date_is_known_on_every_day() -> None:
    assert "alder" in seen(place(), by=date(1900, 1, 1)).places


def test_what_was_said_first_stands_until_the_amendment_is_published() -> None:
    both = place(published=EARLY, kind="town"), place(published=LATE, kind="city")
    assert seen(*both).references.settlements["alder"].kind == "town"
    assert seen(*both, by=LATE).references.settlements["alder"].kind == "city"


def test_a_population_has_a_day_of_its_own() -> None:
    census = place(population=900, published=EARLY, population_published=LATE)
    assert seen(census).references.settlements["alder"].population is None
    assert seen(census, by=LATE).references.settlements["alder"].population == 900
    again = place(population=700), place(population=900, population_published=LATE)
    assert seen(*again).references.settlements["alder"].population == 700


def test_a_route_is_not_open_before_it_was_published() -> None:
    ends = place("alder"), place("birch")
    assert seen(*ends, road(published=LATE)).open_routes == []
    assert len(seen(*ends, road(published=EARLY)).open_routes) == 1
    built = road(road_class="local"), road(road_class="primary", published=LATE)
    (found,) = seen(*ends, *built).open_routes
    assert found.road_class == "local"


@pytest.mark.parametrize("by", [None, EARLY, DAY, LATE])
def test_columns_hide_what_the_fold_hides(by: date | None) -> None:
    log = EventLog(MemoryStore())
    told = (
        ActorRegistered(actor="red", name="Red"),
        place("alder", population=5, population_published=LATE),
        place("birch", published=LATE, kind="city"),
        place("cedar", published=LATE),
        place("cedar", published=EARLY),
        road(published=LATE),
        *(
            ControlReported(
                report_id=f"r-{name}",
                source="s",
                settlement=name,
                controller="red",
                valid_from=EARLY,
                published=EARLY,
            )
            for name in ("alder", "birch", "cedar")
        ),
    )
    log.append(list(told))
    position, events = log.store.head(), list(log.recorded())
    plain = state_of(events, DAY, parse_lens("latest"), published_by=by)
    asked = Questions(log)
    clocks = Clocks(on=DAY, position=position, published_by=by)
    for _ in range(2):  # the second time of what was kept
        quick = asked.state(clocks, "latest")
        assert quick.control == plain.control
        assert quick.references == plain.references
    for name in ("alder", "birch"):
        alone = asked.place(name, clocks, "latest").places
        assert alone.keys() == plain.places.keys() & {name}
    frame = panel_frame(log, DAY, DAY, "D", position, published_by=by)
    assert sorted(frame["settlement"]) == sorted(plain.places)
