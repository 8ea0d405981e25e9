"""The rules on three towns, with the arithmetic in the comments.

alder (red, 10,000) - 30 km - birch (blue, 10,000) - 20 km - cedar (blue, 100,000).
Red goes 10 km a day without delay: birch is reached on day 3, cedar two days after
birch falls. Sieges last hold_days * log10(population / 1000) * Exp(1): 1 * draw for
birch, 2 * draw for cedar; with hold_days = 0 places fall on arrival.
"""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.errors import InputError, UnknownId
from chronicle.simulation.compiled.engine import changes_of
from chronicle.simulation.engine.ceasefires import Ceasefires
from chronicle.simulation.engine.heap_engine import Heap
from chronicle.simulation.engine.hooks import HookEvent, event_of
from chronicle.simulation.engine.losses import Losses
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.replication import adjacency_of, replication_of
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.engine.state import ModelState
from chronicle.simulation.interventions import Intervention, orders_of
from chronicle.simulation.network import Network, NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import INDEX, TABLE, Parameters
from chronicle.simulation.random_streams import (
    STREAMS,
    log,
    stable_id,
    stream_key,
    uniform,
)
from chronicle.simulation.rules import CAPTURED, CHANGES, lost_step
from whatif_worlds import PLAIN, three_towns

SEED = 3


def events(
    network: Network | None = None,
    *interventions: Intervention,
    horizon: int = 20,
    seed: int = SEED,
    **parameters: float,
) -> list[HookEvent]:
    """The changes as SimPy makes them, after checking that numba makes the same."""
    network = network or three_towns()
    setting = Parameters.of(PLAIN | {"hold_days": 0.0} | parameters)
    run = Simulation(
        network, setting, interventions, seed=seed, horizon=horizon, people=False
    ).until()
    orders = orders_of(network, interventions, horizon)
    changes, _ = changes_of(
        adjacency_of(network), setting, orders, seed=seed, replica=0, horizon=horizon,
        people=False,
    )  # fmt: skip
    assert changes == run.changes
    return [event_of(change, network) for change in run.changes]


def told(found: list[HookEvent]) -> list[tuple[str, str | None, float]]:
    return [(event.kind, event.settlement, event.time) for event in found]


def draw(stream: str, place: str, occurrence: int = 0, seed: int = SEED) -> float:
    key = stream_key(seed, 0, STREAMS[stream])
    return uniform(key, stable_id(place), occurrence)


def exponential(stream: str, place: str, occurrence: int = 0) -> float:
    return -log(draw(stream, place, occurrence))


def test_a_front_advances_at_its_speed() -> None:
    # 30 km at 10 km a day, then 20 km: days 3 and 5.
    assert told(events()) == [
        ("contested", "birch", 3.0),
        ("captured", "birch", 3.0),
        ("contested", "cedar", 5.0),
        ("captured", "cedar", 5.0),
    ]


def test_a_change_says_who_holds_what_since_when_and_whence() -> None:
    siege, capture = events()[:2]
    assert siege == HookEvent(
        3, 3.0, "birch", "blue", "contested", "contested", "alder"
    )
    assert capture == HookEvent(3, 3.0, "birch", "red", "held", "captured", "alder")


def test_the_delay_puts_off_the_first_move_only() -> None:
    # 1.5 + 3 and then 2.
    times = [event.time for event in events(delay_days=1.5)]
    assert times == [4.5, 4.5, 6.5, 6.5]


def test_a_slower_road_takes_longer() -> None:
    # A track has factor 0.35: 7 km at 3.5 km a day take 2 days.
    network = build(
        [
            NetworkPlace(settlement="alder", controller="red"),
            NetworkPlace(settlement="birch", controller="blue"),
        ],
        [NetworkRoad(a="alder", b="birch", distance_km=7, road_class="track")],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )
    assert events(network)[0].time == pytest.approx(2.0, abs=1e-12)


def test_a_siege_lasts_as_long_as_its_size_and_its_draw_say() -> None:
    # birch: log10(10) = 1, cedar: log10(100) = 2, each times 0.5 days and Exp(1).
    birch = 0.5 * exponential("hold", "birch")
    cedar = 2 * 0.5 * exponential("hold", "cedar")
    found = events(hold_days=0.5)
    assert found[1].time == pytest.approx(3 + birch, abs=1e-12)
    assert found[3].time == pytest.approx(3 + birch + 2 + cedar, abs=1e-12)


def test_losses_shorten_the_sieges_that_begin_afterwards() -> None:
    # Blue lost 10,000 of 110,000: floor(1024 / 11) = 93 steps; exp(-3 * 93 / 1024).
    birch = 0.5 * exponential("hold", "birch")
    cedar = exponential("hold", "cedar") * math.exp(-3 * 93 / 1024)
    found = events(hold_days=0.5, collapse=3.0)
    assert found[3].time == pytest.approx(5 + birch + cedar, abs=1e-12)


def test_a_second_force_shortens_what_is_left_of_a_siege() -> None:
    # alder reaches cedar on day 3 and elder on day 4; the siege would take H. From day
    # 4 on, what is left is divided by 1 + 0.5.
    network = build(
        [
            NetworkPlace(settlement="alder", controller="red"),
            NetworkPlace(settlement="elder", controller="red"),
            NetworkPlace(settlement="cedar", controller="blue", population=100_000),
        ],
        [
            NetworkRoad(a="alder", b="cedar", distance_km=30),
            NetworkRoad(a="elder", b="cedar", distance_km=40),
        ],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )
    hold = 2 * 20.0 * exponential("hold", "cedar")
    assert hold > 1.0
    found = events(network, hold_days=20.0, pressure=0.5, horizon=200)
    assert found[-1].time == pytest.approx(4 + (hold - 1) / 1.5, abs=1e-12)


def test_a_repulsed_attack_comes_again_after_a_wait() -> None:
    # Always repulsed: from day 3 on again and again, each wait a draw of mean 2 days.
    found = events(repulse=1.0, repulse_wait_days=2.0, counterattack=0.0)
    waits = [2.0 * exponential("wait", "birch", n) for n in range(3)]
    expected = [3.0, 3 + waits[0], 3 + waits[0] + waits[1]]
    assert {event.kind for event in found} == {"repulsed"}
    assert [event.time for event in found[:3]] == pytest.approx(expected, abs=1e-12)


def test_a_repulse_may_be_answered_where_the_attack_came_from() -> None:
    # Repulsed on day 3, the answer is at alder 3 days later; birch's own draw decides
    # on the first repulse, alder's on the second contest: both repulse with r = 1.
    found = events(repulse=1.0, counterattack=1.0, repulse_wait_days=50.0, horizon=7)
    assert ("repulsed", "alder", 6.0) in told(found)


def test_a_repulse_strengthens_the_garrison() -> None:
    # With seed 5 birch's first draw is the lower one: under r, the second is not. The
    # siege that follows is (1 + 1) times its second draw.
    first, second = (draw("repulse", "birch", n, seed=5) for n in (0, 1))
    assert first < second
    r = (first + second) / 2
    found = [
        event
        for event in events(
            seed=5,
            repulse=r, counterattack=0.0, reinforcement=1.0, hold_days=0.5, horizon=60,
            repulse_wait_days=1.0,
        )
        if event.settlement == "birch"
    ]  # fmt: skip
    assert [event.kind for event in found] == ["repulsed", "contested", "captured"]
    siege = 2 * 0.5 * -log(draw("hold", "birch", 1, seed=5))
    assert found[2].time - found[1].time == pytest.approx(siege, abs=1e-12)


def test_a_place_may_be_handed_over_without_a_siege() -> None:
    found = events(transfer=1.0)
    assert told(found) == [("transferred", "birch", 3.0), ("transferred", "cedar", 5.0)]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_thresholds_of_losses_are_where_the_rules_say(data: st.DataObject) -> None:
    # A change of hands compares people held with `due` and `ripe` in place of asking
    # `lost_step` and the thresholds each time.
    people = data.draw(st.lists(st.integers(1, 10**7), min_size=2, max_size=2))
    places = [
        NetworkPlace(settlement=name, controller=holder, population=count)
        for name, holder, count in zip(
            ("alder", "birch"), ("red", "blue"), people, strict=True
        )
    ]
    network = build(
        places,
        [NetworkRoad(a="alder", b="birch", distance_km=1)],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )
    share = st.floats(0.0, 1.0)
    rising, ceasefire, transfer = (data.draw(share) for _ in range(3))
    setting = Parameters(
        rising_threshold=rising,
        ceasefire_threshold=ceasefire,
        transfer_threshold=transfer,
    )
    replication = replication_of(adjacency_of(network), setting, seed=1, horizon=5)
    state, start = ModelState.start(replication), people[1]
    blue = network.actors.index("blue")
    begun = data.draw(st.integers(0, start))
    state.held[blue] = begun
    model = Model(replication, state, Heap(5))
    losses = Losses(model, Ceasefires(model))
    losses.suffer(blue, 1.0)
    lost = start - begun
    assert state.step[blue] == lost_step(start, begun)
    assert losses.shrink(blue) == replication.collapse[state.step[blue]]
    assert losses.negotiates(blue) == (lost > transfer * start)
    assert state.risen[blue] == (lost > rising * start)
    assert state.truce_done == (lost > ceasefire * start)


def test_besieged_places_negotiate_once_enough_is_lost() -> None:
    # Beyond 5 % lost, a handover competes with the siege: cedar's comes first when
    # its draw over the rate is under the siege's length.
    siege = 2 * 50.0 * exponential("hold", "cedar")
    wait = exponential("negotiation", "cedar") / 2.0
    assert wait < siege
    order = Intervention(kind="transfer", places=("birch",), actor="red", day=1.0)
    found = events(
        None, order, hold_days=50.0, transfer_threshold=0.05, transfer_rate=2.0
    )
    # birch on day 1 by order, cedar reached on day 3.
    assert told(found) == [
        ("transferred", "birch", 1.0),
        ("contested", "cedar", 3.0),
        ("transferred", "cedar", pytest.approx(3 + wait, abs=1e-12)),
    ]


def test_listed_places_rise_wherever_they_lie_once_enough_is_lost() -> None:
    # Birch is 10 of blue's 110 thousand: 9 % lost is over 5 %; cedar rises a draw
    # later, though no force came near.
    wait = 0.5 * exponential("rising", "cedar")
    assert wait < 2
    network = three_towns(risings=[("cedar", "red")])
    found = events(network, rising_threshold=0.05, rising_days=0.5)
    assert told(found)[2:] == [
        ("uprising", "cedar", pytest.approx(3 + wait, abs=1e-12))
    ]
    assert found[2].from_settlement is None
    assert "uprising" not in {e.kind for e in events(network, rising_threshold=0.5)}


def test_out_of_supply_forces_are_slow_and_sieges_short() -> None:
    # Red's source is alder and birch 30 km off, over the limit of 25: from the start of
    # day 4 birch is cut off, but its force left on day 3, supplied as a new holding is.
    network = three_towns(sources=[("alder", "red")])
    found = events(network, supply_km=25.0)
    assert ("supply-cut", "birch", 4.0) in told(found)
    # Blue is cut off from cedar as birch is contested: no source but alder's is blue's.
    cut = three_towns(sources=[("cedar", "blue")])
    normal = 0.5 * exponential("hold", "birch")
    found = events(cut, hold_days=0.5, supply_km=15.0, supply_hold=0.5)
    # birch is 20 km from cedar: cut off from the beginning, so half the siege.
    assert told(found)[:3] == [
        ("supply-cut", "birch", 0.0),
        ("contested", "birch", 3.0),
        ("captured", "birch", pytest.approx(3 + normal / 2, abs=1e-12)),
    ]


def test_a_force_that_sets_out_unsupplied_is_slower() -> None:
    # Red holds alder but its source is far away at elder, held by blue: alder is cut
    # off, so that 30 km take 3 / 0.3 = 10 days.
    network = three_towns(sources=[("cedar", "red")])
    assert events(network, supply_speed=0.3)[1].time == pytest.approx(10.0)


def test_a_ceasefire_puts_arrivals_off_and_freezes_sieges() -> None:
    # From day 2 to 6: birch is reached on 3, waits until 6; cedar two days later.
    truce = Intervention(kind="ceasefire", day=2.0, until=6.0)
    assert told(events(None, truce, ceasefire_break=0.0)) == [
        ("ceasefire-began", None, 2.0),
        ("ceasefire-ended", None, 6.0),
        ("contested", "birch", 6.0),
        ("captured", "birch", 6.0),
        ("contested", "cedar", 8.0),
        ("captured", "cedar", 8.0),
    ]
    # A siege from 3 to 3 + H under a truce from 3.1 to 6.1 ends at 6 + H.
    hold = 2.0 * exponential("hold", "birch")
    assert hold > 0.1
    truce = Intervention(kind="ceasefire", day=3.1, until=6.1)
    found = events(None, truce, ceasefire_break=0.0, hold_days=2.0)
    capture = next(event for event in found if event.kind == "captured")
    assert capture.time == pytest.approx(6 + hold, abs=1e-9)


def test_a_ceasefire_breaks_by_its_hazard() -> None:
    # Exp(1) / 4 days after day 1, if before day 19.
    truce = Intervention(kind="ceasefire", day=1.0, until=19.0)
    key = stream_key(SEED, 0, STREAMS["ceasefire"])
    broken = 1 - log(uniform(key, 0, 0)) / 4.0
    assert broken < 19
    found = events(None, truce, ceasefire_break=4.0)
    assert ("ceasefire-broken", None, pytest.approx(broken)) in told(found)


def test_a_ceasefire_binds_its_parties_only() -> None:
    network = three_towns(actors=["red", "blue", "grey"])
    truce = Intervention(kind="ceasefire", day=0.0, parties=("blue", "grey"))
    assert events(network, truce)[-1].time == 5.0
    truce = Intervention(kind="ceasefire", day=0.0, parties=("blue", "red"))
    assert events(network, truce, ceasefire_break=0.0)[-1].kind == "ceasefire-began"


def test_a_ceasefire_may_follow_from_losses() -> None:
    # Birch, 9 % of blue's people, falls on 3: a truce of 4 days; cedar waits until 7.
    found = events(ceasefire_threshold=0.05, ceasefire_days=4.0, ceasefire_break=0.0)
    assert [event.time for event in found if event.settlement == "cedar"] == [7.0, 7.0]


def test_a_held_place_falls_that_much_later() -> None:
    hold = Intervention(kind="hold", places=("birch",), extra_days=3.0)
    assert [e.time for e in events(None, hold)] == [3.0, 6.0, 8.0, 8.0]
    # A hold that ended before the siege began adds nothing.
    hold = Intervention(kind="hold", places=("birch",), extra_days=3.0, until=2.5)
    assert [e.time for e in events(None, hold)] == [3.0, 3.0, 5.0, 5.0]
    # From its day on, and not on its last: the siege begins on day 3 sharp.
    hold = Intervention(kind="hold", places=("birch",), extra_days=3.0, day=3.0)
    assert [e.time for e in events(None, hold)] == [3.0, 6.0, 8.0, 8.0]
    hold = Intervention(kind="hold", places=("birch",), extra_days=3.0, until=3.0)
    assert [e.time for e in events(None, hold)] == [3.0, 3.0, 5.0, 5.0]
    # Negotiated or not, a held place holds.
    hold = Intervention(kind="hold", places=("birch",), extra_days=3.0)
    found = events(None, hold, transfer=1.0)
    assert told(found)[:2] == [
        ("contested", "birch", 3.0),
        ("transferred", "birch", 6.0),
    ]


def two_roads_to_birch() -> Network:
    """alder (red) - 30 km - birch (blue) - 40 km - ash (red)."""
    return build(
        [
            NetworkPlace(settlement="alder", controller="red", population=10_000),
            NetworkPlace(settlement="ash", controller="red", population=10_000),
            NetworkPlace(settlement="birch", controller="blue", population=10_000),
        ],
        [
            NetworkRoad(a="alder", b="birch", distance_km=30),
            NetworkRoad(a="ash", b="birch", distance_km=40),
        ],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )


@pytest.mark.parametrize("engine", ["simpy", "heap", "numba"])
def test_more_attackers_do_not_shorten_the_days_that_an_order_adds(engine: str) -> None:
    parameters = Parameters.of(PLAIN | {"hold_days": 0.0, "pressure": 1.0})
    hold = Intervention(kind="hold", places=("birch",), extra_days=2.0)
    grow = Intervention(kind="reinforce", places=("birch",), factor=3.0, day=3.5)
    # The force from alder comes on day 3, that from ash on day 4, a day before the end;
    # reinforced on day 3.5, the day and a half that is left becomes four and a half.
    for orders, end in (([hold], 5.0), ([hold, grow], 8.0)):
        told_to: dict[str, Any] = {"seed": 1, "horizon": 30.0}
        network = two_roads_to_birch()
        if engine == "numba":
            pytest.importorskip("numba")
            adjacency = adjacency_of(network)
            laid = orders_of(network, orders, 30.0)
            changes, _ = changes_of(adjacency, parameters, laid, replica=0, **told_to)
        else:
            run = Simulation(network, parameters, orders, engine=engine, **told_to)  # type: ignore[arg-type]
            changes = run.until().changes
        assert [c.time for c in changes if c.kind == CAPTURED] == [end]


def test_a_closed_route_makes_forces_wait() -> None:
    # Shut from 2 to 4.5: the force that would arrive on 3 arrives on 4.5.
    shut = Intervention(
        kind="close_route", places=("alder", "birch"), day=2.0, until=4.5
    )
    times = [e.time for e in events(None, shut) if e.kind == "captured"]
    assert times == [4.5, 6.5]
    # Shut when it would leave: birch falls on 3, out from 9, there on 11.
    shut = Intervention(
        kind="close_route", places=("birch", "cedar"), day=0.0, until=9.0
    )
    times = [e.time for e in events(None, shut) if e.kind == "captured"]
    assert times == [3.0, 11.0]


def test_a_route_that_is_shut_in_the_record_opens_on_its_day() -> None:
    roads = [
        NetworkRoad(
            a="alder", b="birch", distance_km=30, open_spans=((4.0, math.inf),)
        ),
    ]
    places = [
        NetworkPlace(settlement="alder", controller="red"),
        NetworkPlace(settlement="birch", controller="blue"),
    ]
    network = build(places, roads, actors=["red", "blue"], attacks=[("red", "blue")])
    assert events(network)[-1].time == 7.0


def test_forces_stay_off_a_corridor() -> None:
    corridor = Intervention(
        kind="open_corridor", places=("birch", "cedar"), day=0.0, until=10.0
    )
    times = [e.time for e in events(None, corridor) if e.kind == "captured"]
    assert times == [3.0, 12.0]


def test_reinforcement_stretches_sieges() -> None:
    # From day 3, twice what is left of H from day 3 + H / 2 on: 1.5 H in all; earlier
    # it doubles H.
    hold = 2.0 * exponential("hold", "birch")
    day = 3 + hold / 2
    late = Intervention(kind="reinforce", places=("birch",), day=day, factor=2.0)
    found = [e for e in events(None, late, hold_days=2.0) if e.kind == "captured"]
    assert found[0].time == pytest.approx(3 + 1.5 * hold, abs=1e-9)
    early = Intervention(kind="reinforce", places=("birch",), day=1.0, factor=2.0)
    found = [e for e in events(None, early, hold_days=2.0) if e.kind == "captured"]
    assert found[0].time == pytest.approx(3 + 2 * hold, abs=1e-9)


def test_a_place_handed_over_by_order_opens_a_front() -> None:
    order = Intervention(kind="transfer", places=("birch",), actor="red", day=1.0)
    assert told(events(None, order)) == [
        ("transferred", "birch", 1.0),
        ("contested", "cedar", 3.0),
        ("captured", "cedar", 3.0),
    ]


def test_ties_go_by_kind_then_by_row() -> None:
    # Both arms reach their towns on day 3 at once; the orders of that day go first.
    network = build(
        [
            NetworkPlace(settlement="alder", controller="red"),
            NetworkPlace(settlement="birch", controller="blue"),
            NetworkPlace(settlement="cedar", controller="blue"),
        ],
        [
            NetworkRoad(a="alder", b="cedar", distance_km=30),
            NetworkRoad(a="alder", b="birch", distance_km=30),
        ],
        actors=["red", "blue"],
        attacks=[("red", "blue")],
    )
    order = Intervention(kind="reinforce", places=("cedar",), day=3.0, factor=2.0)
    assert [(e.kind, e.settlement) for e in events(network, order)] == [
        ("reinforced", "cedar"),
        ("contested", "birch"),
        ("captured", "birch"),
        ("contested", "cedar"),
        ("captured", "cedar"),
    ]


def test_allies_and_the_unheld_are_attacked_only_if_said_so() -> None:
    places = [
        NetworkPlace(settlement="alder", controller="red"),
        NetworkPlace(settlement="birch", controller=None),
    ]
    roads = [NetworkRoad(a="alder", b="birch", distance_km=10)]
    names = ["red", "blue"]
    network = build(places, roads, actors=names, attacks=[("red", "blue")])
    assert events(network) == []
    network = build(places, roads, actors=names, attacks=[("red", None)])
    assert events(network)[-1].controller == "red"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "hodl", "places": ("birch",)}, "did you mean 'hold'"),
        ({"kind": "hold", "places": ("brich",), "extra_days": 1.0}, "birch"),
        ({"kind": "hold", "places": ("birch",)}, "extra_days"),
        ({"kind": "transfer", "places": ("birch",)}, "names no actor"),
        ({"kind": "transfer", "places": ("birch",), "actor": "rde"}, "red"),
        ({"kind": "close_route", "places": ("alder", "cedar")}, "alder - birch"),
        ({"kind": "close_route", "places": ("alder",)}, "two settlements"),
        ({"kind": "ceasefire", "day": -1.0}, "not between 0"),
        ({"kind": "ceasefire", "day": 99.0}, "not between 0"),
        ({"kind": "ceasefire", "day": 3.0, "until": 2.0}, "not after day"),
        ({"kind": "ceasefire", "parties": ("red",)}, "two parties"),
        ({"kind": "ceasefire", "factor": 2.0}, "does not use factor"),
        ({"kind": "hold", "extra_days": 1.0, "places": ("birch",), "actor": "red"},
         "does not use actor"),
        ({"kind": "reinforce", "places": ("birch",), "factor": 0.0}, "factor"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_and_told(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        orders_of(three_towns(), [Intervention(**given)], 20)


def test_orders_that_contradict_each_other_are_refused() -> None:
    def order(kind: str, **given: Any) -> Intervention:
        return Intervention(kind=kind, **given)

    path = ("alder", "birch")
    for pair in (
        [order("hold", places=("birch",), extra_days=d) for d in (1.0, 2.0)],
        [order("transfer", places=("birch",), actor=a) for a in ("red", "blue")],
        [order("close_route", places=path), order("open_corridor", places=path[::-1])],
    ):
        with pytest.raises(InputError, match="intervention"):
            orders_of(three_towns(), pair, 20)


@pytest.mark.parametrize(
    ("places", "roads", "message"),
    [
        ([], [], "no settlements"),
        (["alder", "alder"], [], "given twice"),
        (["alder"], [("alder", "birch", 5.0)], "birch"),
        (["alder", "birch"], [("alder", "birch", 0.0)], "distance_km"),
        (["alder", "birch"], [("alder", "alder", 1.0)], "same settlement"),
        (["alder", "birch"], [("alder", "birch", 1.0), ("birch", "alder", 2.0)],
         "given twice"),
    ],
)  # fmt: skip
def test_terrain_that_cannot_be_is_refused_and_told(
    places: list[str], roads: list[tuple[str, str, float]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(
            [NetworkPlace(settlement=name) for name in places],
            [NetworkRoad(a=a, b=b, distance_km=km) for a, b, km in roads],
            actors=["red", "blue"],
            attacks=[("red", "blue")],
        )


def test_a_population_that_nobody_gave_is_assumed_and_marked() -> None:
    network = build(
        [
            NetworkPlace(settlement="alder"),
            NetworkPlace(settlement="birch", population=7.0),
        ],
        [],
        actors=["red"],
        attacks=[],
        fallback_population=2500,
    )
    assert network.population.tolist() == [2500, 7]
    assert network.guessed.tolist() == [True, False]


def test_parameters_are_checked_printed_and_go_both_ways() -> None:
    with pytest.raises(InputError, match="did you mean 'collapse'"):
        Parameters.of({"colapse": 1.0})
    for bad in (math.nan, math.inf, -1.0, 1.5):
        with pytest.raises(InputError, match="repulse"):
            Parameters(repulse=bad)
    for row in TABLE:
        assert row.minimum <= row.low <= row.default <= row.high <= row.maximum
        assert getattr(Parameters(), row.name) == row.default
        assert row.unit
        assert row.source
    setting = Parameters(collapse=3.25)
    assert Parameters.from_vector(setting.vector()) == setting
    assert setting.vector()[INDEX["collapse"]] == 3.25


def test_a_path_that_skips_a_place_is_told_what_a_path_is() -> None:
    skips = Intervention(kind="close_route", places=("alder", "cedar"))
    with pytest.raises(UnknownId, match=r"alder - birch\? A path names neighbours"):
        orders_of(three_towns(), [skips], 9.0)


def test_every_kind_of_change_has_a_name_of_its_own() -> None:
    assert len(set(CHANGES)) == len(CHANGES)
    with pytest.raises(UnknownId, match="did you mean alder"):
        three_towns().row("aldre")
