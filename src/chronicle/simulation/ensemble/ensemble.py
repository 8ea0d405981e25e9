"""Many replicas, one digest: the same bits however the work was cut, spread or broken.

Replica k depends on (ensemble, k) alone, so that a chunk may be run anywhere, twice, or
again after its worker died. `execute` runs them.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import BudgetExceeded, InputError, UsageError
from chronicle.simulation.compiled.engine import (
    Results,
    board_of,
    changes_of,
    has_numba,
    need_numba,
    run_chunk,
    warm_up,
)
from chronicle.simulation.engine.checkpoint import name_of
from chronicle.simulation.engine.hooks import Hook, OwnProcess
from chronicle.simulation.engine.replication import (
    Adjacency,
    adjacency_of,
    check_horizon,
)
from chronicle.simulation.engine.simulation import Simulation
from chronicle.simulation.ensemble.plain_chunk import run_chunk_plainly
from chronicle.simulation.interventions import Intervention, Orders, orders_of
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import LIMITS, TABLE, Parameters
from chronicle.simulation.rules import Change

__all__ = [
    "Chunk",
    "Ensemble",
    "Outcome",
    "digest_of",
    "replica",
]

Chunk = tuple[int, int]
"""(first replica, number of replicas)."""


MOST_BYTES = 4 << 30


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What is to be run; equal ensembles have equal results.

    *thetas*, one row of `Parameters.vector` for each replica, takes the place of
    *parameters*. *engine* `auto` is `simpy` where there are hooks or processes, else
    `numba` where it is installed, else `heap`; all give the same results. Raises
    `InputError` or `UsageError` for what cannot be run, `BudgetExceeded` for too much
    of it.
    """

    network: Network
    parameters: Parameters = Parameters()  # noqa: RUF009 - frozen
    interventions: tuple[Intervention, ...] = ()
    seed: int = 0
    horizon: int = 30
    replicas: int = 1000
    thetas: NDArray[np.float64] | None = None
    people: bool = True
    hosted_by_day: bool = False
    engine: str = "auto"
    hooks: tuple[Hook, ...] = ()
    processes: tuple[OwnProcess, ...] = ()

    def __post_init__(self) -> None:
        check_horizon(self.horizon)
        if not 1 <= self.replicas <= 10_000_000:
            raise InputError(f"{self.replicas} replicas: 1 to 10 million")
        if not 0 <= self.seed < 1 << 63:
            raise InputError(f"seed {self.seed}: 0 to 2^63 - 1")
        if self.engine not in ("auto", "simpy", "heap", "numba"):
            raise UsageError(f"no engine {self.engine!r}: auto, simpy, heap or numba")
        if self.hooks and self.engine in ("numba", "heap"):
            raise UsageError(f"engine {self.engine!r} has no hooks; take simpy")
        if self.processes and self.engine in ("numba", "heap"):
            raise UsageError(f"engine {self.engine!r} has no processes; take simpy")
        if self.hosted_by_day and not self.people:
            raise UsageError("hosted_by_day needs people")
        if self.chosen_engine == "numba":
            need_numba()
        if self.thetas is not None:
            if self.thetas.shape != (self.replicas, len(TABLE)):
                raise InputError(
                    f"thetas of shape {self.thetas.shape}, "
                    f"not {(self.replicas, len(TABLE))}"
                )
            low, high = LIMITS
            inside = (self.thetas >= low) & (self.thetas <= high)  # false for NaN
            for row in self.thetas[~inside.all(axis=1)]:
                Parameters.from_vector(row)  # says which value of it is wrong
        places = self.network.count
        each = places * (12 + 4 * self.horizon * self.hosted_by_day)
        if self.replicas * each > MOST_BYTES:
            raise BudgetExceeded(
                f"{self.replicas} replicas of {places} settlements need "
                f"{self.replicas * each >> 20} MiB; take fewer, or hosted_by_day off"
            )
        self.orders  # noqa: B018 - checks the interventions now

    @property
    def chosen_engine(self) -> str:
        """The engine that `auto` stands for."""
        if self.engine != "auto":
            return self.engine
        if self.hooks or self.processes:
            return "simpy"
        return "numba" if has_numba() else "heap"

    @cached_property
    def adjacency(self) -> Adjacency:
        """The terrain, laid out once."""
        return adjacency_of(self.network)

    @cached_property
    def orders(self) -> Orders:
        """The interventions, checked and laid out once."""
        return orders_of(self.network, self.interventions, float(self.horizon))

    @cached_property
    def board(self) -> Any:
        """What the compiled engine reads."""
        return board_of(self.adjacency, self.orders)

    def compile(self) -> None:
        """Compile once, ahead of the workers; it is kept on disk for their processes.

        Does nothing where it is compiled already, or where the engine is not numba.
        """
        if self.chosen_engine == "numba":
            warm_up(self.adjacency, self.orders, 1.0, self.people)

    def __getstate__(self) -> dict[str, Any]:
        """What a worker is sent: the input, not what is laid out from it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def identity(self) -> str:
        """SHA-256 of all that the results depend on; the engine is not among it."""
        digest = hashlib.sha256(b"chronicle whatif ensemble 1\0")
        for field in fields(self.network):
            if field.name not in ("rows", "edges"):
                _add(digest, field.name, getattr(self.network, field.name))
        _add(digest, "parameters", self.parameters.vector())
        _add(digest, "thetas", self.thetas)
        for name in ("seed", "horizon", "replicas", "people", "hosted_by_day"):
            _add(digest, name, getattr(self, name))
        _add(digest, "interventions", self.interventions)
        _add(digest, "hooks", [name_of(hook) for hook in self.hooks])
        if self.processes:
            _add(digest, "processes", [name_of(one) for one in self.processes])
        return digest.hexdigest()

    def results(self, chunk: Chunk, stop: threading.Event | None = None) -> Results:
        """Run one chunk here and now; `Stopped` is raised soon after *stop* is set."""
        first, count = chunk
        thetas = (
            self.parameters.vector().reshape(1, -1)
            if self.thetas is None
            else self.thetas[first : first + count]
        )
        given: dict[str, Any] = {
            "seed": self.seed,
            "first": first,
            "count": count,
            "horizon": float(self.horizon),
            "people": self.people,
            "by_day": self.hosted_by_day,
            "stop": stop,
        }
        engine = self.chosen_engine
        if engine == "numba":
            board = self.board
            return run_chunk(self.adjacency, self.orders, thetas, board=board, **given)
        return run_chunk_plainly(
            self.adjacency,
            self.orders,
            thetas,
            engine=engine,
            hooks=self.hooks,
            processes=self.processes,
            **given,
        )


def _add(digest: Any, name: str, value: object) -> None:
    """Feed a named value to a hash; arrays as little-endian bytes."""
    if isinstance(value, np.ndarray):
        plain = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        digest.update(f"{name} {plain.dtype.str} {plain.shape}\0".encode())
        digest.update(plain.tobytes())
    else:
        digest.update(f"{name} {value!r}\0".encode())


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of an ensemble, and what names them."""

    results: Results
    digest: str
    identity: str
    engine: str
    executor: str
    replicas: int
    seed: int


def digest_of(results: Results) -> str:
    """SHA-256 of the results of all replicas in order."""
    digest = hashlib.sha256(b"chronicle whatif results 1\0")
    for field in fields(results):
        _add(digest, field.name, getattr(results, field.name))
    return digest.hexdigest()


def replica(ensemble: Ensemble, number: int) -> tuple[list[Change], Results]:
    """All changes of one replica and its row of the results, without the others."""
    if not 0 <= number < ensemble.replicas:
        raise UsageError(f"no replica {number}: 0 to {ensemble.replicas - 1}")
    theta = ensemble.thetas[number] if ensemble.thetas is not None else None
    parameters = ensemble.parameters if theta is None else Parameters.from_vector(theta)
    if ensemble.chosen_engine == "numba":
        return changes_of(
            ensemble.adjacency,
            parameters,
            ensemble.orders,
            seed=ensemble.seed,
            replica=number,
            horizon=float(ensemble.horizon),
            people=ensemble.people,
        )
    run = Simulation(
        ensemble.adjacency,
        parameters,
        ensemble.interventions,
        seed=ensemble.seed,
        replica=number,
        horizon=ensemble.horizon,
        hooks=ensemble.hooks,
        processes=ensemble.processes,
        people=ensemble.people,
        engine="heap" if ensemble.chosen_engine == "heap" else "simpy",
    ).until()
    return run.changes, ensemble.results((number, 1))
