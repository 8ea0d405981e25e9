"""What a long command has done so far, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from chronicle.cli.printing import console
from chronicle.domain.visible import visible

__all__ = ["progress_bar"]


class progress_bar:  # noqa: N801  (used like a function)
    """A progress line per file on a terminal, after half a second; silent elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Callable[[str, int], None]:
        settings = click.get_current_context().find_root().obj or {}
        if sys.stderr.isatty() and not settings.get("quiet"):
            from rich.progress import (
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                TextColumn("{task.completed:,} rows"),
                TimeElapsedColumn(),
                console=console(err=True),
                transient=True,
            )
            self._bar.start()
        return self._told

    def _told(self, name: str, done: int) -> None:
        if self._bar is None:
            return
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(visible(name), total=None)
        self._bar.update(self._tasks[name], completed=done)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
