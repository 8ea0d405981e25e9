"""From the record to a run's start, and from a replica back to a chronicle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chronicle as ch
from chronicle.domain.events import (
    ControlReported,
    Event,
    RouteStatusReported,
    SourceRegistered,
)
from chronicle.errors import InputError, UnknownId, Untrusted
from chronicle.experiments.execute import run_scenario
from chronicle.experiments.run import Run
from chronicle.simulation.network import ALWAYS, Network
from chronicle.simulation.rules import SUPPLY_CUT
from chronicle.simulation.scenario import Scenario
from chronicle.simulation.start import arms_of, network_of, orders_of
from chronicle.store.branch_guard import WHAT_IF
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.sqlite.store import SQLiteStore
from what_if_case import BRANCH, HOLD, five_towns, scenario


def network(told: Scenario, record: ch.Chronicle | None = None) -> Network:
    record = record or five_towns()
    state = record.state(told.branch_at, told.known_at, told.published_by)
    return network_of(state, told, record.find)


def orders(*given: dict[str, Any]) -> tuple[ch.Intervention, ...]:
    told = scenario(*given)
    record = five_towns()
    return orders_of(told, arms_of(told)[-1], network(told, record), record.find)


def refused(*given: dict[str, Any], **parts: Any) -> str:
    with pytest.raises(InputError) as told:
        run_scenario(scenario(*given, **parts), five_towns())
    return str(told.value)


# --- the start -------------------------------------------------------------------


def test_the_start_is_the_state_of_the_branch_day() -> None:
    found = network(scenario())
    holders = [found.actors[code] for code in found.controller]
    assert dict(zip(found.settlements, holders, strict=True)) == {
        "alder": "red",
        "birch": "blue",
        "cedar": "blue",
        "dogwood": "blue",
        "elm": "blue",
    }
    assert found.distance_km[found.edge("birch", "dogwood")] == 60
    assert set(found.open_spans) == {ALWAYS}
    red, blue = found.actor("red"), found.actor("blue")
    assert found.attacks[red, blue]
    assert found.attacks[red, -1]  # what nobody holds
    assert not found.attacks[blue].any()


def test_the_start_has_no_hindsight() -> None:
    later = scenario(scenario=head(branch_at=date(2030, 5, 15)))
    found = network(later)
    assert found.controller[found.row("birch")] == found.actor("blue")
    knowing = scenario(
        scenario=head(branch_at=date(2030, 5, 15), published_by=date(2030, 5, 15))
    )
    found = network(knowing)
    assert found.controller[found.row("birch")] == found.actor("red")


def head(**more: Any) -> dict[str, Any]:
    given = {"id": "toy", "branch_at": BRANCH, "published_by": BRANCH}
    return given | {"horizon_days": 8} | more


def shut(**more: Any) -> RouteStatusReported:
    return RouteStatusReported(
        report_id="shut",
        source="radio",
        settlement_a="birch",
        settlement_b="cedar",
        shut=True,
        published=date(2030, 5, 9),
        **{"valid_from": date(2030, 5, 9)} | more,
    )


@pytest.mark.parametrize(
    ("until", "spans"),
    [
        (None, ()),
        (date(2030, 5, 10), ALWAYS),  # open again on the branch day
        (date(2030, 5, 11), ((0.0, np.inf),)),  # from the very start of day 1
        (date(2030, 5, 14), ((3.0, np.inf),)),
    ],
)
def test_a_route_is_shut_until_the_morning_it_opens(
    until: date | None, spans: tuple[tuple[float, float], ...]
) -> None:
    record = five_towns()
    record.append(shut(until=until))
    found = network(scenario(), record)
    assert found.open_spans[found.edge("birch", "cedar")] == spans


def test_small_roads_are_slow_and_bases_are_empty() -> None:
    told = scenario(force=[{"actors": ["hts"], "against": ["gov"]}])
    record = ch.memory()
    record.import_folder(Path(__file__).parents[2] / "scenarios/syria-2024/data")
    day = date(2024, 11, 30)
    found = network_of(record.state(day, None, day), told, record.find)
    assert found.count == 296
    assert len(found.distance_km) == 554
    row = found.row("abu-al-duhur-airbase")
    assert (found.population[row], found.guessed[row]) == (0, False)
    local = found.edge("abin-samaan", "batbu")
    assert found.road_factor[local] == 0.5


# --- mistakes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (
            HOLD | {"place": "Brich"},
            "places: no settlement 'Brich'; did you mean birch",
        ),
        (
            {"kind": "close_route", "route": ["Alder", "Elm"]},
            "no route 'alder - elm'; did you mean alder - birch?",
        ),
        (
            HOLD | {"from": BRANCH},
            "from: 2030-05-10 is not after the branch on 2030-05-10",
        ),
        (HOLD | {"until": date(2030, 5, 1)}, "until: 2030-05-01 is not after the"),
        (
            HOLD | {"from": date(2030, 5, 14), "until": date(2030, 5, 14)},
            "until: 2030-05-14 is not after 2030-05-14",
        ),
        (HOLD | {"from": date(2030, 6, 1)}, "from: 2030-06-01 is after the horizon"),
        (
            {"kind": "transfer", "place": "Elm", "actor": "red"},
            "a transfer wants 'from'",
        ),
        (
            {"kind": "ceasefire", "parties": ["red", "bleu"]},
            "parties: no actor 'bleu'; did you mean blue?",
        ),
        (
            {"kind": "transfer", "place": "Elm", "actor": "gren", "from": BRANCH},
            "from: 2030-05-10 is not after the branch",
        ),
        (HOLD | {"extra_days": 0}, "extra_days 0.0 is not above 0"),
        (HOLD | {"factor": 2}, "hold does not use factor"),
    ],
)
def test_a_wrong_order_is_told_with_file_key_and_value(
    order: dict[str, Any], said: str
) -> None:
    told = refused(order)
    assert told.startswith("toy.toml: ")
    assert said in told


def test_contradictory_orders_are_refused() -> None:
    told = refused(HOLD, HOLD | {"name": "again"})
    assert "toy.toml: " in told
    assert "'hold'" in told
    assert "'again' both hold birch" in told


def test_a_day_before_the_record_is_refused() -> None:
    early = {"branch_at": date(2029, 1, 1), "published_by": date(2029, 1, 1)}
    told = refused(scenario=head(**early))
    assert "toy.toml: scenario.branch_at: 2029-01-01 is before the record" in told


def test_an_unknown_actor_is_told_with_the_nearest() -> None:
    told = refused(force=[{"actors": ["redd"], "against": ["blue"]}])
    assert "toy.toml: force 1.actors: no actor 'redd'; did you mean red?" in told


def test_an_actor_that_is_not_in_being_yet_cannot_advance() -> None:
    record = five_towns()
    record.append(
        ch.ActorRegistered(actor="green", name="Green", since=date(2030, 5, 20))
    )
    told = scenario(force=[{"actors": ["green"], "against": ["blue"]}])
    with pytest.raises(InputError, match=r"'green' is in being from 2030-05-20"):
        run_scenario(told, record)


def test_a_place_that_may_rise_must_be_known() -> None:
    with pytest.raises(UnknownId, match=r"toy\.toml: force 1\.risings: no settleme"):
        network(
            scenario(force=[{"actors": ["red"], "against": ["blue"], "risings": ["x"]}])
        )


# --- orders ----------------------------------------------------------------------


def test_days_of_the_calendar_become_days_since_the_branch() -> None:
    (span,) = orders(
        {
            "kind": "ceasefire",
            "from": date(2030, 5, 11),
            "until": date(2030, 5, 13),
        }
    )
    assert (span.day, span.until) == (0.0, 2.0)  # 11 and 12 May are days 1 and 2
    (moment,) = orders(
        {"kind": "transfer", "place": "Elm", "actor": "red", "from": date(2030, 5, 12)}
    )
    assert moment.day == 1.5  # noon of 12 May


def test_a_corridor_takes_the_shortest_way() -> None:
    (found,) = orders({"kind": "open_corridor", "route": ["Alder", "Elm", "Birch"]})
    assert found.places == ("alder", "birch", "cedar", "elm", "cedar", "birch")


def test_the_baseline_is_always_an_arm() -> None:
    other = {"name": "cut", "kind": "close_route", "route": ["Birch", "Cedar"]}
    assert arms_of(scenario()) == ((),)
    assert arms_of(scenario(HOLD, other)) == ((), ("hold", "cut"))
    arms = {"arms": [["cut"], ["cut"], ["hold", "cut"]]}
    assert arms_of(scenario(HOLD, other, compare=arms)) == (
        *((), ("cut",), ("hold", "cut")),
    )


# --- branches --------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> Run:
    cut = {
        "name": "cut",
        "kind": "close_route",
        "route": ["Birch", "Cedar"],
        "from": date(2030, 5, 13),
        "until": date(2030, 5, 16),
    }
    return run_scenario(scenario(HOLD, cut), five_towns())


def test_a_branch_replays_to_what_the_replica_came_to(run: Run) -> None:
    for number, arm in ((0, "baseline"), (5, "baseline"), (5, "hold + cut")):
        results = run.arm(arm).results
        with run.branch(number, arm=arm) as branch:
            control = branch.state(run.question.days[-1]).control
            final = [run.network.actors[code] for code in results.final[number]]
            for id_, holder in zip(run.network.settlements, final, strict=True):
                if control[id_] is not None:  # under siege at the end
                    assert control[id_] == holder
            for row, id_ in enumerate(run.network.settlements):
                held = [
                    line["valid_from"]
                    for line in branch.history(id_)
                    if line["control"] == "red" and line["status"] == "held"
                ]
                day = int(results.fall_day[number, row])
                if day:
                    assert held[0] == run.question.day(day)


def test_a_branch_tells_of_people_and_routes(run: Run) -> None:
    displaced = run.arm("hold + cut").results.displaced[3]
    with run.branch(3, arm="hold + cut") as branch:
        (figure,) = branch.displaced("2030-05-15").rows
        assert round(displaced[4]) in figure
        routes = {
            day: {route.key for route in branch.state(day).open_routes}
            for day in ("2030-05-12", "2030-05-13", "2030-05-15", "2030-05-16")
        }
    shut_on = [day for day, keys in routes.items() if "birch--cedar" not in keys]
    assert shut_on == ["2030-05-13", "2030-05-15"]


STILL = {"speed_km_day": 1, "repulse": 0, "counterattack": 0}  # nobody arrives in time
BOTH = [
    {"actors": ["red"], "against": ["blue"]},
    {"actors": ["blue"], "against": ["red"], "supply": ["Elm"]},
]
SHUT = {
    "name": "cut",
    "kind": "close_route",
    "route": ["Cedar", "Elm"],
    "from": date(2030, 5, 13),
    "until": date(2030, 5, 16),
}
MORE = [
    {"kind": "reinforce", "place": "Cedar", "factor": 2, "from": date(2030, 5, 14)},
    {"kind": "capacity", "place": "Dogwood", "capacity": 9, "from": date(2030, 5, 12)},
]


def befallen(branch: ch.Chronicle, place: str) -> list[tuple[str, str, str, str]]:
    return [
        (str(row["valid_from"]), row["control"], row["status"], row["note"])
        for row in branch.history(place)
    ]


@pytest.mark.parametrize("engine", ["simpy", "heap"])
def test_a_branch_tells_what_befell_a_place_that_nobody_took(engine: str) -> None:
    told = scenario(SHUT, *MORE, force=BOTH, rules=STILL)
    made = run_scenario(told, five_towns(), engine=engine)
    start = ("2030-05-10", "blue", "held", "as the record had it at the branch")
    with made.branch(4, arm="cut + reinforce + capacity") as branch:
        assert befallen(branch, "Cedar") == [
            start,
            ("2030-05-13", "blue", "held", "supply cut; control as before"),
            ("2030-05-14", "blue", "held", "garrison reinforced; control as before"),
            ("2030-05-16", "blue", "held", "supply restored; control as before"),
        ]
        room = "room for displaced people set; control as before"
        assert befallen(branch, "Dogwood")[:2] == [
            start,
            ("2030-05-12", "blue", "held", room),
        ]
        assert befallen(branch, "Elm") == [start]
        (place,) = (
            row for row in branch.state("2030-05-17").table() if row["name"] == "Cedar"
        )
        assert (place["control"], str(place["since"])) == ("blue", "2030-05-10")
        assert branch.diff("2030-05-11", "2030-05-18").rows == []
        assert all(
            getattr(r.event, "published", None) in (None, r.event.valid_from)
            for r in branch.log()
            if isinstance(r.event, ControlReported)
        )


def test_what_befalls_a_place_after_it_was_taken_says_who_took_it() -> None:
    """Red takes Elm on 14 May; what is told of it afterwards must not say blue."""
    sure = dict.fromkeys(("speed_sigma", "hold_days", "repulse", "transfer"), 0)
    rules = sure | {"speed_km_day": 30, "delay_days": 1, "collapse": 0}
    given = {
        "kind": "capacity", "place": "Elm", "capacity": 9, "from": date(2030, 5, 17),
    }  # fmt: skip
    force = [BOTH[0] | {"supply": ["Alder"]}]
    made = run_scenario(scenario(given, force=force, rules=rules), five_towns())
    with made.branch(0, arm=made.arms[1].label) as branch:
        told = befallen(branch, "Elm")
    assert [row[:2] for row in told if "as before" not in row[3]][-1] == (
        *("2030-05-14", "red"),
    )
    assert told[-1][:3] == ("2030-05-17", "red", "held")
    assert told[-1][3].startswith("room for displaced people set")


def test_nothing_is_told_that_would_hold_after_the_horizon_only() -> None:
    """Shut from the morning after the last day on."""
    late = SHUT | {"from": date(2030, 5, 18)}
    del late["until"]
    made = run_scenario(scenario(late, force=BOTH, rules=STILL), five_towns())
    kinds = {change.kind for change in made.replica(0, "cut").changes}
    with made.branch(0, arm="cut") as branch:
        days = [day for day, *_ in befallen(branch, "Cedar")]
    assert SUPPLY_CUT in kinds
    assert max(days) <= "2030-05-18"


def test_what_befell_goes_into_no_record() -> None:
    told = scenario(SHUT, *MORE, force=BOTH, rules=STILL)
    with run_scenario(told, five_towns()).branch(
        0, arm="cut + reinforce + capacity"
    ) as branch:
        events = [
            r.event
            for r in branch.log()
            if isinstance(r.event, ControlReported) and "as before" in r.event.note
        ]
    assert len(events) > 3
    record = five_towns()
    head_before = record.head
    for event in events:
        with pytest.raises(Untrusted) as refusal:
            record.append(event)
        assert refusal.value.exit_code == 9
    assert record.head == head_before


def test_every_answer_of_a_branch_says_what_if(run: Run) -> None:
    with run.branch(0) as branch:
        assert branch.what_if
        for table in (
            branch.state("2030-05-12").table(),
            branch.history("Birch"),
            branch.why("Birch", "2030-05-12"),
            branch.diff("2030-05-10", "2030-05-12"),
            branch.displaced("2030-05-12"),
            branch.check(),
        ):
            assert table.header.startswith("WHAT-IF, not what happened: branch toy")


def test_no_answer_of_a_record_says_what_if() -> None:
    with five_towns() as record:
        assert record.what_if == ""
        assert "WHAT-IF" not in record.state("2030-05-12").table().header


def test_a_branch_begins_with_what_the_record_had(run: Run) -> None:
    with run.branch(0) as branch, five_towns() as record:
        assert (
            branch.state(BRANCH).control
            == record.state(BRANCH, published_by=BRANCH).control
        )
        assert branch.references().routes == record.references().routes


def test_a_branch_in_a_file_is_a_branch_when_it_is_opened_again(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "branch.chronicle"
    run.branch(2, path).close()
    with ch.open(path) as branch, run.branch(2) as same:
        assert branch.what_if == same.what_if
        assert branch.state("2030-05-14").control == same.state("2030-05-14").control
        ids = [getattr(r.event, "report_id", "") for r in branch.log()]
    numbered = [id_ for id_ in ids if id_]
    begin = f"{WHAT_IF}{run.scenario.identity[:8]}:2:"
    assert numbered == [f"{begin}{n}" for n in range(1, len(numbered) + 1)]


# --- the record refuses what-ifs ---------------------------------------------------


def simulated(**more: Any) -> ControlReported:
    given: dict[str, Any] = {
        "report_id": "x",
        "source": "radio",
        "settlement": "alder",
        "controller": "blue",
        "valid_from": BRANCH,
    }
    return ControlReported(**given | more)


NAMES: list[dict[str, Any]] = [
    {"source": f"{WHAT_IF}toy"},
    {"dataset": f"{WHAT_IF}toy"},
    {"report_id": f"{WHAT_IF}0:0:1"},
]
WAYS: dict[str, Callable[[EventLog, Event], Any]] = {
    "append": lambda log, event: log.append([event]),
    "extend": lambda log, event: log.extend([event]),
    "import": lambda log, event: log.import_events(
        [(1, event)],
        dataset=event.dataset,
        types=(),
        label="own.csv",
        finish=lambda tally: None,
        refused=lambda line, event, error: None,
    ),
}


def log_of(path: Path, kind: str, identity: str | None = None) -> EventLog:
    store: Any = (
        MemoryStore(identity=identity or "memory")
        if kind == "memory"
        else SQLiteStore.create(path / "x.chronicle", identity=identity)
    )
    return EventLog(store)


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES, ids=lambda name: next(iter(name)))
def test_nothing_simulated_goes_into_a_record(
    tmp_path: Path, kind: str, way: str, name: dict[str, Any]
) -> None:
    log = log_of(tmp_path, kind)
    log.extend(r.event for r in five_towns().log() if isinstance(r.event, Event))
    head = log.store.head()
    with pytest.raises(Untrusted) as told:
        WAYS[way](log, simulated(**name))
    assert told.value.exit_code == 9
    assert log.store.head() == head
    log.store.close()


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("way", WAYS)
def test_a_branch_takes_what_is_simulated(tmp_path: Path, kind: str, way: str) -> None:
    log = log_of(tmp_path, kind, f"{WHAT_IF}toy")
    log.extend(r.event for r in five_towns().log() if isinstance(r.event, Event))
    head = log.store.head()
    WAYS[way](log, simulated(**NAMES[0]))
    assert log.store.head() == head + 1
    log.store.close()


def test_a_source_that_calls_itself_a_what_if_is_no_source_of_a_record() -> None:
    with pytest.raises(Untrusted):
        five_towns().append(SourceRegistered(source=f"{WHAT_IF}x", name="X"))


def test_a_whole_branch_cannot_be_poured_into_a_record(run: Run) -> None:
    with run.branch(0) as branch:
        events = [r.event for r in branch.log() if isinstance(r.event, Event)]
    record = five_towns()
    head = record.head
    with pytest.raises(Untrusted):
        record.append(events)
    assert record.head == head
