"""An ensemble on worker processes; one that dies costs the chunk it was running.

Workers are spawned, never forked (numba's threads do not survive a fork), and the pool
is `ProcessPoolExecutor`, which notices a dead worker where `multiprocessing.Pool` waits
for ever.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection

from chronicle.errors import ChronicleError
from chronicle.simulation.compiled.engine import Results
from chronicle.simulation.ensemble.ensemble import Chunk, Ensemble

__all__ = ["MOST_DEATHS", "in_processes"]

MOST_DEATHS = 3
"""A chunk that this many workers died of is given up."""

_given: list[Ensemble] = []


def _start(ensemble: Ensemble, lifeline: Connection) -> None:
    """Give a new worker the ensemble, once for all chunks.

    It ends, in the midst of a chunk if need be, when the other end of *lifeline* is
    closed: by a parent that was interrupted, or by the death of one that was killed.
    """
    threading.Thread(target=_until_closed, args=(lifeline,), daemon=True).start()
    _given[:] = [ensemble]


def _until_closed(lifeline: Connection) -> None:
    lifeline.poll(None)
    os._exit(1)


def _work(chunk: Chunk) -> Results:
    return _given[0].results(chunk)


def in_processes(
    ensemble: Ensemble, work: list[Chunk], workers: int
) -> Iterator[tuple[Chunk, Results]]:
    """Yield chunks as they end, in any order; raises when one kills its workers.

    At most one chunk a worker is under way. When the pool breaks, those chunks are
    suspects and run one by one in a new pool, so that only the culprit goes on dying.
    """
    ensemble.compile()
    todo: deque[Chunk] = deque(work)
    suspects: deque[Chunk] = deque()
    deaths: Counter[Chunk] = Counter()
    while todo or suspects:
        queue, window = (suspects, 1) if suspects else (todo, workers)
        for chunk in (yield from _session(ensemble, queue, window)):
            deaths[chunk] += 1
            if deaths[chunk] >= MOST_DEATHS:
                raise ChronicleError(
                    f"replicas {chunk[0]} to {chunk[0] + chunk[1] - 1}: "
                    f"{MOST_DEATHS} workers died of them; finished chunks are safe. "
                    "Is there enough memory? Try fewer workers or smaller chunks"
                )
            suspects.append(chunk)


def _session(
    ensemble: Ensemble, queue: deque[Chunk], window: int
) -> Generator[tuple[Chunk, Results], None, list[Chunk]]:
    """Work *queue* off with one pool; returns what was under way when it broke."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        window, mp_context=context, initializer=_start, initargs=(ensemble, theirs)
    )
    pending: dict[Future[Results], Chunk] = {}
    lost: list[Chunk] = []
    try:
        while (queue or pending) and not lost:
            while queue and len(pending) < window:
                try:
                    pending[pool.submit(_work, queue[0])] = queue[0]
                except BrokenProcessPool:  # a worker died between two chunks
                    break
                queue.popleft()
            if not pending:
                return []
            ended, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in ended:
                chunk = pending.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.append(chunk)
                else:
                    yield chunk, result
        # Once the pool is broken, what was under way has ended one way or the other.
        for future, chunk in pending.items():
            if future.exception() is None:
                yield chunk, future.result()
            else:
                lost.append(chunk)
        return lost
    except BaseException:
        ours.close()  # who still works on a chunk ends now: nobody waits for it
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        ours.close()
        theirs.close()
