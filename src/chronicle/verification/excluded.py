"""What a branch does not see of its own past: undated reports, and those dated later.

`published_by` takes away hindsight, and with it every report without a date of
publication: nobody can say that it was there in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chronicle.domain.events import ControlReported
from chronicle.domain.timeline import (
    RecordedEvent,
    as_known,
    effective_claims,
    published_by_then,
)
from chronicle.simulation.scenario import Scenario
from chronicle.verification.observed import states_by_day

__all__ = ["LeftOut", "Unseen", "left_out_of", "unseen_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Control reports of days up to the branch that `published_by` leaves out.

    *undated* have no date of publication, *later* were published after it.
    """

    undated: int
    later: int

    @property
    def reports(self) -> int:
        """All of them."""
        return self.undated + self.later

    def describe(self) -> str:
        """A sentence without its full stop."""
        if not self.reports:
            return "no control report of a day up to the branch"
        reports = "report" if self.reports == 1 else "reports"
        return (
            f"{self.reports:,} control {reports} of days up to the branch, which its "
            f"picture lacks: {self.undated:,} without a date of publication, "
            f"{self.later:,} published later"
        )


def left_out_of(
    events: Iterable[RecordedEvent], scenario: Scenario, position: int
) -> LeftOut | None:
    """What `published_by` leaves out of the log up to *position*; None without it."""
    by = scenario.published_by
    if by is None:
        return None
    claims = [
        one.claim for one in effective_claims(as_known(events, position)).standing
    ]
    unseen = [
        claim
        for claim in claims
        if isinstance(claim, ControlReported)
        and claim.since_day <= scenario.branch_at
        and not published_by_then(claim, by)
    ]
    undated = sum(claim.published is None for claim in unseen)
    return LeftOut(undated=undated, later=len(unseen) - undated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Places that had fallen by the branch, as one knows now, and why it had not seen.

    *undated*: no report that says so has a date of publication; *later*: none was
    published in time; *other*: one was, and was recorded or corrected since.
    """

    undated: int
    later: int
    other: int

    @property
    def places(self) -> int:
        """All of them."""
        return self.undated + self.later + self.other

    def describe(self) -> str:
        """A sentence without its full stop."""
        reasons = (
            (self.undated, "by reports without a date of publication"),
            (self.later, "by reports that were published later"),
            (self.other, "by reports that were recorded or corrected since"),
        )
        parts = ", ".join(f"{count} {why}" for count, why in reasons if count)
        places = "place" if self.places == 1 else "places"
        return (
            f"{self.places} {places} had fallen by the branch, as one knows now: "
            f"{parts}; they count as day 0"
        )


def unseen_of(
    already: Sequence[str], events: Sequence[RecordedEvent], scenario: Scenario
) -> Unseen:
    """Why the branch had not seen that the places of *already* had fallen by then."""
    if not already:
        return Unseen(undated=0, later=0, other=0)
    branch = scenario.branch_at
    by = scenario.published_by or branch
    (now,) = states_by_day(events, branch, branch, lens=scenario.lens)
    undated = later = 0
    for id_ in already:
        deciding = [one.claim for one in now.places[id_].verdict.deciding]
        if not deciding or any(published_by_then(claim, by) for claim in deciding):
            continue
        if all(claim.published is None for claim in deciding):
            undated += 1
        else:
            later += 1
    return Unseen(undated=undated, later=later, other=len(already) - undated - later)
