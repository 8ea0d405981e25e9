"""What was so without the reasons: a state as far as its table tells it.

Of a long record the reasons are many reports, which must be decoded; an outline is read
from columns alone. `outline_of` says what it is of a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from chronicle.domain.lenses import control_of
from chronicle.domain.state import ControlChange, References, State, grade_of

if TYPE_CHECKING:
    from chronicle.domain.table import Table

__all__ = ["Line", "Outline", "changed_lines", "outline_of"]


class Line(NamedTuple):
    """One settlement: the columns of `chronicle state` that hang on reports."""

    control: str | None
    status: str
    since: date | None = None
    reports: tuple[str, ...] = ()
    grade: str = ""
    sources: tuple[str, ...] = ()
    disputed: bool = False
    last_heard: date | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """What was so at the end of *on*, as known at *position*, seen by *lens*.

    `places` has a line for each registered settlement; the other fields are those of
    `State`.
    """

    on: date
    position: int
    published_by: date | None
    lens: str
    places: Mapping[str, Line]
    references: References
    what_if: str = ""
    cautions: tuple[str, ...] = ()
    digest: str = ""

    def table(self) -> Table:
        """One row a settlement, by settlement id: the columns of `chronicle state`."""
        from chronicle.domain.views import marked, state_table

        return marked(state_table(self), self.what_if)


def outline_of(state: State) -> Outline:
    """The outline of a state."""
    defaults = state.references.reliabilities()
    lines = {}
    for id_, place in state.places.items():
        verdict = place.verdict
        claims = [control_of(one) for one in verdict.deciding]
        lines[id_] = Line(
            verdict.control,
            verdict.status,
            verdict.since,
            tuple(claim.report_id for claim in claims),
            grade_of(verdict.deciding, defaults),
            tuple(dict.fromkeys(claim.source for claim in claims)),
            place.disputed,
            place.last_heard,
        )
    return Outline(
        state.on,
        state.position,
        state.published_by,
        state.lens,
        lines,
        state.references,
        state.what_if,
        state.cautions,
        state.digest,
    )


UNKNOWN = Line(None, "unknown")


def changed_lines(before: Outline, after: Outline) -> list[ControlChange]:
    """`diff` of the states: where they differ in control or status, by settlement."""
    changes = []
    for id_ in sorted(before.places.keys() | after.places.keys()):
        old, new = (one.places.get(id_, UNKNOWN) for one in (before, after))
        if old[:2] != new[:2]:
            change = ControlChange(id_, old[:2], new[:2], new.since, new.reports)
            changes.append(change)
    return changes
