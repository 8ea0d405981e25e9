"""`chronicle serve` in a process of its own, as the tests of the page need it."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from browser import Tab

AXE = Path(__file__).parent / "web" / "vendor" / "axe.min.js"


@dataclass
class Served:
    """A page that is served, and the file that it serves."""

    process: subprocess.Popen[str]
    address: str
    path: Path


def serving(path: Path, *more: str) -> Served:
    """The page of *path* on any port."""
    command = [sys.executable, "-m", "chronicle", "serve", str(path), "--port", "0"]
    process = subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Chronicle at http://127.0.0.1:"), line
    return Served(process, line.split()[-1], path)


def stop(served: Served) -> tuple[int, str]:
    """Press Ctrl-C; the exit code, and all that was said."""
    served.process.send_signal(signal.SIGINT)
    out, err = served.process.communicate(timeout=20)
    return served.process.returncode, out + err


def clean(tab: Tab) -> None:
    """Nothing went wrong, and nothing left this computer."""
    assert tab.errors == []
    local = ("http://127.0.0.1:", "file:///", "data:", "blob:")
    assert [one for one in tab.requests if not one.startswith(local)] == []
