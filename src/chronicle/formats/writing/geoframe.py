"""A state as a GeoDataFrame, with the extra `geo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chronicle.domain.state import State
from chronicle.errors import MissingExtra

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["to_geodataframe"]

WGS84 = "EPSG:4326"


def to_geodataframe(state: State) -> gpd.GeoDataFrame:
    """`State.frame` with points in WGS 84; raises `UsageError` without geopandas.

    Points are as coarse as the sensitivity of each place asks; a place that is severe,
    or that nobody has located, has no geometry.
    """
    try:
        import geopandas as gpd
    except ImportError:
        raise MissingExtra("GeoDataFrames need geopandas", "geo") from None
    frame = state.frame()
    points = gpd.GeoSeries.from_xy(frame["lon"], frame["lat"], crs=WGS84)
    located = frame["lat"].notna() & frame["lon"].notna()
    found = gpd.GeoDataFrame(frame, geometry=points.where(located), crs=WGS84)
    found.attrs |= frame.attrs
    return found
