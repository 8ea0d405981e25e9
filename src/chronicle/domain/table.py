"""An answer as a table: named columns, rows of plain values, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """Rows under columns; *header* says which question they answer, on which clocks.

    Values are text, numbers, `date`, aware `datetime`, bool, None (unknown) or a tuple
    of texts.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
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

    def frame(self) -> pd.DataFrame:
        """A pandas frame; days become `datetime64`, tuples text joined by blanks."""
        import pandas as pd

        rows = [[_flat(value) for value in row] for row in self.rows]
        frame = pd.DataFrame(rows, columns=list(self.columns))
        for name in self.columns:
            if name in DAYS:
                frame[name] = pd.to_datetime(frame[name])
        frame.attrs["header"] = self.header
        return frame


DAYS = frozenset(
    {"valid_from", "published", "since", "last_heard", "valid_on", "until", "as_of"}
)


def _flat(value: Any) -> Any:
    return " ".join(value) if isinstance(value, tuple) else value
