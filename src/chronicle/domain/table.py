"""An answer as a table: named columns, rows of plain values, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from chronicle.domain.vocabulary import STATUSES, TIMES_OF_DAY

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table"]

SHOWN = 50  # rows in a notebook


@dataclass(frozen=True)
class Table:
    """Rows under columns; *header* says which question they answer, on which clocks.

    Values are text, numbers, `date`, aware `datetime`, bool, None (unknown) or a tuple
    of texts.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    header: str = ""
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows as dictionaries."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def _repr_html_(self) -> str:
        """The table as a notebook shows it: what it answers, its first rows, notes."""
        from html import escape

        def row(cells: Iterable[Any], tag: str) -> str:
            told = ("" if one is None else str(_flat(one)) for one in cells)
            return "".join(f"<{tag}>{escape(one)}</{tag}>" for one in told)

        head = [f"<p><b>{escape(line)}</b></p>" for line in self.header.splitlines()]
        body = (f"<tr>{row(cells, 'td')}</tr>" for cells in self.rows[:SHOWN])
        left = len(self.rows) - SHOWN
        notes = [f"… and {left:,} rows more"] if left > 0 else []
        foot = (f"<p>{escape(note)}</p>" for note in (*notes, *self.notes))
        columns = f"<thead><tr>{row(self.columns, 'th')}</tr></thead>"
        table = f"<table>{columns}<tbody>{''.join(body)}</tbody></table>"
        return "".join((*head, table, *foot))

    def frame(self) -> pd.DataFrame:
        """A pandas frame whose dtypes go by the names of the columns.

        Days become `datetime64[us]`, times `datetime64[us, UTC]`, numbers that may be
        unknown nullable integers, words of a closed list categories; tuples become text
        joined by blanks. So a table has the same types whatever is in it, or nothing.
        """
        import pandas as pd

        series = {
            name: _series([_flat(value) for value in self.column(name)], name)
            for name in self.columns
        }
        frame = pd.DataFrame(series, columns=list(self.columns))
        frame.attrs["header"] = self.header
        return frame


DAYS = frozenset(
    {
        *("valid_from", "published", "since", "last_heard", "valid_on", "until"),
        *("as_of", "on"),
    }
)
TIMES = frozenset({"recorded_at", "known_from", "known_to"})
COUNTS = frozenset(
    {
        *("position", "credibility", "persons", "low", "high", "places", "people"),
        *("killed", "killed_low", "killed_high", "without_population"),
        *("injured", "injured_low", "injured_high"),
    }
)
WORDS = frozenset({"control", "reliability", "grade", "measure", "category"})
CLOSED = {"status": STATUSES, "time_of_day": TIMES_OF_DAY}


def _series(values: list[Any], name: str) -> pd.Series[Any]:
    import pandas as pd

    if name in DAYS and all(v is None or isinstance(v, date) for v in values):
        return pd.Series(pd.to_datetime(values)).astype("datetime64[us]")
    if name in TIMES:
        return pd.Series(pd.to_datetime(values, utc=True)).astype("datetime64[us, UTC]")
    if name in COUNTS and all(v is None or type(v) is int for v in values):
        return pd.Series(values, dtype="Int64")
    if name in CLOSED and not set(values) - {None, *CLOSED[name]}:
        dtype = pd.CategoricalDtype(pd.Index(CLOSED[name], dtype="str"))
        return pd.Series(values, dtype=dtype)
    if name in WORDS:
        found = sorted({value for value in values if value is not None})
        dtype = pd.CategoricalDtype(pd.Index(found, dtype="str"))
        return pd.Series(values, dtype=dtype)
    if name in ("lat", "lon"):
        return pd.Series(values, dtype="float64")
    if all(value is None or isinstance(value, str) for value in values):
        return pd.Series(values, dtype="bool" if name in FLAGS else "str")
    return pd.Series(values)


FLAGS = frozenset({"disputed", "aggregate", "baseline"})


def _flat(value: Any) -> Any:
    return " ".join(value) if isinstance(value, tuple) else value
