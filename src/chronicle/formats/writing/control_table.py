"""Control as tables: long with both intervals, and a panel of days."""

from __future__ import annotations

from datetime import date, timedelta

from chronicle.domain.table import Table
from chronicle.errors import BudgetExceeded, UsageError
from chronicle.formats.writing.content import Content

__all__ = ["LONG", "MOST_ROWS", "long_table", "panel_table"]

MOST_ROWS = 5_000_000  # of a panel
LONG = (
    "settlement",
    "name",
    "geonames_id",
    "pcode",
    "lat",
    "lon",
    "valid_from",
    "valid_to",
    "control",
    "status",
    "source_count",
    "best_grade",
    "reports",
    "known_from",
    "known_to",
)


def long_table(content: Content, *, superseded: bool = True) -> Table:
    """A row for each interval of the world and of knowledge; both half-open.

    Where `known_to` is empty the record still says so. Without *superseded* only those
    rows are there.
    """
    rows = []
    for one in content.knowledge():
        if one.known_to is not None and not superseded:
            continue
        interval = one.interval
        place = content.places.settlements[interval.settlement]
        rows.append(
            (
                interval.settlement,
                place.name,
                place.geonames_id,
                place.pcode,
                place.lat,
                place.lon,
                interval.valid_from,
                interval.valid_to,
                interval.control,
                interval.status,
                len(interval.sources),
                interval.grade,
                interval.reports,
                one.known_from,
                one.known_to,
            )
        )
    return Table(LONG, rows, f"Control, {content.asked}")


def panel_table(
    content: Content, start: date | None = None, end: date | None = None
) -> Table:
    """`geonameid,date,status` for each place and day, as VIINA has it.

    Status is the actor's id, `CONTESTED`, or empty where nobody is said to hold the
    place; *end* is included. Without days: from the first to the last report. A place
    without a GeoNames id has its own id in `settlement` alone.
    """
    found = content.days()
    if found is None:
        raise UsageError("the record has no report of control to make a panel of")
    start, end = start or found[0], end or found[1]
    if end < start:
        raise UsageError(f"--to {end} is before --from {start}")
    by_settlement: dict[str, list[tuple[date, date | None, str]]] = {}
    for one in content.intervals():
        word = one.control or ("CONTESTED" if one.status == "contested" else "")
        spans = by_settlement.setdefault(one.settlement, [])
        spans.append((one.valid_from, one.valid_to, word))
    days = (end - start).days + 1
    if days * len(by_settlement) > MOST_ROWS:
        raise BudgetExceeded(
            f"{days:,} days of {len(by_settlement):,} places are more than "
            f"{MOST_ROWS:,} rows; choose fewer days with --from and --to"
        )
    rows = []
    for id_, spans in sorted(by_settlement.items()):
        geonames = content.places.settlements[id_].geonames_id
        rank = 0
        for number in range(days):
            day = start + timedelta(days=number)
            while rank < len(spans) and (last := spans[rank][1]) and last <= day:
                rank += 1
            inside = rank < len(spans) and spans[rank][0] <= day
            word = spans[rank][2] if inside else ""
            rows.append((geonames, f"{day:%Y%m%d}", word, id_))
    columns = ("geonameid", "date", "status", "settlement")
    return Table(columns, rows, f"Control by day, {content.asked}")
