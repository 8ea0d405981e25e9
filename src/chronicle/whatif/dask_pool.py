"""An ensemble on Dask: a local cluster, or the scheduler at an address.

Needs the extra `scale`. Dask itself runs a dead worker's chunks again elsewhere; the
results are the same, as replicas depend on nothing but their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from chronicle.errors import ChronicleError, UsageError
from chronicle.whatif.compiled import Results

if TYPE_CHECKING:
    from chronicle.whatif.ensemble import Chunk, Ensemble

__all__ = ["in_dask"]

_laid_out: dict[str, Ensemble] = {}


def _work(ensemble: Ensemble, chunk: Chunk) -> Results:
    """Run a chunk on a worker, which keeps what it laid out for the next one."""
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
    at the end. Raises `UsageError` without the extra or when nobody answers at the
    address, `ChronicleError` when a chunk kills its workers.
    """
    if find_spec("distributed") is None:
        raise UsageError(
            "the executor dask needs: pip install 'conflict-chronicle[scale]'"
        )
    import distributed  # type: ignore[import-not-found,unused-ignore]

    cluster: Any = None
    try:
        if address is None:
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            )
        client = distributed.Client(address or cluster, timeout="10s")
    except OSError as error:
        if cluster is not None:
            cluster.close()
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from error
    try:
        shared = client.scatter(ensemble, broadcast=True, hash=False)
        futures = {
            client.submit(_work, shared, chunk, pure=False): chunk for chunk in work
        }
        for future in distributed.as_completed(futures):
            try:
                result: Results = future.result()
            except distributed.KilledWorker as error:
                first, count = futures[future]
                raise ChronicleError(
                    f"replicas {first} to {first + count - 1}: their workers died; "
                    "finished chunks are safe. Try smaller chunks"
                ) from error
            yield futures[future], result
            future.release()
    finally:
        client.close()
        if cluster is not None:
            cluster.close()
