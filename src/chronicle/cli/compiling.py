"""Tell that machine code is being made, which takes a while, the first time only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chronicle.simulation.compiled.engine import has_numba

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["compiling", "compiling_in"]

COMPILING = "compiling, once (some 15 s)"


@contextmanager
def compiling(begins: Callable[[], None], ends: Callable[[], None]) -> Iterator[None]:
    """Call *begins* when numba compiles anything in the meantime, *ends* after it.

    Once for a function and all that it calls. Not for what was compiled before and is
    found on disk, and not for what another process compiles.
    """
    if not has_numba():
        yield
        return
    from numba.core.event import Event, Listener, install_listener

    class Depth(Listener):
        depth = 0

        def on_start(self, event: Event) -> None:
            self.depth += 1
            if self.depth == 1:
                begins()

        def on_end(self, event: Event) -> None:
            self.depth -= 1
            if self.depth == 0:
                ends()

    with install_listener("numba:compile", Depth()):
        yield


@contextmanager
def compiling_in(bars: Progress) -> Iterator[None]:
    """A bar without an end among *bars* while numba compiles."""
    tasks: list[Any] = []

    def begins() -> None:
        tasks.append(bars.add_task(COMPILING, total=None))

    with compiling(begins, lambda: bars.remove_task(tasks.pop())):
        yield
