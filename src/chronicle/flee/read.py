"""A FLEE folder, read as it stands.

    case, problems = read_flee("scenarios/flee/mali2012")

What FLEE 3.1 tolerates is tolerated and read as FLEE reads it; what stops FLEE is left
out or mended. Either way it is a `Problem`. Only a folder without locations or without
a period is refused. The writer is `chronicle.flee.write`.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from chronicle.errors import InputError, UsageError
from chronicle.flee.case import (
    FleeCase,
    FleeClosure,
    FleeCorrection,
    FleeCounts,
    FleeLink,
    FleeLocation,
    FleePeriod,
)
from chronicle.flee.check import check_case
from chronicle.flee.food import FOOD, read_food
from chronicle.flee.geography import (
    read_closures,
    read_links,
    read_locations,
)
from chronicle.flee.rows import FleeFile, as_day, as_whole, open_sheet
from chronicle.flee.series import read_conflicts, read_source_data
from chronicle.flee.settings import (
    FLEE_3_1,
    FLEE_LATER,
    RULES,
    FleeSettings,
    read_settings,
)
from chronicle.flee.write import write_flee
from chronicle.formats.problem import Problem

__all__ = [
    "FleeCase",
    "FleeClosure",
    "FleeCorrection",
    "FleeCounts",
    "FleeLink",
    "FleeLocation",
    "FleePeriod",
    "FleeSettings",
    "read_flee",
    "write_flee",
]


NOT_READ = ("location_changes.csv", "major_routes.csv", "agents.csv")
MAX_DAYS = 7_305  # twenty years
LAST_START = date.max - timedelta(days=MAX_DAYS)


def read_flee(
    folder: Path | str, *, rules: str = FLEE_3_1
) -> tuple[FleeCase, list[Problem]]:
    """The case in *folder* and everything that is wrong with its files.

    A folder has `input_csv`, `source_data` and `simsetting.yml`; one that holds the CSV
    files of `input_csv` itself will do. *rules* are those of FLEE "3.1" or of
    "2026-05", the code of that month, whose defaults and files are other.

    Raises `InputError` when there is no location or no period to read, as in a folder
    that is none, and `UsageError` for other rules.
    """
    if rules not in RULES:
        raise UsageError(f"rules: {rules!r} is none of {', '.join(RULES)}")
    folder = Path(folder)
    problems: list[Problem] = []
    inner = "input_csv/" if (folder / "input_csv").is_dir() else ""
    locations = read_locations(
        folder,
        f"{inner}locations.csv",
        problems,
        initial_idps=rules == FLEE_LATER,
    )
    file = _period_file(folder, inner)
    period = _read_period(folder, file, problems)
    if not locations or period is None:
        lacking = file if locations else f"{inner}locations.csv"
        told = [str(one) for one in problems if one.file == lacking][:3]
        reasons = "; ".join(told) or f"{lacking}: no row could be used"
        raise InputError(f"{folder} is no FLEE folder: {reasons}")
    _refuse_floods(folder, inner)
    total, camps = read_source_data(folder, period, locations, problems)
    case = FleeCase(
        name=folder.resolve().name,
        period=period,
        locations=locations,
        links=read_links(folder, f"{inner}routes.csv", locations, problems),
        closures=read_closures(folder, f"{inner}closures.csv", locations, problems),
        conflicts=_conflicts(folder, inner, period, locations, problems),
        total=total,
        camps=camps,
        corrections=_read_corrections(
            folder, f"{inner}registration_corrections.csv", problems
        ),
        settings=read_settings(folder, problems, rules),
        food=read_food(folder, f"{inner}{FOOD}", period, locations, problems)
        if rules == FLEE_LATER
        else {},
    )
    _tell_unread(folder, inner, rules, problems)
    check_case(case, inner, problems)
    return case, problems


def _tell_unread(folder: Path, inner: str, rules: str, problems: list[Problem]) -> None:
    """Tell of files that FLEE after 3.1 would read and this run does not."""
    for name in (FOOD, *NOT_READ):
        file = f"{inner}{name}"
        if not (folder / file).exists() or (name == FOOD and rules == FLEE_LATER):
            continue
        rule = "is not modelled and was not read"
        if name == FOOD:
            rule = f"FLEE 3.1 does not read it, nor do we (rules {FLEE_LATER} do)"
        FleeFile(file, problems).report(0, None, "", rule)


def _period_file(folder: Path, inner: str) -> str:
    """The file of the period: FLEE 3.1 calls it by an older name than those after."""
    for name in (f"{inner}sim_period.csv", f"{inner}conflict_period.csv"):
        if (folder / name).is_file():
            return name
    return f"{inner}sim_period.csv"


def _refuse_floods(folder: Path, inner: str) -> None:
    """Raise `InputError` for a folder of DFlee, whose floods drive people out."""
    if (folder / f"{inner}flood_level.csv").exists():
        raise InputError(
            f"{folder} is a case of floods ({inner}flood_level.csv, DFlee): floods are "
            "not modelled here, and no score would mean anything; nothing was run"
        )


def _conflicts(
    folder: Path,
    inner: str,
    period: FleePeriod,
    locations: tuple[FleeLocation, ...],
    problems: list[Problem],
) -> dict[str, tuple[float, ...]]:
    """The conflicts by day; without their file those of `conflict_date`, as in FLEE 2.

    FLEE 3.1 stops without the file.
    """
    file = f"{inner}conflicts.csv"
    if (folder / file).exists():
        return read_conflicts(folder, file, period, problems)
    zones = [one for one in locations if one.kind == "conflict_zone"]
    rule = "is missing"
    if zones:
        rule += (
            f" (FLEE 3.1 stops): the {len(zones)} conflict zones begin on their "
            "conflict_date and do not end"
        )
    problems.append(Problem(file=file, line=0, column=None, value="", rule=rule))
    return {
        zone.name: tuple(float(day >= zone.conflict_day) for day in range(period.days))
        for zone in zones
    }


def _read_period(folder: Path, file: str, problems: list[Problem]) -> FleePeriod | None:
    sheet = open_sheet(folder, file, problems)
    start, days = None, None
    for row in sheet.rows if sheet else ():
        assert sheet is not None
        word, value = row.cell(0).lstrip("#").lower(), row.cell(1)
        if word == "startdate":
            start = as_day(value)
            if start is None:
                sheet.report(row.line, "StartDate", value, "is no day of the calendar")
            elif start > LAST_START:  # whatever the length, each day has a date
                sheet.report(row.line, "StartDate", value, f"is after {LAST_START}")
                start = None
        elif word == "length":
            days = as_whole(value)
            if days is None or not 1 <= days <= MAX_DAYS:
                rule = f"must be a number of days from 1 to {MAX_DAYS}"
                sheet.report(row.line, "Length", value, rule)
                days = None
        else:
            sheet.report(row.line, None, row.cell(0), "is neither StartDate nor Length")
    if start is None or days is None:
        return None
    return FleePeriod(start=start, days=days)


def _read_corrections(
    folder: Path, file: str, problems: list[Problem]
) -> tuple[FleeCorrection, ...]:
    sheet = open_sheet(folder, file, problems)
    if sheet is None:
        return ()
    if not sheet.rows:
        sheet.report(0, None, "", "is empty: no registration is corrected")
    corrections = []
    for row in sheet.rows:
        if row.cells[0].startswith("#") and len(row.cells) == 1:
            continue
        day = as_day(row.cell(1))
        if day is None:
            rule = "is no day of the calendar; the correction is left out"
            sheet.report(row.line, "date", row.cell(1), rule)
        else:
            camp = row.cell(0)
            corrections.append(FleeCorrection(line=row.line, camp=camp, on=day))
    return tuple(corrections)
