"""What a reader could not take as it stood: where, what, and the rule it breaks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem"]

SHOWN = 80  # characters of a value that a message quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of one file; the reader went on without what it could not use.

    `file` is relative to what was read. `line` counts from 1, with 0 for the file as a
    whole; `column` is the column's name, or None where the fault is the row's. *lost*:
    a report may be missing for it; not so where only a part of one was left out.
    """

    file: str
    line: int
    column: str | None
    value: str
    rule: str
    lost: bool = True

    def __str__(self) -> str:
        """`control.csv:17: valid_from: '31/02/22': is no day of the calendar`."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        parts = [where] if self.column is None else [where, self.column]
        if self.column is not None or self.value:
            long = len(self.value) > SHOWN
            parts.append(repr(self.value[:SHOWN] + "…" if long else self.value))
        return ": ".join([*parts, self.rule])
