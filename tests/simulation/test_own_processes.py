"""A user's own process runs beside the model, on SimPy's environment."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import simpy

from chronicle.errors import InputError, UnknownId, UsageError
from chronicle.simulation.engine.hooks import HookEvent, World
from chronicle.simulation.engine.replication import adjacency_of
from chronicle.simulation.engine.schedule import rank_of
from chronicle.simulation.engine.simpy_engine import Calendar, Moment
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.ensemble.execute import run
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import KeyedRandom, stable_id, stream_key
from chronicle.simulation.rules import ARRIVAL, CAPTURED, ORDER, SIEGE_END
from whatif_worlds import PLAIN, invented, three_towns

Course = Generator[simpy.Event, Any, None]
AT_ONCE = Parameters.of(PLAIN | {"hold_days": 0.0})
"""No sieges: birch falls on day 3, cedar on day 5."""


def simulation(*processes: Any, **more: Any) -> Simulation:
    given = {"seed": 1, "horizon": 20} | more
    return Simulation(three_towns(), AT_ONCE, processes=processes, **given)


def falls(made: Simulation) -> list[float]:
    return [change.time for change in made.changes if change.kind == CAPTURED]


def give_birch(env: simpy.Environment, world: World) -> Course:
    yield env.timeout(1.0)
    world.order(Intervention(kind="transfer", places=("birch",), actor="red"))


def test_a_process_gives_orders_when_it_will() -> None:
    made = simulation(give_birch).until()
    # birch is handed over on day 1, and cedar lies two days behind it.
    assert [(c.time, c.kind == CAPTURED) for c in made.changes] == [
        (1.0, False),
        (3.0, False),
        (3.0, True),
    ]


def test_a_process_that_only_looks_changes_nothing() -> None:
    seen: list[tuple[float, str | None]] = []

    def watch(env: simpy.Environment, world: World) -> Course:
        while True:
            yield env.timeout(0.5)
            seen.append((world.time, world.controller("birch")))

    for seed in range(40):
        network, parameters, orders, horizon = invented(seed)
        given: dict[str, Any] = {"seed": seed, "horizon": horizon}
        plain = Simulation(network, parameters, orders, **given).until()
        beside = Simulation(
            network, parameters, orders, processes=[idle, idle], **given
        ).until()
        assert beside.changes == plain.changes
        assert beside.people is not None
        assert plain.people is not None
        assert beside.people.displaced == plain.people.displaced
    simulation(watch).until()
    assert seen[4:7] == [(2.5, "blue"), (3.0, "blue"), (3.5, "red")]


def idle(env: simpy.Environment, world: World) -> Course:
    for waited in (0.25, 0.5, 0.25):
        yield env.timeout(waited)
    while True:
        yield world.changed()


def test_a_process_is_told_of_changes_once_they_are_done() -> None:
    heard: list[tuple[float, HookEvent]] = []

    def listen(env: simpy.Environment, world: World) -> Course:
        while True:
            news = yield world.changed()
            heard.extend((env.now, change) for change in news)

    made = simulation(listen).until()
    assert [change.time for _, change in heard] == [c.time for c in made.changes]
    assert all(now == change.time for now, change in heard)
    assert {c.settlement for _, c in heard} == {"birch", "cedar"}


def test_conditions_interrupts_and_resources_are_those_of_simpy() -> None:
    story: list[tuple[float, str]] = []

    def lorry(env: simpy.Environment, gate: simpy.Resource) -> Course:
        try:
            with gate.request() as turn:
                yield turn
                yield env.timeout(2.0)
                story.append((env.now, "through"))
        except simpy.Interrupt as stopped:
            story.append((env.now, str(stopped.cause)))

    def convoy(env: simpy.Environment, world: World) -> Course:
        gate = simpy.Resource(env, capacity=1)
        lorries = [env.process(lorry(env, gate)) for _ in range(2)]
        news = world.changed()
        while world.controller("birch") == "blue":
            yield news | env.timeout(9.0)
            news = world.changed()
        for one in lorries:
            if one.is_alive:
                one.interrupt("birch has fallen")

    simulation(convoy).until()
    assert story == [(2.0, "through"), (3.0, "birch has fallen")]


def chancy(env: simpy.Environment, world: World) -> Course:
    yield env.timeout(world.random.uniform())
    world.order(Intervention(kind="hold", places=("birch",), extra_days=3.0))


def test_an_ensemble_with_a_process_is_the_same_however_it_is_cut() -> None:
    given: dict[str, Any] = {
        "network": three_towns(),
        "parameters": AT_ONCE,
        "replicas": 6,
        "horizon": 9,
        "processes": (chancy,),
    }
    whole = Ensemble(**given)
    assert whole.chosen_engine == "simpy"
    one, other = run(whole, chunk=6), run(whole, chunk=1, workers=2)
    assert one.digest == other.digest
    assert whole.identity != Ensemble(**(given | {"processes": ()})).identity
    with pytest.raises(UsageError, match="has no processes; take simpy"):
        Ensemble(**given, engine="heap")


def test_what_a_process_does_wrong_is_told_as_it_is() -> None:
    def astray(env: simpy.Environment, world: World) -> Course:
        yield env.timeout(1.0)
        world.order(Intervention(kind="hold", places=("brich",), extra_days=1.0))

    with pytest.raises(UnknownId, match="did you mean birch") as found:
        simulation(astray).until()
    assert found.value.name == "brich"
    with pytest.raises(UsageError, match="does not yield"):
        simulation(lambda env, world: None)
    with pytest.raises(UsageError, match="has no processes"):
        simulation(chancy, engine="heap")
    with pytest.raises(InputError, match=r"not between 0 \(the branch\) and 20"):
        simulation(late).until()


def late(env: simpy.Environment, world: World) -> Course:
    yield env.timeout(1.0)
    world.order(Intervention(kind="hold", places=("birch",), extra_days=1.0, day=99.0))


def test_a_run_with_processes_cannot_be_saved_and_says_so() -> None:
    with pytest.raises(UsageError, match="cannot be saved"):
        simulation(chancy).until(3).checkpoint()


def test_processes_see_what_hooks_ordered() -> None:
    adjacency = adjacency_of(three_towns())
    asked: list[str] = []

    def hook(view: Any, event: HookEvent, random: Any) -> None:
        asked.append(f"hook {event.kind}")

    def listen(env: simpy.Environment, world: World) -> Course:
        while True:
            news = yield world.changed()
            asked.extend(f"process {change.kind}" for change in news)

    Simulation(
        adjacency, AT_ONCE, seed=1, horizon=4, hooks=[hook], processes=[listen]
    ).until()
    assert asked == [
        "hook contested", "process contested", "hook captured", "process captured",
    ]  # fmt: skip


# --- the calendar ----------------------------------------------------------------


def test_a_moment_comes_at_its_time_to_the_last_bit() -> None:
    chance = KeyedRandom(stream_key(7, 0, 99), stable_id("moments"), 0)
    missed = 0
    for _ in range(3_000):
        env = Calendar((chance.uniform() - 0.5) * 20.0)
        at = env.now + chance.uniform() * 30.0 * chance.uniform()
        at *= 1.0 + 2.0**-52  # no sum that floats happen to come to
        if at < env.now:
            continue
        missed += env.now + (at - env.now) != at
        moment = Moment(env, at, rank_of(ORDER, 0))
        env.run(until=moment)
        assert env.now == at
    assert missed > 100  # floats alone would not have come there


def test_simultaneous_moments_come_in_the_order_of_the_rules() -> None:
    env, came = Calendar(0.0), []
    ranks = [
        rank_of(ORDER, 3),
        rank_of(SIEGE_END, 0),
        rank_of(ARRIVAL, 1, 7),
        rank_of(ARRIVAL, 2, -1),
        rank_of(ARRIVAL, 2, 0),
        rank_of(ARRIVAL, 2, 0, 5),
    ]
    for rank in reversed(ranks):
        Moment(env, 1.5, rank).callbacks.append(lambda event: came.append(event.rank))
    own = env.timeout(1.5)
    own.callbacks.append(lambda _: came.append(0))
    env.run()
    assert came == [0, *ranks]
