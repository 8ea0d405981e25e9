"""The command line as its users call it: in this process, or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chronicle.cli import main

PYTHON = [sys.executable, "-m", "chronicle"]


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it said where."""

    code: int
    out: str
    err: str


def run(*args: str | Path) -> Ended:
    """`chronicle ARGS` in this process, through the real entry, its output no terminal.

    Whatever is no exit code is raised, so that a traceback fails the test.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in "12")
    code: Any = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(arg) for arg in args])
        except SystemExit as left:
            code = left.code
        out.flush()
        err.flush()
    told = [stream.buffer.getvalue() for stream in (out, err)]  # type: ignore[attr-defined]
    return Ended(code, *(text.decode("utf-8", "replace") for text in told))


def spawned(
    *args: str | bytes | Path, env: Mapping[str, str] | None = None, **more: Any
) -> Ended:
    """`chronicle ARGS` in a process of its own."""
    done = subprocess.run(
        [*PYTHON, *args],
        env={**os.environ, **(env or {})},
        capture_output=True,
        check=False,
        timeout=60,
        **more,
    )
    return Ended(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )
