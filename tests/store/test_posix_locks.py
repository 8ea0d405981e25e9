"""Nobody but SQLite opens a chronicle: to close it drops the locks of the process."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.errors import InputError, Untrusted, UsageError
from chronicle.store.sqlite.header import is_database
from log_toys import control, opening
from own_toy import CASE

ELSEWHERE = "import chronicle as ch, sys; log = ch.open(sys.argv[1]); {}; log.close()"
WATCHED = """
import os, sys
from contextlib import suppress
seen = []
def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        name = os.path.realpath(os.fsdecode(args[0]))
        if name in (PATH, PATH + "-wal", PATH + "-shm"):
            seen.append(name)
PATH = os.path.realpath(sys.argv[1])
sys.addaudithook(hook)
from chronicle.cli import main
PATH, CASE, OUT = sys.argv[1:]
def run(*words):
    with suppress(SystemExit):
        main(list(words))
run("check", PATH)
run("state", PATH, "--on", "2024-12-02")
run("log", PATH)
run("import", PATH, CASE, "--dry-run")
run("import", PATH, CASE)
run("import", PATH, PATH)
run("import", PATH, os.path.dirname(PATH))
run("report", PATH, "settlement=alder", "controller=red", "valid_from=2024-11-28",
    "source=s", "report_id=mine")
run("redact", PATH, "mine", "--yes")
run("export", PATH, "--out", OUT)
run("export", PATH, "--out", PATH)
run("run", PATH, PATH)
run("flee", os.path.dirname(PATH))
run("doctor")
import chronicle as ch
with ch.open(PATH) as log:
    log.replay()
    ch.open(PATH).close()
os.write(2, b"SEEN %r" % seen)
"""


def elsewhere(path: Path, deed: str) -> None:
    """Another process opens the file, does something, and closes."""
    subprocess.run([sys.executable, "-c", ELSEWHERE.format(deed), path], check=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.chronicle"
    with ch.create(path) as log:
        log.append(opening())
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")
@pytest.mark.parametrize("look", ["open", "import", "scenario", "out", "posterior"])
def test_a_second_look_in_one_process_leaves_the_locks_of_the_first(
    path: Path, look: str
) -> None:
    with ch.open(path) as mine:
        mine.append(control("mine-1"))
        if look == "open":
            ch.open(path).close()
        elif look == "import":
            with suppress(InputError):
                mine.import_folder(path)
        elif look == "scenario":
            from chronicle.simulation.scenario_file import read_scenario

            with pytest.raises(InputError, match="is a database"):
                read_scenario(path)
        elif look == "posterior":
            from chronicle.simulation.posterior import read_posterior

            with pytest.raises(InputError, match="is a database"):
                read_posterior(path)
        else:
            from chronicle.cli.render import free

            with pytest.raises(UsageError, match="is a database"):
                free(path)
        elsewhere(path, "log.head")
        assert path.with_name(path.name + "-wal").exists()
        event = "ch.ControlReported(report_id='theirs', source='s', "
        event += "settlement='alder', controller='red', valid_from='2024-11-28')"
        elsewhere(path, f"log.append({event})")
        assert mine.head == 7
        assert mine.append(control("mine-2")) == [8]
    with ch.open(path) as log:
        told = [r.event.report_id for r in log.log(after=5)]
    assert told == ["mine-1", "theirs", "mine-2"]


def test_no_command_opens_the_file_itself(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    words = [sys.executable, "-c", WATCHED, path, CASE, out / "x.jsonl"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("SEEN []"), done.stderr[-2_000:]


def test_a_database_is_known_without_being_opened(path: Path, tmp_path: Path) -> None:
    assert is_database(path)
    text = tmp_path / "text"
    text.write_bytes(b"SQLite format 4\0" + b"x" * 5_000)
    short = tmp_path / "short"
    short.write_bytes(b"SQLite")
    empty = tmp_path / "empty"
    empty.touch()
    for other in (text, short, empty, tmp_path, tmp_path / "none", "nul\0"):
        assert not is_database(other)
    with pytest.raises(Untrusted):
        ch.open(text)
    beside = {"a.chronicle.lock", "a.chronicle.head"}
    assert {file.name for file in tmp_path.iterdir()} - beside == {
        *("a.chronicle", "text", "short", "empty"),
    }
