"""Commands among other programs: pipes, signals, other writers, what they load."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import chronicle as ch
from log_toys import control, opening
from own_toy import CASE, CONTROL, TOY, write
from shell import PYTHON, spawned

HEAVY = {
    *("pandas", "numpy", "shapely", "matplotlib", "simpy", "numba", "scipy"),
    *("eventsourcing", "pyarrow"),
}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("processes") / "case.chronicle"
    with ch.create(path) as log:
        log.import_folder(CASE)
    return path


def until(so: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something that must come true."""
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def loaded(*words: str | Path) -> set[str]:
    """The top-level packages that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "chronicle", *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = re.findall(r"^import time:.*\| +(\w+)", done.stderr, re.MULTILINE)
    assert "chronicle" in found
    return set(found)


def test_help_loads_nothing_heavy() -> None:
    assert not loaded("--help") & HEAVY
    assert not loaded("state", "--help") & HEAVY


def test_a_question_loads_nothing_that_it_does_not_need(case: Path) -> None:
    state = loaded("state", case, "--on", "2024-12-02")
    assert not state & (HEAVY - {"numpy", "eventsourcing"})


def test_the_reader_of_a_pipe_may_have_enough(case: Path) -> None:
    for words in (["export", case], ["log", case, "--follow"]):
        writer = subprocess.Popen(
            [*PYTHON, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert json.loads(writer.stdout.readline())["position"] == 1
        writer.stdout.close()
        told = writer.stderr.read()
        assert (writer.wait(30), told) == (0, b"")
        writer.stderr.close()


def test_following_sees_what_another_process_records(tmp_path: Path) -> None:
    path = tmp_path / "toy.chronicle"
    with ch.create(path) as log:
        log.append(opening())
    follower = subprocess.Popen(
        [*PYTHON, "log", path, "--follow", "--after", "3"], stdout=subprocess.PIPE
    )
    assert follower.stdout is not None
    try:
        first = [json.loads(follower.stdout.readline())["position"] for _ in range(2)]
        assert first == [4, 5]
        words = "settlement=alder controller=red valid_from=2024-12-01 source=radio"
        assert spawned("report", path, *words.split()).code == 0
        seen = json.loads(follower.stdout.readline())
        assert (seen["position"], seen["controller"]) == (6, "red")
        follower.send_signal(signal.SIGINT)
        assert follower.wait(30) == 130
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()


def test_ctrl_c_leaves_nothing_half_imported(tmp_path: Path) -> None:
    path, folder = tmp_path / "toy.chronicle", tmp_path / "toy"
    folder.mkdir()
    rows = [f"c{n},2024-11-27,alder,red,,radio" for n in range(40_000)]
    write(folder, {**TOY, "control.csv": "\n".join([CONTROL, *rows]) + "\n"})
    ch.create(path).close()
    log = path.with_name(path.name + "-wal")
    importing = subprocess.Popen(
        [*PYTHON, "import", path, folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        # Pages of the transaction are spilled to the log well before it is committed.
        lock = path.with_name(path.name + ".lock")
        until(lambda: importing.poll() is not None or _settled(path, lock, log))
        importing.send_signal(signal.SIGINT)
        _, told = importing.communicate(timeout=60)
    finally:
        importing.kill()
        importing.wait()
    assert importing.returncode == 130, told
    assert b"interrupted" in told
    assert b"Traceback" not in told
    with ch.open(path) as chronicle:
        assert chronicle.find("alder") == "alder"  # the files before went in whole
        assert chronicle.report("c0") is None
        assert chronicle.head == 7
    write(folder, {"control.csv": "\n".join([CONTROL, *rows[:3]]) + "\n"})
    assert "control.csv,3,0,0,0,0" in spawned("import", path, folder).out


def _settled(path: Path, lock: Path, log: Path) -> bool:
    """Whether the small files are in, and the large one is being read."""
    if not (lock.exists() and log.exists()):
        return False
    with ch.open(path) as chronicle:
        return chronicle.head == 7


def test_a_killed_import_leaves_nothing_half_imported(tmp_path: Path) -> None:
    path, folder = tmp_path / "toy.chronicle", tmp_path / "toy"
    folder.mkdir()
    rows = [f"c{n},2024-11-27,alder,red,,radio" for n in range(30_000)]
    write(folder, {**TOY, "control.csv": "\n".join([CONTROL, *rows]) + "\n"})
    ch.create(path).close()
    importing = subprocess.Popen(
        [*PYTHON, "import", path, folder], stdout=subprocess.DEVNULL
    )
    lock = path.with_name(path.name + ".lock")
    log = path.with_name(path.name + "-wal")
    until(lambda: importing.poll() is not None or _settled(path, lock, log))
    importing.kill()
    assert importing.wait() == -signal.SIGKILL
    with ch.open(path) as chronicle:
        assert (chronicle.head, chronicle.report("c0")) == (7, None)
        chronicle.append(control("c0", source="paper"))
        assert chronicle.head == 8


def test_names_come_out_as_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    path = tmp_path / "toy.chronicle"
    with ch.create(path) as log:
        log.append(ch.SettlementRegistered(settlement="h", name="حلب", lat=1, lon=2))
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    ended = spawned("state", path, "--on", "2024-12-02", env=plain)
    assert ended.code == 0, ended.err
    assert "h,حلب,1.0,2.0" in ended.out


def test_a_fault_of_ours_is_told_as_ours(tmp_path: Path) -> None:
    """No traceback but for whoever asks for one, and exit code 70 of sysexits.h."""
    code = (
        "import sys, chronicle.api as api\n"
        "def broken(*_): raise ZeroDivisionError('ours')\n"
        "api.open_chronicle = broken\n"
        "from chronicle.cli import main\n"
        "main(['check', 'x'])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert told.returncode == 70
    assert "a fault in Chronicle, not in your data (ZeroDivisionError" in told.stderr
    assert "Traceback" not in told.stderr
    debug = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CHRONICLE_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in debug.stderr
