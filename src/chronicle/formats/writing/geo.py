"""Intervals of control as GeoJSON and as KML: points with a beginning and an end."""

from __future__ import annotations

from datetime import date, timedelta
from xml.sax.saxutils import escape, quoteattr

import msgspec

from chronicle.formats.writing.content import Content

__all__ = ["geojson_bytes", "kml_bytes"]

ONE_DAY = timedelta(days=1)


def _last(day: date | None) -> date | None:
    """The last day of a half-open span: other programs include the end."""
    return None if day is None else day - ONE_DAY


def geojson_bytes(content: Content) -> bytes:
    """A feature for each interval (RFC 7946: longitude first, WGS 84).

    `start_date` and `end_date` are OpenHistoricalMap's words, the end included;
    `edtf` is the same as one EDTF interval (ISO 8601-2), open where it goes on. A place
    whose coordinates are unknown or may not be told has a null geometry.
    """
    features = []
    for number, one in enumerate(content.intervals()):
        place = content.places.settlements[one.settlement]
        end = _last(one.valid_to)
        features.append(
            {
                "type": "Feature",
                "id": number,
                "geometry": _point(place.lat, place.lon),
                "properties": {
                    "settlement": one.settlement,
                    "name": place.name,
                    "control": one.control,
                    "status": one.status,
                    "start_date": one.valid_from,
                    "end_date": end,
                    "edtf": f"{one.valid_from}/{end or '..'}",
                    "sources": one.sources,
                    "grade": one.grade,
                    "reports": one.reports,
                },
            }
        )
    collection = {
        "type": "FeatureCollection",
        "title": f"Control, {content.asked}",
        "features": features,
    }
    return msgspec.json.encode(collection)


def _point(lat: float | None, lon: float | None) -> dict[str, object] | None:
    if lat is None or lon is None:
        return None
    return {"type": "Point", "coordinates": [lon, lat]}


def kml_bytes(content: Content) -> bytes:
    """A placemark with a time span for each interval of a place with coordinates.

    Colours are those of the actors; where an actor has none, the viewer's own.
    """
    styles, marks = [], []
    for id_, actor in sorted(content.places.actors.items()):
        if actor.colour:
            red, green, blue = (actor.colour[at : at + 2] for at in (1, 3, 5))
            styles.append(
                f"<Style id={quoteattr(id_)}><IconStyle><color>ff{blue}{green}{red}"
                "</color></IconStyle></Style>"
            )
    coloured = {id_ for id_, one in content.places.actors.items() if one.colour}
    for one in content.intervals():
        place = content.places.settlements[one.settlement]
        if place.lat is None or place.lon is None:
            continue
        end = _last(one.valid_to)
        until = f"<end>{end}</end>" if end else ""
        holder = one.control or one.status
        style = f"<styleUrl>#{escape(holder)}</styleUrl>" if holder in coloured else ""
        says = f"{one.status}, {', '.join(one.sources)} ({one.grade})"
        marks.append(
            f"<Placemark><name>{escape(place.name)}: {escape(holder)}</name>"
            f"<description>{escape(says)}</description>"
            f"<TimeSpan><begin>{one.valid_from}</begin>{until}</TimeSpan>{style}"
            f"<Point><coordinates>{place.lon!r},{place.lat!r}</coordinates></Point>"
            "</Placemark>"
        )
    told = "\n".join((*styles, *marks))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
        f"<name>{escape('Control, ' + content.asked)}</name>\n{told}\n"
        "</Document></kml>\n"
    ).encode()
