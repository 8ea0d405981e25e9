"""The numbers by day of a FLEE folder: conflict zones, and the counts of camps."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from chronicle.errors import BudgetExceeded
from chronicle.flee.case import FleeCounts, FleeLocation, FleePeriod
from chronicle.flee.rows import (
    FleeFile,
    FleeRow,
    as_day,
    as_number,
    as_whole,
    open_sheet,
)
from chronicle.formats.problem import Problem

__all__ = ["QUIET", "read_conflicts", "read_source_data"]

QUIET = 1e-6  # an intensity below this is none, as in FLEE
MAX_CELLS = 20_000_000  # of the conflicts by day
STALE_DAYS = 30  # a last count that stands for longer is told
TOTAL = "total"  # the name of everybody who fled, in the layout


def read_conflicts(
    folder: Path, file: str, period: FleePeriod, problems: list[Problem]
) -> dict[str, tuple[float, ...]]:
    """For each column its intensity on each day of the period.

    FLEE counts rows and does not look at the day that they name; so do we. Where rows
    are missing at the end, the last one holds.
    """
    sheet = open_sheet(folder, file, problems)
    if sheet is None:
        return {}
    if not sheet.rows:
        sheet.report(0, None, "", "is empty: no conflict begins or ends")
        return {}
    header, *rows = sheet.rows
    if len(header.cells) * period.days > MAX_CELLS:
        raise BudgetExceeded(
            f"{file}: {len(header.cells):,} columns for {period.days:,} days are above "
            f"{MAX_CELLS:,} cells"
        )
    columns = _conflict_columns(sheet, header)
    _check_shape(sheet, header, rows)
    _check_days(sheet, rows, period)
    series: dict[str, list[float]] = {name: [] for name in columns}
    for row in rows[: period.days]:
        for name, index in columns.items():
            series[name].append(_intensity(sheet, row, index, name))
    _check_returns(sheet, rows, series)
    for column in series.values():
        column.extend([column[-1] if column else 0.0] * (period.days - len(column)))
    return {name: tuple(column) for name, column in series.items()}


def _conflict_columns(sheet: FleeFile, header: FleeRow) -> dict[str, int]:
    """The places that the header names, each with its column."""
    if header.cell(0).lstrip("#").lower() not in ("day", "days"):
        sheet.report(
            header.line, "Day", header.cells[0], "header should begin with #Day"
        )
    columns: dict[str, int] = {}
    for index in range(1, len(header.cells)):
        name = header.cell(index)
        if name in columns:
            sheet.report(header.line, name, name, "is a second column of this name")
        elif name:
            columns[name] = index
        elif index + 1 < len(header.cells):
            rule = f"column {index + 1} has no name; it is left out"
            sheet.report(header.line, None, "", rule)
    return columns


def _check_shape(sheet: FleeFile, header: FleeRow, rows: list[FleeRow]) -> None:
    """Tell of ragged rows and of blanks after commas: once each, with how many."""
    width = len(header.cells)
    if not header.cell(width - 1):
        sheet.report(header.line, None, ",", "header ends in a comma")
    ragged = [row for row in rows if len(row.cells) != width]
    if ragged:
        row, others = ragged[0], len(ragged) - 1
        rule = f"fields here and in {others} more rows, where the header has {width}"
        sheet.report(row.line, None, str(len(row.cells)), rule)
    padded = [
        row
        for row in (header, *rows)
        if any(cell != cell.strip() for cell in row.cells)
    ]
    if padded:
        cell = next(cell for cell in padded[0].cells if cell != cell.strip())
        rule = f"blanks around values here and in {len(padded) - 1} more rows"
        sheet.report(padded[0].line, None, cell, rule)


def _check_days(sheet: FleeFile, rows: list[FleeRow], period: FleePeriod) -> None:
    for number, row in enumerate(rows):
        if as_whole(row.cell(0)) != number:
            rule = f"should be {number}: FLEE counts rows, and so do we"
            sheet.report(row.line, "Day", row.cell(0), rule)
            break
    if len(rows) < period.days:
        line = rows[-1].line if rows else 1
        rule = f"rows for {period.days} days (FLEE stops); the last one holds"
        sheet.report(line, None, str(len(rows)), rule)


def _intensity(sheet: FleeFile, row: FleeRow, index: int, column: str) -> float:
    cell = row.cell(index)
    intensity = as_number(cell)
    if intensity is None or intensity < 0:
        rule = "must be an intensity, 0 or more (FLEE stops here); 0 is used"
        sheet.report(row.line, column, cell, rule)
        return 0.0
    return intensity


def _check_returns(
    sheet: FleeFile, rows: list[FleeRow], series: dict[str, list[float]]
) -> None:
    """Tell of conflicts that end: FLEE makes a town of the place, whatever it was."""
    for name, column in series.items():
        ends = [
            day
            for day in range(1, len(column))
            if column[day] < QUIET <= column[day - 1]
        ]
        if ends:
            line, cell = rows[ends[0]].line, f"{column[ends[0]]:g}"
            told = "conflict ends here"
            rule = told + f", the first of {len(ends)} times" * (len(ends) > 1)
            sheet.report(line, name, cell, rule)
        for day in ends:
            if column[day - 1] != 1:
                rule = f"FLEE ends no conflict of intensity {column[day - 1]:g}"
                sheet.report(rows[day].line, name, f"{column[day]:g}", rule)
                break


def read_source_data(
    folder: Path,
    period: FleePeriod,
    locations: Iterable[FleeLocation],
    problems: list[Problem],
) -> tuple[FleeCounts | None, tuple[FleeCounts, ...]]:
    """Everybody counted, and the counts of each camp in the order of the locations."""
    inner = "source_data/" if (folder / "source_data").is_dir() else ""
    layout = open_sheet(folder, f"{inner}data_layout.csv", problems)
    if layout is None:
        return None, ()
    kinds = {location.name: location for location in locations}
    counts: dict[str, FleeCounts] = {}
    named = {Path(layout.file).name}
    for row in layout.rows:
        name = row.cell(0)
        if name.startswith("#"):
            continue
        files = [cell.strip() for cell in row.cells[1:] if cell.strip()]
        named.update(files)
        if name in counts:
            rule = "is in the layout already; the first row holds"
            layout.report(row.line, "camp", name, rule)
            continue
        if name != TOTAL:
            _check_place(layout, row, kinds.get(name))
        found = _read_files(folder, inner, layout, row, files, period)
        if found is not None:
            counts[name] = found
    if inner:
        _check_unnamed(folder / inner, inner, named, problems)
    _check_missing(layout, counts, kinds.values())
    camps = (counts.get(place.name) for place in kinds.values() if place.is_camp)
    return counts.get(TOTAL), tuple(camp for camp in camps if camp is not None)


def _check_place(layout: FleeFile, row: FleeRow, place: FleeLocation | None) -> None:
    if place is None:
        layout.report(row.line, "camp", row.cell(0), "is no location")
    elif not place.is_camp:
        rule = f"is a {place.kind or 'place'}; only camps are scored"
        layout.report(row.line, "camp", row.cell(0), rule)


def _check_missing(
    layout: FleeFile, counts: dict[str, FleeCounts], places: Iterable[FleeLocation]
) -> None:
    if TOTAL not in counts:
        rule = "has no usable row 'total' (FLEE stops): nobody flees by the counts"
        layout.report(0, None, "", rule)
    for place in places:
        if place.is_camp and place.name not in counts:
            rule = "has no usable row for this camp (FLEE stops); it is not scored"
            layout.report(0, "camp", place.name, rule)


def _check_unnamed(
    directory: Path, inner: str, named: set[str], problems: list[Problem]
) -> None:
    for path in sorted(directory.glob("*.csv")):
        if path.name not in named:
            rule = "no row of data_layout.csv names this file; it was not read"
            FleeFile(inner + path.name, problems).report(0, None, "", rule)


def _read_files(
    folder: Path,
    inner: str,
    layout: FleeFile,
    row: FleeRow,
    files: list[str],
    period: FleePeriod,
) -> FleeCounts | None:
    """The counts of one row of the layout; those of several files are added."""
    if not files:
        layout.report(row.line, "file", "", "names no file")
    parts = []
    for file in files:
        if Path(file).name != file or file in ("..", "."):
            layout.report(row.line, "file", file, "must be a file beside the layout")
            continue
        part = _read_counts(folder, inner + file, row.cell(0), period, layout.problems)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else _added(parts)


def _added(parts: list[FleeCounts]) -> FleeCounts:
    """The sum of stocks on every day on which one of them was counted.

    FLEE adds the last count of one file to the counts of the other; we add what each
    has on the day, read off its line.
    """
    days = sorted({day for part in parts for day in part.days})
    return FleeCounts(
        name=parts[0].name,
        files=tuple(file for part in parts for file in part.files),
        days=tuple(days),
        persons=tuple(float(sum(part.on(day) for part in parts)) for day in days),
    )


def _read_counts(
    folder: Path, file: str, name: str, period: FleePeriod, problems: list[Problem]
) -> FleeCounts | None:
    sheet = open_sheet(folder, file, problems)
    if sheet is None:
        return None
    counted: list[tuple[int, int, int]] = []  # day, line, persons
    for number, row in enumerate(sheet.rows):
        if row.cells[0].startswith("#"):
            continue
        if number == 0 and row.cell(0) in ("", "Date", "DateTime"):
            continue
        day, persons = as_day(row.cell(0)), as_whole(row.cell(1))
        if day is None:
            sheet.report(row.line, "Date", row.cell(0), "is no day of the calendar")
        if persons is None or persons < 0:
            rule = "must be a whole number of people; the row is left out"
            sheet.report(row.line, name, row.cell(1), rule)
        if day is None or persons is None or persons < 0:
            continue
        if row.cell(0) != day.isoformat():
            sheet.report(row.line, "Date", row.cell(0), f"should be {day}")
        counted.append((period.day_of(day), row.line, persons))
    if not counted:
        sheet.report(0, None, "", "has no count that can be used")
        return None
    _check_order(sheet, counted, period)
    counted.sort(key=lambda one: one[0])
    _check_cover(sheet, name, counted, period)
    return FleeCounts(
        name=name,
        files=(file,),
        days=tuple(day for day, _, _ in counted),
        persons=tuple(float(persons) for _, _, persons in counted),
    )


def _check_order(
    sheet: FleeFile, counted: list[tuple[int, int, int]], period: FleePeriod
) -> None:
    for (day, _, _), (later, line, _) in pairwise(counted):
        if later == day:
            rule = "is a second count of this day"
            sheet.report(line, "Date", str(period.date_of(later)), rule)
        elif later < day:
            rule = f"is before {period.date_of(day)} in the row above; read in order"
            sheet.report(line, "Date", str(period.date_of(later)), rule)


def _check_cover(
    sheet: FleeFile, name: str, counted: list[tuple[int, int, int]], period: FleePeriod
) -> None:
    """Tell where the first count is carried back, or the last one forward."""
    first, line, persons = counted[0]
    if first > 0 and persons > 0:
        rule = (
            f"counted {first} days after the start; FLEE carries it back to the start"
        )
        sheet.report(line, name, str(persons), rule)
    last, line, persons = counted[-1]
    if last < period.days - 1:
        rule = (
            f"is the last count; FLEE carries it on for {period.days - 1 - last} days"
        )
        sheet.report(line, name, str(persons), rule)
