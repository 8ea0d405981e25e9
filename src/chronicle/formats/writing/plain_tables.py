"""Figures, incidents, places and sources as tables that other programs take."""

from __future__ import annotations

from chronicle.domain.table import Table
from chronicle.formats.writing.content import Content

__all__ = ["displacement_table", "incident_table", "place_table", "source_table"]


def displacement_table(content: Content) -> Table:
    """The figures of displaced people that count, in the order of their days."""
    columns = (
        *("report", "measure", "category", "valid_on", "since", "until"),
        *("persons", "low", "high", "qualifier", "area", "settlement"),
        *("counter", "source", "published", "includes", "note", "ref"),
    )
    rows = [
        (
            one.report_id,
            *(getattr(one, name) for name in columns[1:]),
        )
        for one in content.figures()
    ]
    return Table(columns, rows, f"Displaced people, {content.asked}")


def incident_table(content: Content) -> Table:
    """The incidents that count, with their place where it may be told."""
    fields = (
        *("kind", "valid_from", "precision", "since", "until", "settlement", "area"),
        *("alleged_actor", "claimed_by", "killed", "killed_low", "killed_high"),
        *("injured", "injured_low", "injured_high", "civilians", "disputed"),
        *("aggregate", "source", "published", "note", "ref"),
    )
    rows = []
    for one in content.incidents():
        place = content.places.settlements.get(one.settlement or "")
        spot = (place.lat, place.lon) if place else (None, None)
        rows.append((one.report_id, *(getattr(one, name) for name in fields), *spot))
    columns = ("report", *fields, "lat", "lon")
    return Table(columns, rows, f"Incidents, {content.asked}")


def place_table(content: Content) -> Table:
    """The settlements, with coordinates as coarse as they may be told."""
    fields = (
        *("name", "aliases", "kind", "lat", "lon", "admin1", "admin1_pcode"),
        *("pcode", "geonames_id", "population", "sensitivity", "basis"),
    )
    rows = [
        (id_, *(getattr(place, name) for name in fields))
        for id_, place in sorted(content.places.settlements.items())
    ]
    return Table(("settlement", *fields), rows, f"Settlements, {content.asked}")


def source_table(content: Content) -> Table:
    """Who says so, and on what terms: licences travel in the notes."""
    fields = ("name", "kind", "affiliation", "reliability", "note")
    rows = [
        (id_, *(getattr(source, name) for name in fields))
        for id_, source in sorted(content.places.sources.items())
    ]
    return Table(("source", *fields), rows, f"Sources, {content.asked}")
