"""What each table of the archive holds: names, types, and what a column means.

`SCHEMA` is the number of this shape. It goes up with every change that a reader could
notice, and `tests/golden_archive` keeps the manifest of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["FOREVER_DAY", "SCHEMA", "STILL", "TABLES", "TableShape"]

SCHEMA = 1
STILL = (1 << 63) - 1  # `known_to` of what the last position still says
FOREVER_DAY = date.max  # `valid_to` and `published_to` of what has no end

Column = tuple[str, str, str]

_KNOWN: tuple[Column, ...] = (
    ("known_from", "int64", "first position at which the row is so"),
    (
        "known_to",
        "int64",
        f"first position at which it no longer is; {STILL}: still so",
    ),
)
_HEARD: tuple[Column, ...] = (
    ("published_from", "date", "first day of the sources' clock on which it is so; "
     "0001-01-01: of a baseline; 9999-12-31: never, it has no day of publication"),
    ("published_to", "date", "first day on which it is not, because a remark on it "
     "was published; 9999-12-31: with all remarks, as without the sources' clock"),
)  # fmt: skip
_TOLD: tuple[Column, ...] = (
    ("report", "text", "id of the report"),
    ("source", "text", "id of who says so"),
    ("published", "date", "when the source said so; null: it does not say"),
    ("grade", "text", "reliability A-F and credibility 1-6 as given; null: neither"),
)
_SIDE: tuple[Column, ...] = (
    ("settlement", "text", "id of the place"),
    ("actor", "text", "id of the holder; null where the status names nobody"),
    ("status", "text", "held, contested, shared, besieged, presence, vacated, unknown"),
)
_PLACE_IN_LOG: Column = ("position", "int64", "where the report was first told")
_TIME: tuple[Column, ...] = (
    ("time_of_day", "text", "morning, evening, night, or empty: unstated"),
    ("time_order", "int8", "0 morning, 1 unstated, 2 evening, 3 night: ties of a day"),
)
_VALID: Column = ("valid_from", "date", "the day from which it is so, says the source")
_SPAN: tuple[Column, ...] = (
    ("since", "date", "first day of the span, where one is told"),
    ("until", "date", "first day after it"),
)


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table: what it is, its columns, by what its rows are sorted.

    One that is *by_year* is partitioned by group and by the year of `valid_from`.
    """

    says: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    by_year: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _, _ in self.columns)


def _whole(text: str) -> tuple[Column, ...]:
    return tuple((name, "int64", "") for name in text.split())


def _texts(text: str) -> tuple[Column, ...]:
    return tuple((name, "text", "") for name in text.split())


TABLES: dict[str, TableShape] = {
    "latest": TableShape(
        "what the lens `latest` sees: the one report that decides inside a rectangle "
        "of days and positions",
        (
            *_SIDE,
            _VALID,
            ("valid_to", "date", "first day of the next report; 9999-12-31: none"),
            *_KNOWN,
            _PLACE_IN_LOG,
            *_TOLD,
        ),
        ("settlement", "valid_from", "position", "known_from"),
    ),
    "control": TableShape(
        "every version of every report of control, whether it decides or not",
        (*_SIDE, _VALID, *_TIME, _PLACE_IN_LOG, *_KNOWN, *_HEARD, *_TOLD,
         ("baseline", "bool", "assumed at the start: nobody reported it")),
        ("settlement", "valid_from", "time_order", "position", "known_from"),
    ),
    "displacement": TableShape(
        "figures of displaced people, as they stood",
        (
            *_texts("measure category area settlement origin destination counter"),
            *_whole("persons low high"),
            ("qualifier", "text", ""),
            ("valid_on", "date", "day of a stock, or as of which a flow was counted"),
            *_SPAN,
            ("includes", "text", "ids of reports whose people are counted here too, "
             "blanks between"),
            ("valid_from", "date", "the day from which the figure holds"),
            _PLACE_IN_LOG, *_KNOWN, *_HEARD, *_TOLD,
        ),
        ("area", "settlement", "valid_from", "position"),
    ),
    "incidents": TableShape(
        "what happened, as it stood; who did it is alleged",
        (
            *_texts("settlement kind area"), _VALID, *_TIME, *_texts("precision"),
            *_SPAN, *_texts("alleged_actor claimed_by"),
            *_whole("killed killed_low killed_high injured injured_low injured_high"),
            ("civilians", "text", ""), ("disputed", "bool", ""),
            ("aggregate", "bool", "counts several incidents: not to be added to them"),
            _PLACE_IN_LOG, *_KNOWN, *_HEARD, *_TOLD,
        ),
        ("settlement", "valid_from", "time_order", "position"),
    ),
    "settlements": TableShape(
        "places as registered; coordinates as coarse as their sensitivity asks",
        (
            ("settlement", "text", "id of the place"),
            *_texts("name kind admin1 admin1_pcode pcode geonames_id sensitivity"),
            ("lat", "float64", "degrees, WGS 84; null: severe, or nobody said"),
            ("lon", "float64", ""), ("population", "int64", ""), *_KNOWN,
        ),
        ("settlement", "known_from"), by_year=False,
    ),
    "routes": TableShape(
        "roads between two places, as registered",
        (*_texts("settlement_a settlement_b road_class road"),
         ("distance_km", "float64", ""), *_KNOWN),
        ("settlement_a", "settlement_b", "known_from"), by_year=False,
    ),
    "actors": TableShape(
        "parties as registered",
        (*_texts("actor name short side kind colour"), *_SPAN, *_KNOWN),
        ("actor", "known_from"), by_year=False,
    ),
    "sources": TableShape(
        "who says things, as registered",
        (*_texts("source name kind affiliation reliability"),
         ("since", "date", "the first day on which it published"), *_KNOWN),
        ("source", "known_from"), by_year=False,
    ),
    "moments": TableShape(
        "the record's clock: the last position recorded at each moment",
        (("position", "int64", ""), ("recorded_at", "timestamp", "UTC")),
        ("position",), by_year=False,
    ),
    "codes": TableShape(
        "ids in the order in which the log first mentions them",
        (("kind", "text", "settlement, actor, source, counter, area"),
         ("code", "int64", "rank of the first mention"), ("id", "text", "")),
        ("kind", "code"), by_year=False,
    ),
}  # fmt: skip


def described() -> dict[str, object]:
    """The shape of every table, as the manifest and the golden file have it."""
    return {
        name: {
            "says": shape.says,
            "sorted_by": list(shape.order),
            "columns": [
                {"name": column, "type": type_, "says": says}
                for column, type_, says in shape.columns
            ],
        }
        for name, shape in TABLES.items()
    }
