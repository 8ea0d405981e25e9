"""The scenarios that ship: how each is run, and what it then prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from chronicle.cli import cli

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
FIVE_TOWNS = SCENARIOS / "five-towns"
TOML = [*sorted(SCENARIOS.glob("*.toml")), FIVE_TOWNS / "five-towns.toml"]
SCRIPTS = sorted(SCENARIOS.glob("*.py"))
FEW = "20"  # replicas: enough to show a difference, few enough for a test


def chronicle(*args: str) -> str:
    """What a command prints; it must end well."""
    done = CliRunner().invoke(cli, args, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def printed(path: Path, folder: Path) -> str:
    """What running the scenario or script at *path* prints; *folder* is scratch."""
    if path.suffix == ".py":
        return script(path)
    words = [str(path)]
    if path.parent == FIVE_TOWNS:
        file = str(folder / "five.chronicle")
        chronicle("--quiet", "init", file)
        chronicle("--quiet", "import", file, str(FIVE_TOWNS / "data"))
        words.append(file)
    words += ["--replicas", FEW, "--engine", "heap", "--workers", "1"]
    return chronicle("run", *words, "--format", "table")


def script(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(path), FEW],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def expected(path: Path) -> Path:
    """Where the expected output lies: beside it."""
    return path.with_suffix(".out")
