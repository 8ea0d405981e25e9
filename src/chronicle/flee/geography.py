"""The map of a FLEE folder: `locations.csv`, `routes.csv` and `closures.csv`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chronicle.flee.case import KINDS, FleeClosure, FleeLink, FleeLocation
from chronicle.flee.rows import FleeFile, FleeRow, as_number, as_whole, open_sheet
from chronicle.formats.problem import Problem

__all__ = ["read_closures", "read_links", "read_locations"]

INITIAL = "initial_idps"
OWN_COLUMN = "title"  # the name in full, which our own writer puts behind
MOST_KM = 25_000  # longer than any road between two places of the earth

LOCATION_COLUMNS = (
    ("name",),
    ("region",),
    ("country",),
    ("latitude", "lat", "gps_x"),
    ("longitude", "lon", "gps_y"),
    ("location_type",),
    ("conflict_date",),
    ("population", "pop/cap", "capacity"),
)
ROUTE_COLUMNS = (("name1",), ("name2",), ("distance",), ("forced_redirection",))
CLOSURE_COLUMNS = (
    ("closure_type",),
    ("name1",),
    ("name2",),
    ("closure_start",),
    ("closure_end",),
)


def _body(sheet: FleeFile, columns: tuple[tuple[str, ...], ...]) -> Iterator[FleeRow]:
    """The rows under the header, which is checked; a later `#` row is a comment.

    FLEE never looks at the header's words, only at the `#` before them.
    """
    if not sheet.rows:
        sheet.report(0, None, "", "is empty: not even a header")
    for number, row in enumerate(sheet.rows):
        if row.cells[0].startswith("#"):
            if number == 0:
                _check_header(sheet, row, columns)
        elif number == 0 and row.cell(0).strip('"') in columns[0]:
            sheet.report(row.line, None, row.cells[0], "header lacks its leading #")
            _check_header(sheet, row, columns)
        else:
            if number == 0:
                sheet.report(row.line, None, row.cells[0], "there is no header")
            if not row.cell(0):
                sheet.report(
                    row.line, columns[0][0], "", "is empty; the row is left out"
                )
                continue
            yield row


def _check_header(
    sheet: FleeFile, row: FleeRow, columns: tuple[tuple[str, ...], ...]
) -> None:
    for index, names in enumerate(columns):
        cell = row.cell(index)
        plain = cell.lstrip("#").strip('" ') if index == 0 else cell
        if plain.lower() not in names:
            sheet.report(row.line, names[0], cell, f"header should say {names[0]}")
    more = [cell.strip() for cell in row.cells[len(columns) :]]
    more = [cell for cell in more if cell not in ("", OWN_COLUMN)]
    if more and columns[: len(LOCATION_COLUMNS)] == LOCATION_COLUMNS:
        rule = "columns that FLEE 3.1 does not read, nor do we (later ones may)"
        sheet.report(row.line, None, ", ".join(more)[:200], rule)


def _name(sheet: FleeFile, row: FleeRow, index: int, column: str) -> str:
    """A cell that names something, without the blanks around it, which are told."""
    cell = row.cells[index] if index < len(row.cells) else ""
    if cell != cell.strip():
        sheet.report(row.line, column, cell, "has blanks around it; read without them")
    return cell.strip()


def read_locations(
    folder: Path, file: str, problems: list[Problem], *, initial_idps: bool = False
) -> tuple[FleeLocation, ...]:
    """The locations; with *initial_idps* the column of that name is read, too."""
    sheet = open_sheet(folder, file, problems)
    if sheet is None:
        return ()
    header = sheet.rows[0].cells if sheet.rows else []
    known = (*LOCATION_COLUMNS, (INITIAL,)) if initial_idps else LOCATION_COLUMNS
    names = [cell.strip() for cell in header]
    column = names.index(INITIAL) if initial_idps and INITIAL in names else None
    found: dict[str, FleeLocation] = {}
    for row in _body(
        sheet, known if column == len(LOCATION_COLUMNS) else LOCATION_COLUMNS
    ):
        location = _location(sheet, row, column)
        if location.name in found:
            first = found[location.name].line
            rule = f"is in line {first} already; this row holds, as the last in FLEE"
            sheet.report(row.line, "name", location.name, rule)
        found[location.name] = location
    return tuple(found.values())


def _location(sheet: FleeFile, row: FleeRow, column: int | None) -> FleeLocation:
    if len(row.cells) < len(LOCATION_COLUMNS):
        rule = f"{len(row.cells)} fields where {len(LOCATION_COLUMNS)} are needed"
        sheet.report(row.line, None, ",".join(row.cells), rule)
    name = _name(sheet, row, 0, "name")
    if " " in name:
        rule = "has blanks in it, which break tools that split on them"
        sheet.report(row.line, "name", name, rule)
    country = _name(sheet, row, 2, "country")
    if not country:
        sheet.report(row.line, "country", "", "is empty; FLEE takes 'unknown'")
    kind = _kind(sheet, row)
    return FleeLocation(
        line=row.line,
        name=name,
        region=_name(sheet, row, 1, "region"),
        country=country or "unknown",
        latitude=_degrees(sheet, row, 3, "latitude", 90.0),
        longitude=_degrees(sheet, row, 4, "longitude", 180.0),
        kind=kind,
        conflict_day=_conflict_day(sheet, row) if kind == "conflict_zone" else 0,
        population=_population(sheet, row, kind),
        initial_idps=_initial(sheet, row, column),
    )


def _kind(sheet: FleeFile, row: FleeRow) -> str:
    cell = row.cell(5)
    word = cell.lower()
    if "camp" in word:
        return "idpcamp" if "idp" in word else "camp"
    for part, kind in KINDS.items():
        if part in word:
            return kind
    rule = "is no type that FLEE knows; everybody leaves it every day"
    sheet.report(row.line, "location_type", cell, rule)
    return ""


def _degrees(
    sheet: FleeFile, row: FleeRow, index: int, column: str, limit: float
) -> float | None:
    cell = row.cell(index)
    degrees = as_number(cell)
    if degrees is None or abs(degrees) > limit:
        rule = f"must be degrees from {-limit:g} to {limit:g}; left open"
        sheet.report(row.line, column, cell, rule)
        return None
    return degrees


def _conflict_day(sheet: FleeFile, row: FleeRow) -> int:
    day = as_whole(row.cell(6))
    if day is None:
        rule = "must be a day number for a conflict zone (FLEE stops here); 0 is used"
        sheet.report(row.line, "conflict_date", row.cell(6), rule)
    return day or 0


def _population(sheet: FleeFile, row: FleeRow, kind: str) -> int:
    cell = row.cell(7)
    persons = as_whole(cell)
    if persons is not None and persons >= 0:
        return persons
    camp = kind in ("camp", "idpcamp")
    meaning = "a camp without limit" if camp else "nobody lives there"
    if not cell:
        rule = f"is empty; FLEE takes 0: {meaning}"
    else:
        rule = f"must be a whole number, 0 or more (FLEE stops here); 0: {meaning}"
    sheet.report(row.line, "population", cell, rule)
    return 0


def _initial(sheet: FleeFile, row: FleeRow, column: int | None) -> int:
    cell = row.cell(column) if column is not None else "0"
    persons = as_whole(cell or "0")
    if persons is None or persons < 0:
        rule = "must be a whole number, 0 or more (FLEE stops here); 0 is used"
        sheet.report(row.line, INITIAL, cell, rule)
        return 0
    return persons


def read_links(
    folder: Path,
    file: str,
    locations: tuple[FleeLocation, ...],
    problems: list[Problem],
) -> tuple[FleeLink, ...]:
    sheet = open_sheet(folder, file, problems)
    if sheet is None:
        return ()
    known = {location.name for location in locations}
    seen: dict[frozenset[str], int] = {}
    links = []
    for row in _body(sheet, ROUTE_COLUMNS):
        link = _link(sheet, row, known)
        if link is None:
            continue
        first = seen.setdefault(frozenset((link.first, link.second)), row.line)
        if first != row.line:
            rule = f"is the route of line {first} again; FLEE counts it twice"
            sheet.report(row.line, None, f"{link.first},{link.second}", rule)
        links.append(link)
    return tuple(links)


def _link(sheet: FleeFile, row: FleeRow, known: set[str]) -> FleeLink | None:
    first, second = _name(sheet, row, 0, "name1"), _name(sheet, row, 1, "name2")
    usable = True
    for column, name in (("name1", first), ("name2", second)):
        if name not in known:
            rule = "is no location (FLEE stops here); the route is left out"
            sheet.report(row.line, column, name, rule)
            usable = False
    if first == second:
        sheet.report(row.line, "name2", second, "leads nowhere; the route is left out")
        return None
    distance_km = as_number(row.cell(2))
    if distance_km is None or not 0 < distance_km <= MOST_KM:
        rule = f"must be km above 0, at most {MOST_KM:,}; the route is left out"
        sheet.report(row.line, "distance", row.cell(2), rule)
        return None
    if len(row.cells) > len(ROUTE_COLUMNS):
        rule = "attributes of links are not modelled"
        sheet.report(row.line, None, ",".join(row.cells[4:]), rule)
    forced = _forced(sheet, row)
    if not usable:
        return None
    return FleeLink(
        line=row.line,
        first=first,
        second=second,
        distance_km=distance_km,
        forced_redirection=forced,
    )


def _forced(sheet: FleeFile, row: FleeRow) -> int:
    cell = row.cell(3)
    forced = as_whole(cell or "0")
    if forced not in (0, 1, 2):
        sheet.report(
            row.line, "forced_redirection", cell, "must be 0, 1 or 2; 0 is used"
        )
        return 0
    if forced:
        also = ", but links the two places twice" if forced == 1 else ""
        rule = f"FLEE 3.1 redirects nobody by it{also}; so do we"
        sheet.report(row.line, "forced_redirection", cell, rule)
    return forced


def read_closures(
    folder: Path,
    file: str,
    locations: tuple[FleeLocation, ...],
    problems: list[Problem],
) -> tuple[FleeClosure, ...]:
    sheet = open_sheet(folder, file, problems)
    if sheet is None:
        return ()
    names = {location.name for location in locations}
    countries = {location.country for location in locations}
    found = (
        _closure(sheet, row, names, countries) for row in _body(sheet, CLOSURE_COLUMNS)
    )
    return tuple(closure for closure in found if closure is not None)


def _closure(
    sheet: FleeFile, row: FleeRow, names: set[str], countries: set[str]
) -> FleeClosure | None:
    kind, first, second = (
        _name(sheet, row, index, CLOSURE_COLUMNS[index][0]) for index in range(3)
    )
    wanted: dict[str, tuple[set[str] | None, set[str] | None]] = {
        "country": (countries, countries),
        "location": (names, None),
        "camp": (names, None),
        "idpcamp": (names, None),
        "link": (names, names),
        "remove_forced_redirection": (names, names),
    }
    if kind not in wanted:
        near = ", ".join(wanted)
        sheet.report(row.line, "closure_type", kind, f"is not one of {near}; left out")
        return None
    usable = True
    for column, name, allowed in zip(
        ("name1", "name2"), (first, second), wanted[kind], strict=True
    ):
        if allowed is not None and name not in allowed:
            what = "country" if kind == "country" else "location"
            sheet.report(
                row.line, column, name, f"is no {what}; the closure is left out"
            )
            usable = False
    start, end = as_whole(row.cell(3)), as_whole(row.cell(4))
    for column, index, day in (("closure_start", 3, start), ("closure_end", 4, end)):
        if day is None:
            rule = "must be a day number (FLEE stops here); the closure is left out"
            sheet.report(row.line, column, row.cell(index), rule)
    if start is None or end is None or not usable:
        return None
    if kind in ("link", "remove_forced_redirection"):
        sheet.report(row.line, "closure_type", kind, "FLEE 3.1 closes nothing by it")
    if start < 0:
        sheet.report(
            row.line, "closure_start", str(start), "is before day 0: never shut"
        )
    if end < start and end != 0:
        sheet.report(
            row.line, "closure_end", str(end), "is before the start: never open"
        )
    if end == start:
        rule = "is the day of the start: shut and open at once"
        sheet.report(row.line, "closure_end", str(end), rule)
    return FleeClosure(
        line=row.line,
        kind=kind,
        first=first,
        second=second,
        start_day=start,
        end_day=end,
    )
