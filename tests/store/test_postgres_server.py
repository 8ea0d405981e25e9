"""The server of the tests does not outlive them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postgres_server import NAMED

STARTS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from postgres_server import own_server
server = own_server()
print(server.folder, server._server.get_pid(), flush=True)
time.sleep(120)
"""


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
@pytest.mark.skipif(
    NAMED in os.environ or not Path("/proc/self").exists(),
    reason="needs a server of our own, and /proc",
)
def test_a_killed_run_of_tests_leaves_no_server() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", STARTS, Path(__file__).parents[1]],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    folder, pid = run.stdout.readline().split()
    assert is_alive(int(pid))
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    until = time.monotonic() + 60
    while time.monotonic() < until and (is_alive(int(pid)) or Path(folder).exists()):
        time.sleep(0.1)
    assert not is_alive(int(pid))
    assert not Path(folder).exists()
