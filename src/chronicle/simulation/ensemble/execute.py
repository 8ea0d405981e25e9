"""Replicas run in chunks on threads, processes or Dask, and put together in order.

Each finished chunk can be kept in a folder; an interrupted run goes on from there.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Literal

from chronicle.errors import UsageError
from chronicle.simulation.compiled.engine import (
    Results,
)
from chronicle.simulation.ensemble.chunks import ChunkFolder
from chronicle.simulation.ensemble.dask_pool import in_dask
from chronicle.simulation.ensemble.ensemble import Chunk, Ensemble, Outcome, digest_of
from chronicle.simulation.ensemble.process_pool import in_processes

__all__ = ["Executor", "Progress", "chunks_of", "default_workers", "in_threads", "run"]

Progress = Callable[[int, int], None]
"""Called with (replicas done, replicas in all) whenever a chunk is done."""


Executor = Literal["threads", "processes", "dask"]


def chunks_of(missing: Sequence[Chunk], size: int) -> list[Chunk]:
    """Cut ranges of replicas into chunks of at most *size*."""
    return [
        (first, min(size, start + count - first))
        for start, count in missing
        for first in range(start, start + count, size)
    ]


def run(
    ensemble: Ensemble,
    *,
    executor: Executor = "threads",
    workers: int = 1,
    chunk: int | None = None,
    folder: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    address: str | None = None,
) -> Outcome:
    """Run all replicas and return them in order.

    *chunk* is the number of replicas in a piece of work. With a *folder* each finished
    chunk is kept there; with *resume* those found there are not run again, and a
    folder of another ensemble is refused. *address* is of a Dask scheduler. An
    interrupt leaves the finished chunks in the folder.
    """
    if not 1 <= workers <= 1024:
        raise UsageError(f"{workers} workers: 1 to 1024")
    if chunk is not None and chunk < 1:
        raise UsageError(f"chunk of {chunk} replicas: at least 1")
    if address is not None and executor != "dask":
        raise UsageError("an address needs the executor dask")
    if resume and folder is None:
        raise UsageError("resume needs the folder of the run to go on with")
    size = chunk or max(1, min(250, math.ceil(ensemble.replicas / (4 * workers))))
    done: dict[int, Results] = {}
    kept = ChunkFolder.opened(folder, ensemble.identity, resume) if folder else None
    if kept is not None:
        done = kept.load(ensemble.replicas)
    counted = sum(len(part.fall_day) for part in done.values())
    if progress:
        progress(counted, ensemble.replicas)
    work = chunks_of(_gaps(done, ensemble.replicas), size)
    for (first, count), part in _spread(ensemble, work, executor, workers, address):
        done[first] = part
        counted += count
        if kept is not None:
            kept.save(first, part)
        if progress:
            progress(counted, ensemble.replicas)
    results = Results.joined([done[first] for first in sorted(done)])
    return Outcome(
        results,
        digest_of(results),
        ensemble.identity,
        ensemble.chosen_engine,
        executor,
        ensemble.replicas,
        ensemble.seed,
    )


def _gaps(done: dict[int, Results], replicas: int) -> list[Chunk]:
    """The ranges of replicas that are not *done*."""
    gaps, at = [], 0
    for first in sorted(done):
        if first > at:
            gaps.append((at, first - at))
        at = first + len(done[first].fall_day)
    if at < replicas:
        gaps.append((at, replicas - at))
    return gaps


def _spread(
    ensemble: Ensemble,
    work: list[Chunk],
    executor: Executor,
    workers: int,
    address: str | None,
) -> Iterator[tuple[Chunk, Results]]:
    """Run *work* on the executor and yield chunks as they end, in any order."""
    if not work:
        return iter(())
    if executor == "threads":
        return in_threads(ensemble, work, workers)
    if executor == "processes":
        return in_processes(ensemble, work, workers)
    if executor == "dask":
        return in_dask(ensemble, work, workers, address)
    raise UsageError(f"no executor {executor!r}: threads, processes or dask")


def in_threads(
    ensemble: Ensemble, work: list[Chunk], workers: int
) -> Iterator[tuple[Chunk, Results]]:
    """Threads of this process; the compiled engine lets go of the interpreter."""
    if workers == 1:
        for chunk in work:
            yield chunk, ensemble.results(chunk)
        return
    ensemble.compile()
    if ensemble.chosen_engine == "numba":
        ensemble.board  # noqa: B018 - laid out once, for all threads
    pending: dict[Future[Results], Chunk] = {}
    stop = threading.Event()
    with ThreadPoolExecutor(workers) as pool:
        try:
            pending = {
                pool.submit(ensemble.results, chunk, stop): chunk for chunk in work
            }
            while pending:
                ended, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield pending.pop(future), future.result()
        finally:  # also when interrupted: what is under way is given up
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def default_workers() -> int:
    """As many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
