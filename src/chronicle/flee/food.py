"""`region_attributes_IPC.csv`: who lacks food, by region and day, for FLEE after 3.1.

The Integrated Food Security Phase Classification (IPC) is given by region. A column of
the file is a region, a row a day; a cell is the percentage of people who are critically
deprived of food. Between two rows FLEE reads values off the line, and so do we.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from chronicle.flee.case import FleeLocation, FleePeriod
from chronicle.flee.rows import as_number, open_sheet
from chronicle.formats.problem import Problem

__all__ = ["FOOD", "read_food"]

FOOD = "region_attributes_IPC.csv"


def read_food(
    folder: Path,
    file: str,
    period: FleePeriod,
    locations: Iterable[FleeLocation],
    problems: list[Problem],
) -> dict[str, tuple[float, ...]]:
    """For each region the share of its people who lack food, from 0 to 1, by day.

    Empty where there is no such file. A region without a column has food.
    """
    if not (folder / file).exists():
        return {}
    sheet = open_sheet(folder, file, problems)
    if sheet is None or not sheet.rows:
        return {}
    header, *rows = sheet.rows
    days: list[float] = []
    cells: list[list[float]] = []
    names = [header.cell(index) for index in range(1, len(header.cells))]
    for row in rows:
        day = as_number(row.cell(0))
        if day is None or (days and day <= days[-1]):
            rule = "must be a day after that of the row above; the row is left out"
            sheet.report(row.line, "Day", row.cell(0), rule)
            continue
        shares = []
        for index, name in enumerate(names, 1):
            percent = as_number(row.cell(index))
            if percent is None or not 0 <= percent <= 100:
                rule = "must be a percentage from 0 to 100; 0 is used"
                sheet.report(row.line, name, row.cell(index), rule)
                percent = 0.0
            shares.append(percent / 100)
        days.append(day)
        cells.append(shares)
    if not days:
        sheet.report(0, None, "", "has no row that can be used")
        return {}
    if days[0] > 0 or days[-1] < period.days - 1:
        rule = f"days 0 to {period.days - 1} are asked for (FLEE stops); the ends hold"
        sheet.report(0, "Day", f"{days[0]:g} to {days[-1]:g}", rule)
    for region in sorted({one.region for one in locations} - set(names)):
        rule = "no column is of this region of locations.csv (FLEE stops): it has food"
        sheet.report(header.line, "region", region, rule)
    asked = np.arange(period.days)
    table = np.array(cells)
    return {
        name: tuple(np.interp(asked, days, table[:, index]).tolist())
        for index, name in enumerate(names)
        if name
    }
