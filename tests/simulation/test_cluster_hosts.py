"""An ensemble on several hosts: network namespaces, each with an address of its own.

The scheduler and the workers see each other only over the network, as machines do. One
worker is killed, one joins, one is stopped for a moment, the scheduler dies: there is
one digest. Where namespaces cannot be made, the reason of the skip says what is
missing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shell import PYTHON, Ended

pytest.importorskip("distributed", reason="needs the extra scale")
from test_dask import FRONT, SECONDS, digest, ended, local, words_of

__all__ = ["local"]  # a fixture
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.slow]

REPLICAS = 24
CHUNKS = REPLICAS // 2


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Hosts:
    """Namespaces on one bridge of this machine, which is their gateway."""

    def __init__(self, count: int) -> None:
        tag, net = secrets.token_hex(2), secrets.randbelow(200) + 20
        self.bridge = f"chr{tag}"
        self.names = [f"chr{tag}-{n}" for n in range(count)]
        self.addresses = [f"10.213.{net}.{n + 2}" for n in range(count)]
        self._gateway = f"10.213.{net}.1/24"

    def make(self) -> None:
        ip("link", "add", self.bridge, "type", "bridge")
        ip("addr", "add", self._gateway, "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        for n, (name, address) in enumerate(
            zip(self.names, self.addresses, strict=True)
        ):
            outside, inside = f"{self.bridge}o{n}", f"{self.bridge}i{n}"
            ip("netns", "add", name)
            ip("link", "add", outside, "type", "veth", "peer", "name", inside)
            ip("link", "set", outside, "master", self.bridge, "up")
            ip("link", "set", inside, "netns", name)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", inside)
            ip("-n", name, "link", "set", inside, "up")
            ip("-n", name, "link", "set", "lo", "up")

    def remove(self) -> None:
        for name in self.names:
            subprocess.run(
                ["ip", "netns", "del", name], capture_output=True, check=False
            )
        subprocess.run(
            ["ip", "link", "del", self.bridge], capture_output=True, check=False
        )

    def start(self, host: int, part: str, *words: str) -> subprocess.Popen[bytes]:
        """A scheduler or a worker on one of the hosts."""
        module = f"distributed.cli.dask_{part}"
        return subprocess.Popen(
            [
                *(
                    "ip",
                    "netns",
                    "exec",
                    self.names[host],
                    sys.executable,
                    "-m",
                    module,
                ),
                *(*words, "--host", self.addresses[host], "--no-dashboard"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces want Linux and root")
    if shutil.which("ip") is None:
        pytest.skip("no `ip`: apt-get install iproute2")
    made = Hosts(3)
    try:
        try:
            made.make()
        except OSError as refused:
            pytest.skip(f"this machine makes no network namespaces: {refused}")
        yield made
    finally:
        made.remove()


class Cluster:
    """A scheduler on the first host, and workers on the others."""

    def __init__(self, hosts: Hosts, stack: ExitStack) -> None:
        self._hosts, self._stack = hosts, stack
        self.address = f"tcp://{hosts.addresses[0]}:8786"
        self.scheduler = stack.enter_context(
            ended(hosts.start(0, "scheduler", "--port", "8786"))
        )
        given_up = time.monotonic() + SECONDS
        while True:
            assert self.scheduler.poll() is None
            assert time.monotonic() < given_up
            try:
                socket.create_connection((hosts.addresses[0], 8786), 1.0).close()
            except OSError:
                time.sleep(0.05)
            else:
                break

    def worker(self, host: int) -> subprocess.Popen[bytes]:
        words = (self.address, "--nthreads", "1", "--no-nanny", "--death-timeout", "60")
        return self._stack.enter_context(
            ended(self._hosts.start(host, "worker", *words))
        )

    def wait_for(self, count: int) -> None:
        import distributed

        with distributed.Client(self.address, timeout="30s") as client:
            client.wait_for_workers(count, timeout=SECONDS)


def begun(out: Path, *words: str | Path) -> subprocess.Popen[bytes]:
    """The command, as soon as the first chunk is on the disk."""
    child = subprocess.Popen(
        [*PYTHON, *words_of(FRONT, REPLICAS), *words, "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    given_up = time.monotonic() + SECONDS
    while not done(out):
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < given_up
        time.sleep(0.005)
    return child


def done(out: Path) -> int:
    return len(list(out.glob("chunks/0/chunk-*.npz")))


def end(child: subprocess.Popen[bytes]) -> Ended:
    told, said = child.communicate(timeout=4 * SECONDS)
    return Ended(child.returncode, told.decode(), said.decode())


def test_one_digest_though_a_host_dies_one_joins_and_one_is_stopped(
    hosts: Hosts, tmp_path: Path, local: str
) -> None:
    with ExitStack() as stack:
        cluster = Cluster(hosts, stack)
        victim, slow = cluster.worker(1), cluster.worker(2)
        cluster.wait_for(2)
        child = begun(tmp_path / "run", "--dask", cluster.address)
        at_death = done(tmp_path / "run")
        victim.send_signal(signal.SIGKILL)
        slow.send_signal(signal.SIGSTOP)  # it has the scenario, and is slow
        cluster.worker(1)  # a host comes back
        slow.send_signal(signal.SIGCONT)
        told = end(child)
    assert digest(told) == local
    assert at_death < CHUNKS  # else nothing was in mid-run
    assert "Traceback" not in told.err


def test_a_scheduler_that_dies_is_started_again_and_the_run_goes_on(
    hosts: Hosts, tmp_path: Path, local: str
) -> None:
    out = tmp_path / "run"
    with ExitStack() as stack:
        cluster = Cluster(hosts, stack)
        cluster.worker(1)
        cluster.wait_for(1)
        child = begun(out, "--dask", cluster.address)
        cluster.scheduler.send_signal(signal.SIGKILL)
        told = end(child)
    assert told.code == 6
    assert "--resume" in told.err
    assert "Traceback" not in told.err
    kept = done(out)
    assert 0 < kept < CHUNKS
    with ExitStack() as stack:
        cluster = Cluster(hosts, stack)
        cluster.worker(2)
        cluster.wait_for(1)
        words = (*words_of(FRONT, REPLICAS), "--dask", cluster.address)
        resumed = subprocess.run(
            [*PYTHON, *words, "--out", out, "--resume"],
            capture_output=True,
            check=False,
            timeout=4 * SECONDS,
        )
    found = Ended(resumed.returncode, resumed.stdout.decode(), resumed.stderr.decode())
    assert digest(found) == local
