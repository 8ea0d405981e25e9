"""Ensembles: one digest however they ran; replicas differ; nothing is ignored."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chronicle.errors import (
    BudgetExceeded,
    ChronicleError,
    Conflict,
    InputError,
    UsageError,
)
from chronicle.simulation.engine.hooks import HookEvent, View
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.ensemble import ensemble as module
from chronicle.simulation.ensemble.ensemble import Ensemble, digest_of, replica
from chronicle.simulation.ensemble.execute import run
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.parameters import TABLE, Parameters
from chronicle.simulation.random_streams import KeyedRandom
from whatif_worlds import PLAIN, invented, three_towns

NETWORK, PARAMETERS, INTERVENTIONS, HORIZON = invented(16)


def small(**more: Any) -> Ensemble:
    given: dict[str, Any] = {
        "network": NETWORK,
        "parameters": PARAMETERS,
        "interventions": tuple(INTERVENTIONS),
        "seed": 11,
        "horizon": HORIZON,
        "replicas": 40,
    }
    return Ensemble(**(given | more))


def test_one_digest_for_any_workers_chunks_and_engine() -> None:
    digests = {
        run(small(), workers=workers, chunk=chunk).digest
        for workers in (1, 2, 4)
        for chunk in (1, 7, 40, None)
    }
    digests |= {
        run(small(engine=engine), workers=2, chunk=9).digest
        for engine in ("heap", "simpy", "numba")
    }
    assert len(digests) == 1


def test_one_digest_on_processes_even_if_a_worker_is_killed() -> None:
    killed: list[int] = []

    def kill(done: int, of: int) -> None:
        if done and not killed:
            victim = multiprocessing.active_children()[0]
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    outcome = run(
        small(engine="heap"), executor="processes", workers=2, chunk=4, progress=kill
    )
    assert killed
    assert outcome.digest == run(small()).digest


def poison(view: View, event: HookEvent, random: KeyedRandom) -> list[Intervention]:
    """Kill the process that this hook runs in, on one replica only."""
    if view.parameters.push == 0.125:
        os.kill(os.getpid(), signal.SIGKILL)
    return []


def test_a_chunk_that_kills_its_workers_is_given_up_and_the_others_are_kept(
    tmp_path: Path,
) -> None:
    thetas = np.repeat(PARAMETERS.vector().reshape(1, -1), 6, axis=0)
    thetas[2, [row.name for row in TABLE].index("push")] = 0.125
    sick = small(replicas=6, thetas=thetas, hooks=(poison,))
    with pytest.raises(ChronicleError, match="replicas 2 to 2: 3 workers died"):
        run(sick, executor="processes", workers=2, chunk=1, folder=tmp_path)
    kept = sorted(int(file.name[6:14]) for file in tmp_path.glob("chunk-*.npz"))
    assert 2 not in kept
    assert 0 in kept


def test_an_interrupted_run_is_resumed_with_the_same_digest(tmp_path: Path) -> None:
    ran: list[int] = []

    def interrupt(done: int, of: int) -> None:
        ran.append(done)
        if done >= 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(small(), chunk=5, folder=tmp_path, progress=interrupt)
    assert len(list(tmp_path.glob("chunk-*.npz"))) == 3
    seen: list[int] = []
    outcome = run(
        small(), chunk=8, workers=2, folder=tmp_path, resume=True,
        progress=lambda done, of: seen.append(done),
    )  # fmt: skip
    assert seen[0] == 15  # nothing that was kept is run again
    assert outcome.digest == run(small()).digest
    assert run(small(), folder=tmp_path, resume=True).digest == outcome.digest


def test_a_torn_chunk_is_run_again(tmp_path: Path) -> None:
    first = run(small(), chunk=10, folder=tmp_path)
    torn = sorted(tmp_path.glob("chunk-*.npz"))[1]
    torn.write_bytes(torn.read_bytes()[:-50])
    seen: list[int] = []
    again = run(
        small(), folder=tmp_path, resume=True, progress=lambda d, of: seen.append(d)
    )
    assert seen[0] == 30
    assert again.digest == first.digest


def test_the_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run(small(), folder=tmp_path)
    with pytest.raises(Conflict, match="resume it"):
        run(small(), folder=tmp_path)
    for other in (
        small(seed=12),
        small(parameters=replace(PARAMETERS, push=0.2)),
        small(interventions=()),
        small(people=False),
        small(replicas=41),
    ):
        with pytest.raises(Conflict, match="another run"):
            run(other, folder=tmp_path, resume=True)


def test_a_replica_alone_is_the_replica_of_the_batch() -> None:
    batch = run(small(), workers=2, chunk=6).results
    for number in (0, 17, 39):
        for engine in ("numba", "heap", "simpy"):
            changes, row = replica(small(engine=engine), number)
            for field in fields(row):
                if field.name != "hosted_by_day":
                    one, all_of = getattr(row, field.name), getattr(batch, field.name)
                    np.testing.assert_array_equal(one[0], all_of[number])
            fell = {
                c.settlement: c.day for c in reversed(changes) if c.kind in (1, 3, 4)
            }
            found = dict(enumerate(batch.fall_day[number].tolist()))
            assert fell == {place: day for place, day in found.items() if day}


def test_the_first_replicas_of_a_larger_ensemble_are_the_same() -> None:
    few, many = run(small(replicas=10)).results, run(small(replicas=25)).results
    np.testing.assert_array_equal(few.fall_day, many.fall_day[:10])
    np.testing.assert_array_equal(few.displaced, many.displaced[:10])


def test_replicas_are_not_all_alike_and_seeds_matter() -> None:
    results = run(small()).results
    rows = {row.tobytes() for row in results.displaced}
    # Replicas in which nothing moves are alike; a front may stand.
    assert len(rows) >= 0.9 * len(results.displaced)
    assert results.fall_day.astype(float).var(axis=0).max() > 0
    assert run(small(seed=12)).digest != run(small()).digest


def test_no_parameter_is_silently_ignored() -> None:
    # A scenario in which each parameter matters: moving any one of them from its place
    # in the range changes the results. Which scenario is found by looking.
    untouched = {row.name for row in TABLE}
    for seed in range(120):
        if not untouched:
            break
        network, parameters, interventions, horizon = invented(seed)
        base = Ensemble(
            network=network,
            parameters=parameters,
            interventions=tuple(interventions),
            seed=1,
            horizon=horizon,
            replicas=8,
        )
        digest = run(base).digest
        for row in TABLE:
            if row.name in untouched:
                value = getattr(parameters, row.name)
                low, high = row.low, row.high
                moved = low if abs(value - low) > abs(value - high) else high
                setting = replace(parameters, **{row.name: moved})
                changed = replace(base, parameters=setting)
                assert changed.identity != base.identity
                if run(changed).digest != digest:
                    untouched.discard(row.name)
    assert untouched == set()


def test_no_setting_of_an_ensemble_is_silently_ignored() -> None:
    base = run(small()).digest
    for more in (
        {"seed": 12},
        {"horizon": HORIZON + 1},
        {"replicas": 41},
        {"people": False},
        {"hosted_by_day": True},
        {"interventions": ()},
        {"parameters": Parameters()},
    ):
        assert run(small(**more)).digest != base, more


def test_thetas_give_each_replica_its_own_parameters() -> None:
    rows = np.stack([Parameters(speed_km_day=5.0 + k).vector() for k in range(6)])
    mixed = small(replicas=6, thetas=rows)
    results = run(mixed, workers=2, chunk=2).results
    for k in range(6):
        alone = small(replicas=6, parameters=Parameters(speed_km_day=5.0 + k))
        np.testing.assert_array_equal(
            results.displaced[k], run(alone).results.displaced[k]
        )
    assert run(replace(mixed, engine="heap")).digest == digest_of(results)


def test_people_by_day_end_where_the_run_ends() -> None:
    results = run(small(hosted_by_day=True), chunk=7).results
    assert results.hosted_by_day.shape == (40, HORIZON, NETWORK.count)
    np.testing.assert_array_equal(results.hosted_by_day[:, -1], results.hosted)


def relief(view: View, event: HookEvent, random: KeyedRandom) -> list[Intervention]:
    """On some first sieges, by chance, the place is reinforced at once."""
    if event.kind == "contested" and random.uniform() < 0.5:
        factor = 1.0 + random.exponential(2.0)
        assert event.settlement is not None
        assert view.controller(event.settlement) == event.controller
        return [
            Intervention(kind="reinforce", places=(event.settlement,), factor=factor)
        ]
    return []


def test_hooks_get_a_keyed_rng_and_count() -> None:
    hooked = small(hooks=(relief,), replicas=12)
    outcome = run(hooked, chunk=5)
    assert outcome.engine == "simpy"
    assert outcome.digest == run(hooked, workers=2, chunk=1).digest
    assert outcome.digest != run(small(replicas=12)).digest
    changes, _ = replica(hooked, 3)
    assert changes == replica(hooked, 3)[0]
    given = {"seed": 11, "replica": 3, "horizon": HORIZON, "hooks": (relief,)}
    half = Simulation(NETWORK, PARAMETERS, INTERVENTIONS, **given).until(HORIZON // 2)  # type: ignore[arg-type]
    rest = Simulation.resume(NETWORK, half.checkpoint(), hooks=(relief,)).until()
    assert rest.changes == changes


def test_a_hook_may_order_everything_that_a_scenario_may() -> None:
    def on_birch(
        view: View, event: HookEvent, random: KeyedRandom
    ) -> list[Intervention]:
        if event.kind != "captured" or event.settlement != "birch":
            return []
        assert view.lost_share("blue") == pytest.approx(1 / 11)
        assert view.neighbours("birch") == ("alder", "cedar")
        assert view.besieger("birch") is None
        assert view.population("birch") == 10_000
        assert (view.time, view.horizon) == (3.0, 20.0)
        road = ("birch", "cedar")
        return [
            Intervention(kind="close_route", places=road, day=4.0, until=8.0),
            Intervention(kind="hold", places=("cedar",), extra_days=1.0),
            Intervention(kind="ceasefire", day=8.5, until=9.25),
        ]

    setting = Parameters.of(PLAIN | {"hold_days": 0.0, "ceasefire_break": 0.0})
    run_ = Simulation(
        three_towns(), setting, seed=1, horizon=20, hooks=(on_birch,)
    ).until()
    # Out of birch on 3, before the gates on 5, which open on 8: a siege of one day from
    # 8 on, frozen from 8.5 to 9.25: cedar falls on 9.75.
    took = {c.settlement: c.time for c in run_.changes if c.kind == 1}
    assert took == {1: 3.0, 2: 9.75}


def test_a_hook_that_answers_itself_for_ever_is_stopped() -> None:
    def echo(view: View, event: HookEvent, random: KeyedRandom) -> list[Intervention]:
        return [Intervention(kind="reinforce", places=("birch",), factor=1.5)]

    moving = Parameters.of(PLAIN)
    with pytest.raises(BudgetExceeded, match="its own orders"):
        Simulation(three_towns(), moving, seed=1, horizon=20, hooks=(echo,)).until()


def test_a_hook_must_return_interventions() -> None:
    def wrong(view: View, event: HookEvent, random: KeyedRandom) -> Any:
        return ["hold"]

    moving = Parameters.of(PLAIN)
    with pytest.raises(InputError, match="must return interventions"):
        Simulation(three_towns(), moving, seed=1, horizon=20, hooks=(wrong,)).until()


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"engine": "nubma"}, UsageError, "no engine"),
        ({"engine": "numba", "hooks": (relief,)}, UsageError, "no hooks"),
        ({"replicas": 0}, InputError, "replicas"),
        ({"horizon": 2.5}, InputError, "horizon"),
        ({"seed": -1}, InputError, "seed"),
        ({"thetas": np.zeros((3, 2))}, InputError, "shape"),
        ({"thetas": np.zeros((40, len(TABLE)))}, InputError, "speed_km_day"),
        ({"people": False, "hosted_by_day": True}, UsageError, "needs people"),
        ({"replicas": 10_000_000, "hosted_by_day": True}, BudgetExceeded, "MiB"),
        (
            {"interventions": (Intervention(kind="ceasefire", day=900.0),)},
            InputError,
            "not between",
        ),
    ],
)
def test_an_ensemble_that_cannot_be_is_refused_and_told(
    more: dict[str, Any], error: type[ChronicleError], message: str
) -> None:
    with pytest.raises(error, match=message):
        small(**more)


def test_a_missing_extra_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chronicle.simulation.compiled import engine as compiled
    from chronicle.simulation.ensemble import dask_pool

    monkeypatch.setattr(compiled, "has_numba", lambda: False)
    monkeypatch.setattr(module, "has_numba", lambda: False)
    with pytest.raises(UsageError, match=r"conflict-chronicle\[fast\]"):
        small(engine="numba")
    assert small().chosen_engine == "heap"
    monkeypatch.setattr(dask_pool, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"conflict-chronicle\[scale\]"):
        run(small(), executor="dask")


def test_what_workers_need_is_compiled_once_when_all_else_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("numba")
    from chronicle.simulation.ensemble import dask_pool

    compiled: list[bool] = []
    monkeypatch.setattr(module, "warm_up", lambda *_: compiled.append(True))
    monkeypatch.setattr(dask_pool, "find_spec", lambda name: None)
    for missing in ("ray", "dask"):
        with pytest.raises(UsageError):
            run(small(engine="numba"), executor=missing)  # type: ignore[arg-type]
    assert not compiled
    run(small(engine="numba"), executor="processes", workers=2)
    run(small(engine="heap"), executor="processes", workers=2)
    assert compiled == [True]


def test_an_executor_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no executor"):
        run(small(), executor="ray")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="workers"):
        run(small(), workers=0)
    with pytest.raises(UsageError, match="dask"):
        run(small(), address="tcp://localhost:1")
    with pytest.raises(UsageError, match="folder"):
        run(small(), resume=True)
