"""What the files of a FLEE folder say against each other."""

from __future__ import annotations

import math
from collections.abc import Iterable

from chronicle.flee.case import FleeCase, FleeCounts, FleeLocation
from chronicle.flee.rows import FleeFile
from chronicle.flee.series import QUIET
from chronicle.formats.problem import Problem

__all__ = ["check_case", "pieces"]

EARTH_RADIUS_KM = 6371.0
SLACK = 0.95  # of the straight line: coordinates of towns are not exact
WINDING = 4.0  # times the straight line: no road is as long


def check_case(case: FleeCase, inner: str, problems: list[Problem]) -> None:
    """Report what no file shows alone; *inner* is the folder of the input files."""
    places = FleeFile(f"{inner}locations.csv", problems)
    _check_columns(case, FleeFile(f"{inner}conflicts.csv", problems), places)
    _check_conflict_zones(case, places)
    _check_graph(case, FleeFile(f"{inner}routes.csv", problems))
    _check_distances(case, FleeFile(f"{inner}routes.csv", problems))
    _check_capacities(case, places)
    _check_total(case, FleeFile("source_data/data_layout.csv", problems))
    _check_corrections(case, FleeFile(f"{inner}registration_corrections.csv", problems))


def _check_columns(case: FleeCase, sheet: FleeFile, places: FleeFile) -> None:
    if not case.conflicts:
        return
    known = {location.name for location in case.locations}
    for name in case.conflicts:
        if name not in known:
            sheet.report(1, name, name, "is a column of no location; it is left out")
    for location in case.locations:
        if location.name not in case.conflicts:
            rule = "has no column in conflicts.csv: no conflict begins or ends here"
            places.report(location.line, "name", location.name, rule)


def _check_conflict_zones(case: FleeCase, sheet: FleeFile) -> None:
    for place in case.locations:
        column = case.conflicts.get(place.name, ())
        begins = next((d for d, value in enumerate(column) if value >= QUIET), None)
        if place.kind == "conflict_zone" and column and begins != place.conflict_day:
            told = "never begins" if begins is None else f"begins on day {begins}"
            rule = f"is not what conflicts.csv says: the conflict {told}"
            sheet.report(place.line, "conflict_date", str(place.conflict_day), rule)
        if place.kind != "conflict_zone" and begins is not None:
            rule = f"conflicts.csv has a conflict here from day {begins}"
            sheet.report(place.line, "location_type", place.kind, rule)
        fights = begins is not None or place.kind == "conflict_zone"
        if fights and not place.population and not place.is_camp:
            rule = "is a conflict zone where nobody lives, so nobody flees from it"
            sheet.report(place.line, "population", str(place.population), rule)


def pieces(names: Iterable[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The connected pieces of a graph, the largest first, then in order of names."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for first, second in links:
        parent[root(first)] = root(second)
    groups: dict[str, list[str]] = {}
    for name in parent:
        groups.setdefault(root(name), []).append(name)
    return sorted(groups.values(), key=len, reverse=True)


def _check_graph(case: FleeCase, sheet: FleeFile) -> None:
    groups = pieces(
        (place.name for place in case.locations),
        ((link.first, link.second) for link in case.links),
    )
    if len(groups) > 1:
        told = "; ".join(", ".join(group) for group in groups[1:])
        rule = f"pieces of the graph have no route between them; apart are: {told}"
        sheet.report(0, None, str(len(groups)), rule)


def _straight_km(one: FleeLocation, other: FleeLocation) -> float | None:
    """The great circle between two places (haversine formula), if both have one."""
    if one.latitude is None or one.longitude is None:
        return None
    if other.latitude is None or other.longitude is None:
        return None
    low, high = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = (
        math.sin((high - low) / 2) ** 2
        + math.cos(low) * math.cos(high) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def _check_distances(case: FleeCase, sheet: FleeFile) -> None:
    places = {place.name: place for place in case.locations}
    for link in case.links:
        straight = _straight_km(places[link.first], places[link.second])
        if straight is None:
            continue
        if link.distance_km < SLACK * straight:
            rule = f"is shorter than the straight line of {straight:.0f} km"
            sheet.report(link.line, "distance", f"{link.distance_km:g}", rule)
        elif link.distance_km > WINDING * max(straight, 1.0):
            rule = f"is far above the straight line of {straight:.0f} km"
            sheet.report(link.line, "distance", f"{link.distance_km:g}", rule)


def _check_capacities(case: FleeCase, sheet: FleeFile) -> None:
    places = {place.name: place for place in case.locations}
    for counts in case.counts:
        place = places[counts.name]
        most = max(counts.on(day) for day in range(case.period.days))
        if 0 < place.population < most:
            rule = f"is a capacity below the {most} people counted there"
            sheet.report(place.line, "population", str(place.population), rule)


def _check_total(case: FleeCase, sheet: FleeFile) -> None:
    if case.total is None:
        return

    def lacking(day: int) -> int:
        assert case.total is not None
        return sum(camp.on(day) for camp in case.counts) - case.total.on(day)

    over = [day for day in range(case.period.days) if lacking(day) > 0]
    if over:
        worst = max(over, key=lacking)
        rule = (
            f"is below the sum of the camps on {len(over)} days, "
            f"by {lacking(worst)} people on {case.period.date_of(worst)}"
        )
        sheet.report(0, "total", str(case.total.on(worst)), rule)


def _check_corrections(case: FleeCase, sheet: FleeFile) -> None:
    camps: dict[str, FleeCounts] = {camp.name: camp for camp in case.camps}
    for correction in case.corrections:
        counts = camps.get(correction.camp)
        if counts is None:
            rule = "is no camp with counts (FLEE stops here); left out"
            sheet.report(correction.line, "camp", correction.camp, rule)
        elif counts.corrected(case.period.day_of(correction.on)) is None:
            rule = "has no count on this day and one before (FLEE stops here); left out"
            sheet.report(correction.line, "date", str(correction.on), rule)
