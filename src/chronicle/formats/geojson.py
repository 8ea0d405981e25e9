"""A state as GeoJSON points (RFC 7946): longitude first, WGS 84."""

from __future__ import annotations

import msgspec

from chronicle.domain.table import Table

__all__ = ["state_geojson"]


def state_geojson(table: Table) -> bytes:
    """The rows of `chronicle state` as a FeatureCollection.

    A place whose coordinates may not be told has a null geometry. `start_date` is
    OpenHistoricalMap's word for *since*.
    """
    features = []
    for row in table:
        lat, lon = row.pop("lat"), row.pop("lon")
        point = {"type": "Point", "coordinates": [lon, lat]}
        features.append(
            {
                "type": "Feature",
                "id": row["settlement"],
                "geometry": None if lat is None or lon is None else point,
                "properties": {**row, "start_date": row["since"]},
            }
        )
    collection = {
        "type": "FeatureCollection",
        "title": table.header,
        "features": features,
    }
    return msgspec.json.encode(collection)
