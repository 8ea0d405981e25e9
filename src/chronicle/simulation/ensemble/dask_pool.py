"""An ensemble on Dask: a local cluster, or the scheduler at an address.

Needs the extra `scale`. Dask itself runs a dead worker's chunks again elsewhere; the
results are the same, as replicas depend on nothing but their number.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from chronicle.errors import ChronicleError, MissingExtra, UsageError
from chronicle.simulation.compiled.engine import Results
from chronicle.simulation.ensemble.ensemble import Chunk, Ensemble

__all__ = ["in_dask"]

SCHEMES = ("tcp", "tls", "ws", "wss")
ANSWER_SECONDS = 5.0  # within which something must take the connection
CONNECT_SECONDS = 10  # for Dask to answer, and for the first worker to be there
PATIENCE_SECONDS = 30.0  # without a finished chunk, before workers are looked for
KEPT = "Where --out was given, finished chunks are there, and --resume goes on"

_laid_out: dict[str, Ensemble] = {}


def _work(ensemble: Ensemble, chunk: Chunk, version: str) -> Results:
    """Run a chunk on a worker, which keeps what it laid out for the next one."""
    from chronicle.version import __version__

    if version != __version__:
        raise UsageError(
            f"a Dask worker has Chronicle {__version__}, and this is {version}; "
            "results must come from one version: install it there"
        )
    key = ensemble.identity + ensemble.engine
    if key not in _laid_out:
        _laid_out.clear()
        _laid_out[key] = ensemble
    return _laid_out[key].results(chunk)


def in_dask(
    ensemble: Ensemble, work: list[Chunk], workers: int, address: str | None
) -> Iterator[tuple[Chunk, Results]]:
    """Yield chunks as they end, in any order; the ensemble is sent to workers once.

    Without an *address* a local cluster of *workers* processes is started, and stopped
    at the end. Raises `UsageError` without the extra, when no scheduler answers at the
    address, when it has no workers or when they lack Chronicle; `ChronicleError` when a
    chunk kills its workers, or when the scheduler or all workers are lost on the way.
    """
    if find_spec("distributed") is None:
        raise MissingExtra("the executor dask needs distributed", "scale")
    if address is None:
        ensemble.compile()
    else:
        _probe(address)
    with _quiet(), _client(workers, address) as client:
        yield from _spread(client, ensemble, work, address)


def _probe(address: str) -> None:
    """Refuse an address that is none, or at which nobody listens, at once.

    Dask itself would go on trying for as long as its timeout.
    """
    wanted = "a Dask scheduler is named as 'tcp://HOST:PORT'"
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = parts.hostname, parts.port
    except ValueError as broken:
        raise UsageError(f"no address {address!r}: {broken}; {wanted}") from None
    if parts.scheme not in SCHEMES or not host or not port:
        raise UsageError(f"no address {address!r}: {wanted}")
    try:
        socket.create_connection((host, port), ANSWER_SECONDS).close()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"no Dask scheduler answers at {address}: {why}; 'dask scheduler' starts "
            "one, and prints the address that it has"
        ) from None


@contextmanager
def _client(workers: int, address: str | None) -> Iterator[Any]:
    """A client of the scheduler at the address, or of a local cluster."""
    import distributed  # type: ignore[import-not-found,unused-ignore]

    cluster: Any = None
    if address is None:
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
        )
    try:
        try:
            client = distributed.Client(address or cluster, timeout=CONNECT_SECONDS)
        except Exception as error:  # whatever a stranger's answer is taken for
            raise UsageError(
                f"no Dask scheduler answers at {address}: what listens there is none, "
                f"or has another version ({type(error).__name__}: {str(error)[:200]})"
            ) from None
        try:
            yield client
        finally:
            client.close()
    finally:
        if cluster is not None:
            cluster.close()


def _spread(
    client: Any, ensemble: Ensemble, work: list[Chunk], address: str | None
) -> Iterator[tuple[Chunk, Results]]:
    import distributed

    from chronicle.version import __version__

    shared = _shared(client, ensemble, address)
    futures = {
        client.submit(_work, shared, chunk, __version__, pure=False): chunk
        for chunk in work
    }
    try:
        for future in _ended(client, futures, address):
            chunk = futures.pop(future)
            yield chunk, _result(future, chunk, distributed)
            future.release()
    except (OSError, CancelledError) as lost:
        raise ChronicleError(
            f"the Dask scheduler at {address or 'this machine'} was lost, or the last "
            f"worker that had the scenario ({type(lost).__name__}). {KEPT}"
        ) from lost


def _shared(client: Any, ensemble: Ensemble, address: str | None) -> Any:
    """The ensemble on every worker."""
    from chronicle.version import __version__

    try:
        return client.scatter(ensemble, broadcast=True, hash=False)
    except TimeoutError:
        raise UsageError(
            f"the Dask scheduler at {address} has no workers; 'dask worker {address}' "
            "starts one"
        ) from None
    except Exception as error:  # as a worker says it, whatever it is
        raise UsageError(
            f"the workers of {address} cannot take the scenario "
            f"({str(error)[:200]}): they need conflict-chronicle {__version__} and the "
            "same libraries as here"
        ) from None


def _ended(
    client: Any, futures: dict[Any, Chunk], address: str | None
) -> Iterator[Any]:
    """Those of *futures* that end, until its caller has taken out all.

    Raises `ChronicleError` when there are no workers for long.
    """
    import distributed

    while futures:
        try:
            yield from distributed.as_completed(list(futures), timeout=PATIENCE_SECONDS)
        except TimeoutError:
            if not client.nthreads():
                raise ChronicleError(
                    f"the Dask scheduler at {address} has no workers any more. {KEPT}"
                ) from None


def _result(future: Any, chunk: Chunk, distributed: Any) -> Results:
    first, count = chunk
    told = f"replicas {first} to {first + count - 1}"
    try:
        result: Results = future.result()
    except distributed.KilledWorker as error:
        raise ChronicleError(
            f"{told}: their workers died; try smaller chunks. {KEPT}"
        ) from error
    except ImportError as error:
        raise UsageError(
            f"{told}: a Dask worker lacks what they need ({error}); it needs the same "
            "libraries as here"
        ) from error
    return result


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask logs about workers and connections is told by our errors, if it counts.

    Its loggers print whole tracebacks to the error stream.
    """
    import distributed  # noqa: F401 - it makes its loggers

    names = [name for name in logging.root.manager.loggerDict if _of_dask(name)]
    loggers = [logging.getLogger(name) for name in {"distributed", *names}]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _of_dask(name: str) -> bool:
    return name.partition(".")[0] in ("distributed", "tornado")
