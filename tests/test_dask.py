"""Ensembles on Dask: the digest of one process, also when a worker is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from chronicle.errors import UsageError
from chronicle.whatif.ensemble import Ensemble, run
from whatif_worlds import invented

pytest.importorskip("distributed", reason="needs the extra scale")
pytestmark = pytest.mark.filterwarnings("ignore")  # tornado's, as workers are killed

TERRAIN, PARAMETERS, INTERVENTIONS, HORIZON = invented(16)
ENSEMBLE = Ensemble(
    terrain=TERRAIN,
    parameters=PARAMETERS,
    interventions=tuple(INTERVENTIONS),
    seed=11,
    horizon=HORIZON,
    replicas=60,
    engine="heap",
)


def test_one_digest_on_dask_even_if_a_worker_is_killed() -> None:
    killed: list[int] = []

    def kill(done: int, of: int) -> None:
        if done and not killed:
            victim = next(
                child
                for child in multiprocessing.active_children()
                if child.pid is not None
            )
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    outcome = run(ENSEMBLE, executor="dask", workers=2, chunk=3, progress=kill)
    assert killed
    assert outcome.digest == run(ENSEMBLE).digest


def test_a_scheduler_that_does_not_answer_is_told() -> None:
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        run(ENSEMBLE, executor="dask", address="tcp://127.0.0.1:9")
