"""A run that was saved goes on, also beyond its horizon, or says why it does not."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from chronicle.errors import InputError, UsageError
from chronicle.simulation.engine.checkpoint import PARTS
from chronicle.simulation.engine.hooks import HookEvent, View
from chronicle.simulation.engine.replication import adjacency_of, replication_of
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import KeyedRandom
from chronicle.simulation.rules import (
    CAPTURED,
    RISING,
    SUPPLY_CUT,
    TRANSFERRED,
    UPRISING,
)
from whatif_worlds import PLAIN, dice, invented, three_towns

AT_ONCE = Parameters.of(PLAIN | {"hold_days": 0.0})
"""No sieges: birch falls on day 3, cedar on day 5."""


def assert_same(one: Simulation, other: Simulation) -> None:
    """Not nearly: the same changes and the same bits."""
    assert one.changes == other.changes
    assert one.replication.horizon == other.replication.horizon
    assert one.people is not None
    assert other.people is not None
    assert one.people.displaced == other.people.displaced
    assert one.people.returned == other.people.returned
    assert one.people.guests.tolist() == other.people.guests.tolist()
    assert one.people.total == other.people.total


# --- beyond the horizon ----------------------------------------------------------


def test_a_longer_horizon_is_the_run_that_had_it_from_the_start() -> None:
    went_on, late = 0, set()
    for seed in range(80):
        network, parameters, orders, longer = invented(seed)
        chance = dice(seed + 1_000)
        horizon = 1 + chance.below(longer - 1)
        orders = [one for one in orders if one.day <= horizon]
        adjacency, given = adjacency_of(network), {"seed": seed, "replica": seed % 3}
        whole = Simulation(
            adjacency, parameters, orders, horizon=longer, **given
        ).until()
        for engine in ("simpy", "heap"):
            stop = (0.0, float(horizon), chance.between(0.0, horizon))[seed % 3]
            half = Simulation(
                adjacency,
                parameters,
                orders,
                horizon=horizon,
                engine=engine,  # type: ignore[arg-type]
                **given,
            )
            saved = half.until(max(stop, half.state.time)).checkpoint()
            sent = msgspec.msgpack.decode(msgspec.msgpack.encode(saved))
            rest = Simulation.resume(adjacency, sent, engine=engine, horizon=longer)  # type: ignore[arg-type]
            assert rest.state.time == half.state.time
            assert_same(rest.until(), whole)
            assert sent == saved  # resuming uses nothing up
        missed = [c for c in whole.changes if c.time > horizon]
        went_on += len(missed)
        late |= {c.kind for c in missed}
    assert went_on > 300
    assert {CAPTURED, UPRISING} <= late


def test_a_horizon_can_be_made_longer_twice() -> None:
    network, parameters, orders, longest = invented(16)
    horizons = [longest // 3, longest // 2, longest]
    orders = [one for one in orders if one.day <= horizons[0]]
    whole = Simulation(network, parameters, orders, seed=2, horizon=longest).until()
    run = Simulation(network, parameters, orders, seed=2, horizon=horizons[0])
    for horizon in horizons[1:]:
        run = Simulation.resume(network, run.until().checkpoint(), horizon=horizon)
    assert_same(run.until(), whole)


def test_what_was_ordered_on_the_way_keeps_its_day() -> None:
    for seed in range(30):
        network, parameters, orders, longer = invented(seed)
        names = network.settlements
        first = Intervention(kind="hold", places=(names[-1],), extra_days=2.0)
        second = Intervention(kind="ceasefire", day=0.0, until=3.5)
        runs = []
        for horizon in (4, longer):
            begun = [one for one in orders if one.day <= 4]
            run = Simulation(network, parameters, begun, seed=seed, horizon=horizon)
            run = Simulation.resume(network, run.until(1.5).checkpoint(), [first])
            # Dated before, so that it happens at once: on day 2.5, not on day 0.
            run = Simulation.resume(network, run.until(2.5).checkpoint(), [second])
            runs.append(run.until(3))
        short, whole = runs
        rest = Simulation.resume(network, short.checkpoint(), horizon=longer)
        assert_same(rest.until(), whole.until())


def test_a_shorter_horizon_is_refused() -> None:
    saved = Simulation(three_towns(), seed=1, horizon=5).until(1).checkpoint()
    with pytest.raises(UsageError, match="horizon 4 is before the checkpoint's, 5"):
        Simulation.resume(three_towns(), saved, horizon=4)
    for wrong in (7.5, 0, 9999, "x", float("nan")):
        with pytest.raises(InputError, match="whole days, 1 to 3650"):
            Simulation.resume(three_towns(), saved, horizon=wrong)  # type: ignore[arg-type]


def test_a_run_that_was_given_its_plan_says_that_it_cannot_go_beyond_it() -> None:
    adjacency = adjacency_of(three_towns())
    replication = replication_of(adjacency, AT_ONCE, seed=1, horizon=4)
    saved = (
        Simulation(adjacency, seed=1, horizon=4, replication=replication)
        .until(2)
        .checkpoint()
    )
    assert (
        len(Simulation.resume(adjacency, saved).until().changes) == 2
    )  # up to it, it can
    with pytest.raises(InputError, match="its interventions are not known"):
        Simulation.resume(adjacency, saved, horizon=9)


def test_another_map_is_not_told_again_as_if_it_were_this_one() -> None:
    saved = Simulation(three_towns(), AT_ONCE, seed=1, horizon=5).until(4).checkpoint()
    far = replace(three_towns(), distance_km=np.array([35.0, 20.0]))
    with pytest.raises(InputError, match="comes to something else by day 4"):
        Simulation.resume(far, saved, horizon=9)


# --- hooks -----------------------------------------------------------------------


def stand(view: View, event: HookEvent, random: KeyedRandom) -> list[Intervention]:
    """cedar is held for days by chance once birch has fallen."""
    if (event.kind, event.settlement) != ("captured", "birch"):
        return []
    days = 1.0 + random.uniform()
    return [Intervention(kind="hold", places=("cedar",), extra_days=days)]


def hurry(view: View, event: HookEvent, random: KeyedRandom) -> list[Intervention]:
    """birch is handed over on the last day but one."""
    if event.kind == "captured" and event.settlement == "birch":
        day = view.horizon - 1.0
        return [Intervention(kind="transfer", places=("birch",), actor="blue", day=day)]
    return []


def falls(run: Simulation) -> list[float]:
    return [change.time for change in run.changes if change.kind == CAPTURED]


def test_hooks_are_asked_again_with_the_same_chances() -> None:
    network = three_towns()
    given: dict[str, Any] = {"seed": 5, "hooks": [stand]}
    whole = Simulation(network, AT_ONCE, horizon=9, **given).until()
    saved = Simulation(network, AT_ONCE, horizon=5, **given).until(4).checkpoint()
    rest = Simulation.resume(network, saved, hooks=[stand], horizon=9).until()
    assert_same(rest, whole)
    assert falls(rest)[1] > 6.0
    with pytest.raises(InputError, match=r"had the hook test_checkpoint\.stand from"):
        Simulation.resume(network, saved, horizon=9)


def test_hooks_of_a_branch_are_asked_from_there_on_only() -> None:
    network, runs = three_towns(), []
    for horizon in (5, 9):
        run = Simulation(network, AT_ONCE, seed=5, horizon=horizon)
        runs.append(
            Simulation.resume(network, run.until(4).checkpoint(), hooks=[stand])
        )
    assert falls(runs[1].until()) == [3.0, 5.0]  # birch had fallen before
    saved = runs[0].until(4.5).checkpoint()
    rest = Simulation.resume(network, saved, hooks=[stand], horizon=9).until()
    assert_same(rest, runs[1])
    # From the first part on it is another run.
    early = Simulation(network, AT_ONCE, seed=5, horizon=9, hooks=[stand]).until()
    assert falls(early) != falls(rest)


def test_a_hook_that_asks_for_the_horizon_is_found_out() -> None:
    network = three_towns()
    run = Simulation(network, AT_ONCE, seed=1, horizon=6, hooks=[hurry]).until()
    assert [c.time for c in run.changes if c.kind == TRANSFERRED] == [5.0]
    with pytest.raises(InputError, match="do they not ask for the horizon"):
        Simulation.resume(network, run.checkpoint(), hooks=[hurry], horizon=9)


def test_a_run_saved_before_anything_happened_tells_its_hooks_what_it_began_with() -> (
    None
):
    heard: list[str] = []

    def hear(view: View, event: HookEvent, random: KeyedRandom) -> None:
        heard.append(event.kind)

    far = three_towns(sources=[("cedar", "blue")])
    cut = Parameters.of(PLAIN | {"supply_km": 10.0})
    run = Simulation(far, cut, seed=1, horizon=9, hooks=[hear])
    assert [change.kind for change in run.changes] == [SUPPLY_CUT]
    Simulation.resume(far, run.checkpoint(), hooks=[hear]).until()
    resumed, heard[:] = heard[:], []
    Simulation(far, cut, seed=1, horizon=9, hooks=[hear]).until()
    assert resumed == heard
    assert heard[0] == "supply-cut"


# --- what is not as it was saved ---------------------------------------------------


@pytest.fixture
def saved() -> dict[str, Any]:
    """A checkpoint with something in each of its parts."""
    network = three_towns(risings=[("cedar", "red")], sources=[("alder", "red")])
    rises = Parameters.of(PLAIN | {"rising_threshold": 0.05, "rising_days": 3.0})
    hold = Intervention(kind="hold", places=("cedar",), extra_days=9.0)
    run = Simulation(network, rises, [hold], seed=4, horizon=30, hooks=[stand]).until(5)
    found = run.checkpoint()
    assert {entry[1] for entry in found["queue"]} >= {RISING}
    return found


def resume(saved: Any) -> Simulation:
    network = three_towns(risings=[("cedar", "red")], sources=[("alder", "red")])
    return Simulation.resume(network, saved, hooks=[stand])


def test_a_part_that_is_missing_is_named(saved: dict[str, Any]) -> None:
    resume(saved)
    for name in (*PARTS[1:], "digests"):
        less = {key: value for key, value in saved.items() if key != name}
        with pytest.raises(InputError, match=f"lacks {name}$"):
            resume(less)


@pytest.mark.parametrize(
    "other", [None, "x", 7, -1.5, [], {}, {1: 2}, object(), 1 << 80]
)
def test_a_part_of_another_value_or_type_is_named(
    saved: dict[str, Any], other: Any
) -> None:
    for name in PARTS[1:]:
        with pytest.raises(InputError, match=f"checkpoint's '{name}' is not what was"):
            resume(saved | {name: other})
    with pytest.raises(InputError, match="is not what was saved"):
        resume(saved | {"digests": other})


def leaves(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of numbers and strings in *value*; of many a few."""
    if isinstance(value, dict):
        keys: list[Any] = list(value)
    else:
        keys = [at for at in range(len(value)) if at in (0, 1, len(value) - 1)]
    found = []
    for key in keys:
        inner = value[key]
        if isinstance(inner, dict | list):
            found += leaves(inner)
        elif inner is not None:
            found.append((value, key))
    return found


def test_nothing_in_it_can_be_edited(saved: dict[str, Any]) -> None:
    changed = copy.deepcopy(saved)
    places = [place for place in leaves(changed) if place[0] is not changed]
    assert len(places) > 100
    for container, key in places:
        was = container[key]
        container[key] = f"{was}?" if isinstance(was, str) else 0.25
        assert changed != saved
        with pytest.raises(InputError, match="is not what was saved"):
            resume(changed)
        container[key] = was
    assert resume(changed).until().changes == resume(saved).until().changes


def test_a_longer_horizon_written_into_it_is_refused_with_the_way_to_have_it(
    saved: dict[str, Any],
) -> None:
    with pytest.raises(InputError, match=r"'horizon' is not .* a longer horizon"):
        resume(saved | {"horizon": 60.0})


@pytest.mark.parametrize("wrong", [None, 7, [], "x", {}, {"format": 1}, {"format": []}])
def test_what_is_no_checkpoint_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError, match="checkpoint"):
        resume(wrong)


@pytest.mark.parametrize("wrong", ["x", "3", [], {}, b"3", object()])
def test_a_day_that_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(UsageError, match="is no number"):
        Simulation(three_towns(), seed=1, horizon=5).until(wrong)


def test_a_day_beyond_the_horizon_is_refused_with_the_way_to_have_it() -> None:
    run = Simulation(three_towns(), seed=1, horizon=5)
    for wrong in (6, float("nan"), np.float64(5.5)):
        with pytest.raises(UsageError, match=r"beyond which only Simulation\.resume"):
            run.until(wrong)
    assert run.until(np.int64(5)).state.time == 5.0
