"""Ensembles on Dask: the digest of one process, also when a worker is killed.

The scheduler and the workers of the commands are processes of their own, as they would
be on other machines; nothing is shared but the address.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chronicle.errors import UsageError
from chronicle.simulation.ensemble import dask_pool
from chronicle.simulation.ensemble.ensemble import Ensemble
from chronicle.simulation.ensemble.execute import run
from shell import PYTHON, Ended
from shell import run as shell
from whatif_worlds import invented
from worked_scenarios import SCENARIOS

pytest.importorskip("distributed", reason="needs the extra scale")
pytestmark = pytest.mark.filterwarnings("ignore")  # tornado's, as workers are killed

NETWORK, PARAMETERS, INTERVENTIONS, HORIZON = invented(16)
ENSEMBLE = Ensemble(
    network=NETWORK,
    parameters=PARAMETERS,
    interventions=tuple(INTERVENTIONS),
    seed=11,
    horizon=HORIZON,
    replicas=60,
    engine="heap",
)
FRONT = SCENARIOS / "front-2024-11-30.toml"
SECONDS = 60  # after which a process that should have answered is given up


# --- from Python -----------------------------------------------------------------


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


def test_a_worker_of_another_version_computes_nothing() -> None:
    with pytest.raises(UsageError, match=r"has Chronicle .*, and this is 0\.0\.0"):
        dask_pool._work(ENSEMBLE, (0, 1), "0.0.0")


# --- at the shell, with a scheduler elsewhere ------------------------------------


def started(part: str, *words: str, **more: Any) -> subprocess.Popen[bytes]:
    """A process of Dask's own command line, silent."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{part}",
            *words,
            "--no-dashboard",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **more,
    )


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """*process*, which is gone afterwards, killed if it must be."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler without workers; the system chose its port."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    words = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    with ended(started("scheduler", *words)) as scheduler:
        given_up = time.monotonic() + SECONDS
        told: dict[str, Any] = {}
        while not told:
            assert scheduler.poll() is None
            assert time.monotonic() < given_up
            try:
                told = json.loads(file.read_text())
            except (OSError, ValueError):  # not yet, or not yet all of it
                time.sleep(0.05)
        yield told["address"]


@contextmanager
def workers(
    address: str, count: int, **more: Any
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """*count* workers that the scheduler knows, each a process without a guard."""
    import distributed

    words = (address, "--nthreads", "1", "--no-nanny")
    made = [started("worker", *words, **more) for _ in range(count)]
    try:
        with distributed.Client(address, timeout="30s") as client:
            client.wait_for_workers(count, timeout=SECONDS)
        yield made
    finally:
        for process in made:
            with ended(process):
                pass
        with distributed.Client(address, timeout="30s") as client:
            while client.nthreads():  # the next test begins without any
                time.sleep(0.05)


def chronicle(*args: str | Path, env: dict[str, str] | None = None) -> Ended:
    """`chronicle ARGS` in a process of its own, which must end."""
    done = subprocess.run(
        [*PYTHON, *args],
        capture_output=True,
        env={**os.environ, **(env or {})},
        check=False,
        timeout=SECONDS,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def digest(told: Ended) -> str:
    assert told.code == 0, told.err
    return str(json.loads(told.out)["digest"])


def words_of(scenario: Path, replicas: int) -> list[str | Path]:
    return [
        "run", scenario, "--replicas", str(replicas), "--engine", "heap",
        "--chunk", "2", "--format", "json",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def local() -> str:
    """The digest of one process and one thread."""
    return digest(shell(*words_of(FRONT, 24), "--workers", "1"))


def test_the_command_gives_one_digest_on_a_scheduler_elsewhere(
    address: str, local: str
) -> None:
    with workers(address, 2):
        told = chronicle(*words_of(FRONT, 24), "--dask", address)
        assert digest(told) == local
        assert json.loads(told.out)["engine"] == "heap"
        bare = address.removeprefix("tcp://")
        assert digest(chronicle(*words_of(FRONT, 24), "--dask", bare)) == local


def test_the_command_starts_a_cluster_of_its_own_without_an_address(
    local: str,
) -> None:
    words = (*words_of(FRONT, 24), "--executor", "dask", "--workers", "2")
    assert digest(chronicle(*words)) == local


def test_the_command_gives_one_digest_if_a_worker_elsewhere_is_killed(
    address: str, tmp_path: Path, local: str
) -> None:
    out = tmp_path / "run"
    words = (*words_of(FRONT, 24), "--dask", address, "--out", out)
    with workers(address, 2) as (victim, _):
        child = subprocess.Popen(
            [*PYTHON, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while not list(out.glob("chunks/0/chunk-*.npz")):
            assert child.poll() is None
            time.sleep(0.005)
        victim.send_signal(signal.SIGKILL)
        at_death = len(list(out.glob("chunks/0/chunk-*.npz")))
        told, said = child.communicate(timeout=SECONDS)
    assert at_death < 12  # it was in mid-run
    assert digest(Ended(child.returncode, told.decode(), said.decode())) == local
    assert b"Traceback" not in said


def test_when_all_workers_die_the_run_ends_and_goes_on_from_what_is_done(
    address: str, tmp_path: Path, local: str
) -> None:
    out = tmp_path / "run"
    words = (*words_of(FRONT, 24), "--dask", address, "--out", out)
    with workers(address, 1) as (only,):
        child = subprocess.Popen(
            [*PYTHON, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while not list(out.glob("chunks/0/chunk-*.npz")):
            assert child.poll() is None
            time.sleep(0.005)
        only.send_signal(signal.SIGKILL)
        _, said = child.communicate(timeout=SECONDS)
    assert child.returncode == 6
    assert b"--resume goes on" in said
    assert b"Traceback" not in said
    kept = set(out.glob("chunks/0/chunk-*.npz"))
    assert 0 < len(kept) < 12
    assert digest(shell(*words_of(FRONT, 24), "--out", out, "--resume")) == local


# --- what goes wrong is told -----------------------------------------------------


def listening() -> socket.socket:
    """A port of this machine that the system chose, and that somebody holds."""
    return socket.create_server(("127.0.0.1", 0))


def test_where_nobody_listens_is_told_at_once() -> None:
    with listening() as held:
        port = held.getsockname()[1]
    told = chronicle(*words_of(FRONT, 4), "--dask", f"tcp://127.0.0.1:{port}")
    assert told.code == 2
    assert told.err.startswith(
        f"chronicle: no Dask scheduler answers at tcp://127.0.0.1:{port}: "
        "Connection refused"
    )
    assert "'dask scheduler' starts one" in told.err
    assert len(told.err.splitlines()) == 1


def test_somebody_else_who_listens_is_told() -> None:
    """A server that answers as a web server does."""
    with listening() as held:

        def answer() -> None:
            for _ in range(2):  # who looks whether somebody listens, then Dask
                with held.accept()[0] as line:
                    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 8)

        threading.Thread(target=answer, daemon=True).start()
        port = held.getsockname()[1]
        told = chronicle(*words_of(FRONT, 4), "--dask", f"tcp://127.0.0.1:{port}")
    assert told.code == 2
    assert "what listens there is none" in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    "address",
    [
        *("", "nonsense", "tcp://127.0.0.1", "tcp://:8786", "tcp://h:99999"),
        *("tcp://[x", "http://127.0.0.1:8786", "tcp://h:port"),
    ],
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(UsageError, match="'tcp://HOST:PORT'"):
        run(ENSEMBLE, executor="dask", address=address)


def test_a_scheduler_without_workers_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_pool, "CONNECT_SECONDS", 2)
    told = shell(*words_of(FRONT, 4), "--dask", address)
    assert told.code == 2
    assert f"has no workers; 'dask worker {address}' starts one" in told.err


def test_workers_without_chronicle_are_told(address: str, tmp_path: Path) -> None:
    hidden = tmp_path / "chronicle"
    hidden.mkdir()
    (hidden / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'chronicle'\", name='chronicle')"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with workers(address, 1, env=env, cwd=tmp_path):
        told = chronicle(*words_of(FRONT, 4), "--dask", address)
    assert told.code == 2
    assert "No module named 'chronicle'" in told.err
    assert "they need conflict-chronicle" in told.err
    assert "Traceback" not in told.err


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "find_spec", lambda name: None)
    told = shell(*words_of(FRONT, 4), "--dask", "tcp://127.0.0.1:9")
    assert told.code == 2
    assert "pip install 'conflict-chronicle[scale]'" in told.err
