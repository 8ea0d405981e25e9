"""The undirected graph of roads, as `scipy.sparse.csgraph` wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["road_graph"]


def road_graph(
    places: int,
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    distance_km: NDArray[np.float64],
) -> csr_array:
    """The roads (M) between rows *a* and *b* of *places* settlements, both ways.

    Of several roads between the same two the shortest stands: a sparse matrix would
    add them up. A road of 0 km stays a road.
    """
    from scipy.sparse import csr_array

    start, end = np.concatenate([a, b]), np.concatenate([b, a])
    km = np.concatenate([distance_km, distance_km])
    order = np.lexsort((km, end, start))
    start, end, km = start[order], end[order], km[order]
    shortest = np.ones(len(km), np.bool_)
    shortest[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    ends = (start[shortest], end[shortest])
    return csr_array((km[shortest], ends), shape=(places, places))
