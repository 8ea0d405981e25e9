"""Worked pages: Markdown whose `console` blocks show commands and what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def run(command: str, folder: Path) -> str:
    """What a `chronicle` command prints, with the times of recording blotted out."""
    words = command.replace("\\\n", " ")
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "chronicle", *_split(words)[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return STAMP.sub("…", done.stdout + done.stderr)


def _split(words: str) -> list[str]:
    import shlex

    return shlex.split(words)


def rewritten(page: str, folder: Path) -> str:
    """*page* with the output of each command as it is now."""

    def block(found: re.Match[str]) -> str:
        told = []
        for command in commands(found[1]):
            output = run(command, folder).rstrip("\n")
            told.append(f"$ {command}\n{output}" if output else f"$ {command}")
        return "```console\n" + "\n".join(told) + "\n```"

    return BLOCK.sub(block, page)


def commands(block: str) -> list[str]:
    """The lines after `$ `, with those that a backslash continues."""
    found: list[str] = []
    more = False
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif more:
            found[-1] += f"\n{line}"
        more = (line.startswith("$ ") or more) and line.endswith("\\")
    return found


def prepare(folder: Path) -> None:
    """Make the scenarios reachable under the names that the pages use."""
    (folder / "scenarios").symlink_to(ROOT / "scenarios", target_is_directory=True)


PAGES = sorted((ROOT / "scenarios").glob("*/README.md"))
