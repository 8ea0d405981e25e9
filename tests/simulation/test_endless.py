"""A replica without end ends with an error, and an interrupt is heeded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from chronicle.errors import BudgetExceeded, InputError
from chronicle.simulation.compiled.engine import Stopped, has_numba
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.ensemble.execute import run
from chronicle.simulation.network import NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import Parameters
from whatif_worlds import PLAIN

# Two towns, a metre apart: each attack is beaten off, answered, and comes again.
PING_PONG = build(
    [
        NetworkPlace(settlement="alder", controller="red", population=1_000),
        NetworkPlace(settlement="birch", controller="blue", population=1_000),
    ],
    [NetworkRoad(a="alder", b="birch", distance_km=0.001)],
    actors=["red", "blue"],
    attacks=[("red", "blue"), ("blue", "red")],
)
EVERLASTING = PLAIN | {"repulse": 1.0, "repulse_wait_days": 0.1, "counterattack": 0.0}
ANSWERED = EVERLASTING | {"counterattack": 1.0}


def endless(**more: object) -> Ensemble:
    given: dict[str, object] = {
        "network": PING_PONG,
        "parameters": Parameters.of(ANSWERED),
        "horizon": 60,
        "replicas": 3,
        "people": False,
    }
    return Ensemble(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["heap", "simpy", "numba"])
@pytest.mark.parametrize("people", [False, True])
def test_a_replica_without_end_is_over_its_budget(engine: str, people: bool) -> None:
    with pytest.raises(BudgetExceeded, match=r"replica 0: more than 100200 changes"):
        run(endless(engine=engine, people=people))


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_the_budget_is_told_by_every_executor(executor: str) -> None:
    with pytest.raises(BudgetExceeded, match="more than 100200 changes"):
        run(endless(engine="heap"), executor=executor, workers=2)  # type: ignore[arg-type]


def test_an_attack_that_is_beaten_off_comes_again_only_after_a_while() -> None:
    with pytest.raises(InputError, match=r"outside 0\.1 to 365"):
        Parameters.of({"repulse": 1.0, "repulse_wait_days": 0.0})


@pytest.mark.parametrize("engine", ["heap", "simpy", "numba"])
def test_attacks_that_are_always_beaten_off_end_with_the_run(engine: str) -> None:
    one = endless(engine=engine, parameters=Parameters.of(EVERLASTING), horizon=20)
    assert (run(one).results.fall_day == 0).all()


@pytest.mark.parametrize("engine", ["heap", "numba"])
def test_a_chunk_is_given_up_when_nobody_waits_for_it(engine: str) -> None:
    if engine == "numba" and not has_numba():
        pytest.skip("needs numba")
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        endless(engine=engine).results((0, 3), stop)


SCRIPT = """
    import sys, threading, time, os
    sys.path.insert(0, {tests!r})
    from chronicle.simulation.ensemble.ensemble import Ensemble
    from chronicle.simulation.ensemble.execute import run
    from whatif_worlds import invented
    network, parameters, orders, _ = invented(16)
    if __name__ == "__main__":
        ensemble = Ensemble(network, parameters, tuple(orders), horizon=3650,
                            replicas=2_000_000, engine={engine!r})
        try:
            run(ensemble, executor={executor!r}, workers={workers}, chunk=10_000,
                progress=lambda done, of: print("begun", flush=True))
        except KeyboardInterrupt:
            sys.exit(130)
"""


def started(
    tmp_path: Path, engine: str, executor: str, workers: int
) -> subprocess.Popen[str]:
    """A program under way in a run that would take hours, in a session of its own."""
    script = tmp_path / "long.py"
    script.write_text(
        textwrap.dedent(SCRIPT).format(
            tests=str(Path(__file__).parents[1]),
            engine=engine,
            executor=executor,
            workers=workers,
        )
    )
    program = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    return program


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "executor", "workers"),
    [
        ("heap", "threads", 2),
        ("numba", "threads", 1),
        ("numba", "threads", 2),
        ("heap", "processes", 2),
        ("numba", "processes", 2),
    ],
)
def test_an_interrupt_is_heeded_in_the_midst_of_a_chunk(
    tmp_path: Path, engine: str, executor: str, workers: int
) -> None:
    if engine == "numba" and not has_numba():
        pytest.skip("needs numba")
    program = started(tmp_path, engine, executor, workers)
    time.sleep(2)
    os.kill(program.pid, signal.SIGINT)  # to the parent alone
    try:
        assert program.wait(30) == 130
    finally:
        program.kill()
        program.wait()
        assert program.stdout is not None
        program.stdout.close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = started(tmp_path, "heap", "processes", 2)
    deadline = time.monotonic() + 30
    while len(children(program.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    program.kill()
    assert program.stdout is not None
    # The pipe ends only when nobody holds it any more.
    reader = threading.Thread(target=program.stdout.read, daemon=True)
    reader.start()
    reader.join(30)
    assert not reader.is_alive()
    program.stdout.close()
    program.wait()
